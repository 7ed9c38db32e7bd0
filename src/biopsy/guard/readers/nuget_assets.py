"""`project.assets.json`, which a restore of NuGet leaves in `obj/`: all packages of a project."""

from collections.abc import Iterator

import msgspec

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.lines import Lines
from biopsy.model.check import Entry

FORM = "project.assets.json"
NAMES = ("project.assets.json", "*.project.assets.json")


class Library(msgspec.Struct):
    """A package, or a project of the solution."""

    type: str = ""
    hash: str | None = msgspec.field(default=None, name="sha512")


class File(msgspec.Struct):
    """The file; `libraries` are called `NAME/VERSION`."""

    libraries: dict[str, Library] | None = None


def looks(head: bytes) -> bool:
    """Whether it begins as a restore writes it."""
    return b'"targets"' in head and (b'"libraries"' in head or b'"net' in head) and b'"version": 3' in head


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file; projects are left out."""
    held = decode.json(given.data, File)
    if held.libraries is None:
        raise LockError("no libraries: nothing that a restore of NuGet left")
    lines = Lines(given.text)
    for whole, library in held.libraries.items():
        name, slash, version = word(whole).partition("/")
        if library.type == "package" and slash:
            hashes = (f"sha512-{word(library.hash, 'hash')}",) if library.hash else ()
            yield Entry("NuGet", name, version, lines.key(whole), hashes)
