"""Keep the exact bytes that were analysed, by their sha256, on a disk or in a bucket (an extra: warehouse).

    ROOT/artifacts/<sha256[:2]>/<sha256>.wrapped        (see `wrapped`: nothing that can be installed)
    ROOT/holds/<sha256>/<name>.json                     (see `keeping`: what may not be removed)

The root is a folder or a URL: `file://`, `s3://`, `gs://`, `az://`. Credentials are those that the clouds'
own tools read from the environment (AWS_…, GOOGLE_…, AZURE_…). An object is there whole or not at all;
several machines may put the same artifact at once. It is checked when it is put and whenever it is read.
"""

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from biopsy.errors import UsageError
from biopsy.model.regex import regex
from biopsy.warehouse.artifacts.wrapped import MAX_ARTIFACT, Damaged, Header, StoreError, unwrap, wrap
from biopsy.warehouse.ledger import settle
from biopsy.warehouse.opening import object_store

__all__ = ["Artifacts", "Checked", "Damaged", "Entry", "Put", "StoreError"]

SPOOL = 16 * 1024**2
"""Bytes of a wrapped artifact that are held in memory on its way to the store; more goes through a file."""

RENEWED = timedelta(days=1)
"""What is put again after so long is written again: an artifact's age counts from when it was last put."""

SHA256 = regex(r"[0-9a-f]{64}")
_SUFFIX = ".wrapped"


class Put(Struct, frozen=True):
    """What became of an artifact that was put; `new` is False where it was there already."""

    sha256: str
    size: int  # bytes of the artifact
    new: bool


class Entry(Struct, frozen=True):
    """An artifact that is stored; `stored` is bytes as they lie there, `at` when it was last put."""

    sha256: str
    stored: int
    at: datetime


class Checked(Struct, frozen=True):
    """Whether an artifact that is stored is still what it was; `trouble` is empty where it is."""

    sha256: str
    size: int = 0
    trouble: str = ""


class Artifacts:
    """The artifact store at a root; UsageError where that is none, StoreError where it does not answer."""

    def __init__(self, root: str | Path, **options: Any) -> None:
        """Use a folder or a URL; `options` are obstore's, for an endpoint of one's own."""
        self.root = str(root)
        with troubled(self.root):
            self.store = object_store(self.root, **options)

    def put(self, path: Path, sha256: str, filename: str = "") -> Put:
        """Store the file at `path`, which must have that hash (else Damaged); harmless when done twice."""
        name = key(sha256)
        try:
            size = path.stat().st_size
            if size > MAX_ARTIFACT:
                raise UsageError(f"{path} is larger than an artifact may be ({MAX_ARTIFACT >> 20} MiB)")
            with path.open("rb") as source, tempfile.SpooledTemporaryFile(SPOOL) as spool:
                there = self._age(name)
                wrap(source, Header(sha256, size, filename or path.name), spool)
                if there is None or there > RENEWED:
                    self._write(name, spool)
        except OSError as err:
            raise UsageError(f"cannot store {path}: {err.strerror or err}") from err
        return Put(sha256, size, new=there is None)

    def has(self, sha256: str) -> bool:
        """Whether it is stored."""
        return self._age(key(sha256)) is not None

    def get(self, sha256: str, to: Path) -> Header:
        """Write an artifact to the file `to`, whole and checked, or not at all; never executable.

        UsageError where it is not stored, Damaged where what is stored is not it.
        """
        part: Path | None = None
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(prefix=".part-", dir=to.parent, delete=False) as file:
                part = Path(file.name)
                header = unwrap(self._read(sha256), sha256, file)
            part.chmod(0o644)
            part.replace(to)
        except OSError as err:
            raise UsageError(f"cannot write {to}: {err.strerror or err}") from err
        finally:
            if part is not None:
                part.unlink(missing_ok=True)
        return header

    def verify(self, hashes: Iterable[str] | None = None) -> Iterator[Checked]:
        """Read artifacts to their end, all or those named, and say of each whether it is what it was."""
        for sha256 in hashes if hashes is not None else (entry.sha256 for entry in self.entries()):
            try:
                yield Checked(sha256, unwrap(self._read(sha256), sha256).size)
            except (Damaged, UsageError) as err:
                yield Checked(sha256, trouble=str(err))

    def entries(self) -> Iterator[Entry]:
        """Everything that is stored; what has no name of ours is passed over."""
        for meta in self.listed("artifacts/"):
            sha256 = meta["path"].rpartition("/")[2].removesuffix(_SUFFIX)
            if SHA256.fullmatch(sha256) and meta["path"].endswith(key(sha256)):
                yield Entry(sha256, meta["size"], meta["last_modified"])

    def listed(self, prefix: str) -> Iterator[Any]:
        """What the store says of the objects below a prefix, page by page."""
        import obstore  # noqa: PLC0415 - an extra

        with troubled(self.root):
            for page in obstore.list(self.store, prefix=prefix):
                yield from page

    def _age(self, name: str) -> timedelta | None:
        import obstore  # noqa: PLC0415

        with troubled(self.root):
            try:
                there = obstore.head(self.store, name)["last_modified"]
            except (obstore.exceptions.NotFoundError, FileNotFoundError):
                return None
        return max(datetime.now(UTC) - there, timedelta(0))

    def _read(self, sha256: str) -> Iterator[bytes]:
        import obstore  # noqa: PLC0415

        with troubled(self.root):
            try:
                yield from map(bytes, obstore.get(self.store, key(sha256)).stream(1024**2))
            except (obstore.exceptions.NotFoundError, FileNotFoundError) as err:
                raise UsageError(f"no artifact {sha256} is stored in {self.root}") from err

    def _write(self, name: str, spool: Any) -> None:
        import obstore  # noqa: PLC0415

        spool.seek(0)
        with troubled(self.root):
            obstore.put(self.store, name, spool)
        if isinstance(self.store, obstore.store.LocalStore) and (folder := self.store.prefix):
            file = Path(folder, name)
            settle(file)  # or a power cut may empty it
            settle(file.parent)


def key(sha256: str) -> str:
    """Where below the root an artifact lies; UsageError where that is no hash."""
    if not SHA256.fullmatch(sha256):
        raise UsageError(f"not the sha256 of an artifact (64 digits, 0-9 and a-f): {sha256[:80]!r}")
    return f"artifacts/{sha256[:2]}/{sha256}{_SUFFIX}"


@contextlib.contextmanager
def troubled(root: str) -> Iterator[None]:
    """Turn what obstore raises into a StoreError that names the root."""
    try:
        import obstore  # noqa: PLC0415 - an extra
    except ImportError as err:
        raise UsageError("the artifact store needs obstore: install biopsy[warehouse]") from err
    try:
        yield
    except (obstore.exceptions.BaseError, FileNotFoundError, PermissionError) as err:
        said = str(err).split("\n", 1)[0]
        raise StoreError(f"the artifact store {root}: {type(err).__name__}: {said[:300]}") from err
