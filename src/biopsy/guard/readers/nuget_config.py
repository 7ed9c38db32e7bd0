"""`packages.config`, where older projects of .NET pin their packages."""

from collections.abc import Iterator

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.model.check import Entry

FORM = "packages.config"
NAMES = ("packages.config", "packages.*.config")


def looks(head: bytes) -> bool:
    """Whether it has packages with ids."""
    return b"<packages" in head and b"<package id=" in head


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file."""
    root = decode.xml(given.data)
    if root.name != "packages":
        raise LockError(f"{root.name or 'nothing'} is no list of packages of NuGet")
    for one in root.all("package"):
        if name := word(one.attributes.get("id")):
            yield Entry("NuGet", name, word(one.attributes.get("version"), "version"), one.line)
