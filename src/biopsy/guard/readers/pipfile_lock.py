"""`Pipfile.lock` of Pipenv."""

from collections.abc import Iterator

import msgspec

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.lines import Lines
from biopsy.guard.origins import elsewhere
from biopsy.model.check import Entry

FORM = "Pipfile.lock"
NAMES = ("Pipfile.lock", "*.Pipfile.lock")


class Package(msgspec.Struct):
    """A package, under its name."""

    version: str = ""
    hashes: list[str] = []
    git: str = ""
    ref: str = ""
    file: str = ""
    path: str = ""


def looks(head: bytes) -> bool:
    """Whether it has the hash of a Pipfile."""
    return b'"pipfile-spec"' in head


def read(given: Given) -> Iterator[Entry]:
    """The packages of every category, in the order of the file."""
    held = decode.json(given.data, dict[str, msgspec.Raw])
    if "_meta" not in held:
        raise LockError("no _meta: no lock file of Pipenv")
    lines = Lines(given.text)
    for category, raw in held.items():
        lines.key(category)
        if category == "_meta":
            continue
        for name, package in decode.json(bytes(raw), dict[str, Package]).items():
            yield _entry(word(name), package, lines.key(name))


def _entry(name: str, package: Package, line: int) -> Entry:
    version = word(package.version, "version")
    if package.git:
        return elsewhere(name, version, f"git+{word(package.git, 'URL')}#{package.ref}", line)
    if package.file or package.path:
        return elsewhere(name, version, word(package.file or package.path, "URL"), line)
    pinned = version.removeprefix("===").removeprefix("==")
    hashes = tuple(package.hashes)
    if pinned != version:
        return Entry("PyPI", name, pinned, line, hashes)
    return Entry("PyPI", name, "", line, hashes, wanted=version)
