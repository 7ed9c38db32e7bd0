"""`uv.lock`, and the lock files that uv puts beside scripts."""

from collections.abc import Iterator

import msgspec

from biopsy.guard import decode
from biopsy.guard.given import Given, word
from biopsy.guard.lines import numbered
from biopsy.guard.origins import elsewhere
from biopsy.model.check import Entry

FORM = "uv.lock"
NAMES = ("uv.lock", "*.py.lock", "*.uv.lock")


class Source(msgspec.Struct):
    """Where a package comes from: one of these."""

    registry: str = ""
    git: str = ""
    url: str = ""
    path: str = ""
    directory: str = ""
    editable: str = ""
    virtual: str = ""


class Held(msgspec.Struct):
    """A file of a package."""

    hash: str = ""


class Package(msgspec.Struct):
    """A package; a project whose version is worked out has none."""

    name: str
    version: str = ""
    source: Source = msgspec.field(default_factory=Source)
    sdist: Held = msgspec.field(default_factory=Held)
    wheels: list[Held] = []


class File(msgspec.Struct):
    """The file; `distribution` is what `package` was called until 2024."""

    package: list[Package] = []
    distribution: list[Package] = []


def looks(head: bytes) -> bool:
    """Whether it begins as uv writes."""
    return head.startswith(b"version = 1") and (b"requires-python" in head or b"[[package]]" in head)


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file; projects of the workspace are left out."""
    held, text = decode.toml(given.data, File)
    packages = held.package or held.distribution
    for package, line in numbered(text, "package" if held.package else "distribution", packages):
        source = package.source
        if source.editable or source.virtual or source.directory:
            continue
        name, version = word(package.name), word(package.version, "version")
        if source.git:
            yield elsewhere(name, version, f"git+{word(source.git, 'URL')}", line)
        elif source.url or source.path:
            yield elsewhere(name, version, word(source.url or source.path, "URL"), line)
        else:
            hashes = tuple(f.hash for f in (package.sdist, *package.wheels) if f.hash)
            yield Entry("PyPI", name, version, line, hashes, origin=word(source.registry, "URL"))
