"""Unpacking: an artifact's bytes in, a tree on disk out, under limits; what is odd about it are behaviours.

Nothing but regular files and folders is ever created, and nothing outside the folder that was given.
A hostile archive never raises: it is cut short, what could be read stays, and behaviours say why.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from biopsy.model.behaviour import Behaviour, Kind
from biopsy.model.release import Tree
from biopsy.unpack import folder, forms, shape, squeeze, tars, zipform, zips
from biopsy.unpack.limits import Limits
from biopsy.unpack.place import Full, Place

__all__ = ["Limits", "Unpacked", "unpack"]

_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"]\x00\x00", "lzma"),
)
_SUFFIX = {
    ".whl": "zip",
    ".zip": "zip",
    ".egg": "zip",
    ".tgz": "gzip",
    ".gz": "gzip",
    ".bz2": "bzip2",
    ".xz": "xz",
    ".tar": "tar",
}


class Unpacked(Struct, frozen=True):
    """A tree, and everything odd about the archive it came from."""

    tree: Tree
    behaviours: tuple[Behaviour, ...]


def unpack(path: Path, into: Path, kind: str | None = None, limits: Limits | None = None) -> Unpacked:
    """Unpack the artifact (or copy the folder) at `path` into a new folder below `into`.

    `kind` is the ecosystem's word (`tgz` is npm's: the first folder of every name is dropped; `sdist`: a
    single top folder is stripped; `wheel`: none); without it the file's name decides. Raises OSError only
    where our own disk fails.
    """
    into.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="tree-", dir=into))
    place = Place(root, path.name, limits or Limits())
    kind = kind or _kind(path)
    try:
        if path.is_dir():
            folder.read(path, place)
        else:
            _archive(path, kind, place)
    except Full:
        pass
    except squeeze.Damaged as damage:
        place.say(Kind.ARCHIVE_DAMAGED, str(damage))
    return Unpacked(_tree(place, kind), tuple(place.behaviours))


def _kind(path: Path) -> str:
    return "wheel" if path.is_dir() or forms.by_name(path.name) else shape.form(path.name)


def _archive(path: Path, kind: str, place: Place) -> None:
    with path.open("rb") as file:
        if nested := forms.by_name(path.name):
            nested.read(file, place)
            return
        head = file.read(BLOCK)
        file.seek(0)
        found = _sniff(path, head)
        expected = _SUFFIX.get(path.suffix.lower(), found)
        if not found:
            raise squeeze.Damaged("empty file" if not head else "no archive that we know")
        if expected != found:
            place.say(Kind.ARCHIVE_DAMAGED, f"named as {expected}, is {found}")
        if found == "zip":
            zips.read(file, place)
            return
        tars.read(_chunks(file, found, place), place, strip=kind == "tgz")


BLOCK = 512


def _sniff(path: Path, head: bytes) -> str:
    for magic, form in _MAGIC:
        if head.startswith(magic):
            return form
    if head[257:262] == b"ustar":
        return "tar"
    if zipform.is_zip(path):
        return "zip"
    try:
        tars.parse(head)
    except (ValueError, IndexError):
        return ""
    return "tar"


def _chunks(file: BinaryIO, form: str, place: Place) -> Iterator[bytes]:
    def took(size: int) -> None:
        place.packed += size

    packed = squeeze.blocks(file, told=took)
    if form == "tar":
        return packed
    return squeeze.undo(form, packed, lambda what: place.say(Kind.ARCHIVE_HIDDEN, what))


def _tree(place: Place, kind: str) -> Tree:
    return shape.shape(place.root, sorted(place.files.values(), key=lambda f: f.path), kind)
