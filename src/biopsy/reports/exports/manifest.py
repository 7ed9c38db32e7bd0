"""What a release holds: each file with its size and hash, and the state of the database it was made of."""

import hashlib
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

import msgspec
import zstandard

from biopsy import __version__


@dataclass(frozen=True, slots=True)
class Held:
    """One file."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The list of a folder's files, by path with `/`; `manifest.json` itself is not in it."""

    NAME: ClassVar[str] = "manifest.json"

    form: int
    lineage: str
    sequence: int
    modified: str
    libraries: dict[str, str]
    files: dict[str, Held]

    @classmethod
    def of(cls, directory: Path) -> Self | None:
        """Read that of a folder; None where there is none that can be read."""
        try:
            return msgspec.json.decode((directory / cls.NAME).read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError):
            return None

    def data(self) -> bytes:
        """As a file: names sorted, so that the same files give the same bytes."""
        made = {**asdict(self), "files": {path: asdict(self.files[path]) for path in sorted(self.files)}}
        return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"

    def stands(self, wanted: "Manifest", directory: Path, *, read: bool = False) -> bool:
        """Whether a folder that this is of is what `wanted` would be, and has all its files still.

        Files are known by their sizes; with `read` by their hashes.
        """
        if (self.form, self.lineage, self.sequence, self.modified, self.libraries) != (
            wanted.form, wanted.lineage, wanted.sequence, wanted.modified, wanted.libraries,
        ):  # fmt: skip
            return False
        if not all(_size(directory / path) == held.size for path, held in self.files.items()):
            return False
        return not read or all(_hash(directory / path) == held.sha256 for path, held in self.files.items())


def libraries() -> dict[str, str]:
    """What decides on the bytes beside the state: another version may write, or pack, otherwise."""
    return {
        "biopsy": __version__,
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "zstd": ".".join(map(str, zstandard.ZSTD_VERSION)),
    }


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
