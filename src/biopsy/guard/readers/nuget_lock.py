"""`packages.lock.json` of NuGet: each framework with its packages."""

from collections.abc import Iterator

import msgspec

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.lines import Lines
from biopsy.model.check import Entry

FORM = "packages.lock.json"
NAMES = ("packages.lock.json", "*.packages.lock.json")


class Package(msgspec.Struct):
    """A package; a project of the solution has no version."""

    type: str = ""
    resolved: str | None = None
    hash: str | None = msgspec.field(default=None, name="contentHash")


class File(msgspec.Struct):
    """The file."""

    dependencies: dict[str, dict[str, Package]] | None = None


def looks(head: bytes) -> bool:
    """Whether it has hashes as NuGet writes them."""
    return b'"contentHash"' in head and b'"resolved"' in head


def read(given: Given) -> Iterator[Entry]:
    """The packages, each version once, in the order of the file."""
    held = decode.json(given.data, File)
    if held.dependencies is None:
        raise LockError("no dependencies: no lock file of NuGet")
    lines, seen = Lines(given.text), set()
    for packages in held.dependencies.values():
        for name, package in packages.items():
            line = lines.key(name)
            version = word(package.resolved, "version")
            if package.type.lower() == "project" or not version or (name, version) in seen:
                continue
            seen.add((name, version))
            hashes = (f"sha512-{word(package.hash, 'hash')}",) if package.hash else ()
            yield Entry("NuGet", word(name), version, line, hashes)
