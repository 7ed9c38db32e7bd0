"""Pages of analyses kept on disk, for all processes and past a restart: they take longest to write.

A dossier never changes, so that its page holds until the rules do, or the program, or what the index tells
of the package beside it. All of that is in the name of the file; what is asked for no more is removed.
"""

import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from biopsy import __version__

MAX_BYTES = (
    512 * 1024**2
)  # of all files together, about: each process looks after so much that it wrote itself
MAX_PAGE = 16 * 1024**2  # of one page, unpacked
SHARE = 16  # after which part of the limit it is looked whether there is too much
LEVEL = 1
_PARTS = ("web/site", "formats", "detect", "model")


class Shelf:
    """Files below one folder, which need not exist; where it cannot be written nothing is kept."""

    def __init__(self, root: Path, limit: int = MAX_BYTES) -> None:
        """Keep below `root` so many bytes, about."""
        self._root, self._limit = root, limit
        self._new = limit  # of what is left from last time nothing is known: it is looked at first

    def get(self, name: str) -> bytes | None:
        """The page of a name, which `named` made."""
        path = self._path(name)
        try:
            packed = path.read_bytes()
            os.utime(path)  # what was asked for last goes last
        except OSError:
            return None
        reader = zlib.decompressobj()
        try:
            page = reader.decompress(packed, MAX_PAGE)
        except zlib.error:
            return None
        return page if reader.eof else None

    def keep(self, name: str, page: bytes) -> None:
        """Keep a page, whole or not at all."""
        if len(page) > MAX_PAGE:
            return
        path = self._path(name)
        partial = path.with_name(f"{path.name}.{os.urandom(4).hex()}.partial")
        packed = zlib.compress(page, LEVEL)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial.write_bytes(packed)
            partial.replace(path)
        except OSError:
            with suppress(OSError):
                partial.unlink()
            return
        self._new += len(packed)
        if self._new > self._limit // SHARE:
            self._new = 0
            self._clear()

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / f"{name[2:]}.z"

    def _clear(self) -> None:
        """Remove what was not asked for longest, until there is room for what comes before the next look."""
        found = sorted(self._files())
        size = sum(one[1] for one in found)
        for _, bytes_, path in found:
            if size <= self._limit - self._limit // SHARE:
                return
            Path(path).unlink(missing_ok=True)
            size -= bytes_

    def _files(self) -> Iterator[tuple[float, int, str]]:
        for folder in self._root.glob("??"):
            with os.scandir(folder) as entries:
                for entry in entries:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # another process removed it
                        continue
                    yield status.st_mtime, status.st_size, entry.path


def named(*parts: object) -> str:
    """The name of a page that depends on these: text, numbers, Structs, and on the program as it is."""
    return hashlib.sha256(msgspec.json.encode((program(), *parts))).hexdigest()


@cache
def program() -> str:
    """A digest of all that writes pages: other code, other templates, other style, other pages."""
    whole = hashlib.sha256(__version__.encode())
    for part in _PARTS:
        for path, data in _read(files("biopsy").joinpath(part)):
            whole.update(f"{path} {len(data)}\n".encode() + data)
    return whole.hexdigest()


def _read(folder: Traversable) -> Iterator[tuple[str, bytes]]:
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir() and one.name != "__pycache__":
            yield from _read(one)
        elif one.name.endswith((".py", ".j2", ".css", ".js", ".yml")):
            yield one.name, one.read_bytes()
