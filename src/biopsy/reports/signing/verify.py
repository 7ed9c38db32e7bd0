"""Whether a release directory is what its keys signed, newest and whole: python-tuf's own client looks.

No network is asked: the directory is read where it is. What was seen is remembered, so that an older release,
put in the place of a newer one, is refused.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.ngclient import FetcherInterface, Updater

from biopsy.reports.signing import UntrustedError
from biopsy.reports.signing.repository import FOLDER, MAX_TARGETS

MAX_ROOT = 512_000  # bytes of a root
BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Seen:
    """What was verified: the version of the release, when it ends, the files that are as they were signed.

    `unsigned` are files of the directory that nobody vouches for.
    """

    version: int
    files: int
    unsigned: tuple[str, ...]


def verify(tree: Path, root: bytes, state: Path) -> Seen:
    """Verify a directory against a root that is trusted; `state` remembers what was seen.

    Raises UntrustedError for what is changed, missing, expired, older than before, or signed by others.
    """
    state.mkdir(parents=True, exist_ok=True)
    base = (tree.absolute() / FOLDER / "metadata").as_uri()
    try:
        updater = Updater(str(state), base, fetcher=Directory(), bootstrap=root)
        updater.refresh()
        held: Metadata[Targets] = Metadata.from_file(str(state / "targets.json"))
        signed = held.signed
        for path, info in signed.targets.items():
            _look(tree / path, info)
    except (RepositoryError, DownloadError, OSError, ValueError) as error:
        raise UntrustedError(f"{tree}: {type(error).__name__}: {error}") from error
    named = set(signed.targets)
    unsigned = tuple(path for path in _files(tree) if path not in named)
    return Seen(signed.version, len(named), unsigned)


def _look(path: Path, info: TargetFile) -> None:
    with path.open("rb") as file:
        info.verify_length_and_hashes(file)


def _files(tree: Path) -> Iterator[str]:
    count = 0
    for folder, names, held in os.walk(tree):
        here = Path(folder)
        names[:] = sorted(n for n in names if here / n != tree / FOLDER)
        for name in sorted(held):
            count += 1
            if count > MAX_TARGETS:
                raise UntrustedError(f"{tree}: more than {MAX_TARGETS:,} files")
            yield (here / name).relative_to(tree).as_posix()


class Directory(FetcherInterface):
    """Gives python-tuf's client files of this machine for `file:` URLs."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(unquote(urlsplit(url).path))
        if not path.is_file():
            raise DownloadHTTPError(f"{path} is not there", 404)
        with path.open("rb") as file:
            while part := file.read(BUFFER):
                yield part


__all__ = ["Directory", "Seen", "verify"]
