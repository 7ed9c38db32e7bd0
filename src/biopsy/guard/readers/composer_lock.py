"""`composer.lock` of Composer."""

from collections.abc import Iterable, Iterator

import msgspec

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.lines import Lines
from biopsy.model.check import Entry

FORM = "composer.lock"
NAMES = ("composer.lock", "*.composer.lock")


class Dist(msgspec.Struct):
    """The archive of a package."""

    type: str | None = None
    url: str | None = None
    shasum: str | None = None


class Package(msgspec.Struct):
    """A package."""

    name: str
    version: str
    dist: Dist | None = None


class File(msgspec.Struct):
    """The file."""

    packages: list[Package] | None = None
    dev: list[Package] | None = msgspec.field(default=None, name="packages-dev")


def looks(head: bytes) -> bool:
    """Whether it has the hash of a composer.json."""
    return b'"content-hash"' in head and b'"_readme"' in head


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file; those of folders are entries that cannot be looked up."""
    held = decode.json(given.data, File)
    if held.packages is None and held.dev is None:
        raise LockError("no packages: no lock file of Composer")
    yield from entries(given, (*(held.packages or ()), *(held.dev or ())))


def entries(given: Given, packages: Iterable[Package]) -> Iterator[Entry]:
    """The packages, each with its line."""
    lines = Lines(given.text)
    for package in packages:
        dist = package.dist or Dist()
        name, version, line = word(package.name), word(package.version, "version"), lines.value(package.name)
        url = word(dist.url, "URL")
        if dist.type == "path":
            yield Entry("", name, version, line, origin=url or ".")
            continue
        hashes = (f"sha1:{dist.shasum}",) if dist.shasum else ()
        yield Entry("Packagist", name, version, line, hashes, origin=url)
