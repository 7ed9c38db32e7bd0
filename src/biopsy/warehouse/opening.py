"""Opening an object store: a folder of this machine, or a bucket."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from biopsy.errors import UsageError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("file", "s3", "gs", "az")


def object_store(root: str, **options: Any) -> "ObjectStore":
    """Open a folder, which is made where there is none, or a URL; `options` are obstore's.

    Raises UsageError where that is none of both, or obstore is not installed. Nobody is asked: a bucket that
    is not there shows at the first question.
    """
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra
        from obstore.store import LocalStore, from_url  # noqa: PLC0415
    except ImportError as err:
        raise UsageError(
            "this needs obstore, which is not installed: pip install 'biopsy[warehouse]'"
        ) from err
    scheme = urlsplit(root).scheme if "://" in root else ""
    try:
        if not scheme or scheme == "file":
            folder = Path(urlsplit(root).path if scheme else root).expanduser().absolute()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return LocalStore(folder, mkdir=True)
        if scheme in SCHEMES:
            return from_url(root, **options)
    except OSError as err:
        raise UsageError(f"cannot keep anything in {folder}: {err.strerror or err}") from err
    except (BaseError, ValueError) as err:
        raise UsageError(f"no object store: {root} ({err})") from err
    raise UsageError(f"no object store: {root} (a folder, or one of {', '.join(SCHEMES)}://)")
