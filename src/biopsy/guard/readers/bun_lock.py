"""`bun.lock` of bun 1.2 and later: JSON in which a comma may stand last.

Source: bun's documentation of its lock file. `bun.lockb`, the binary form before it, is not read.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.lines import Lines
from biopsy.guard.origins import elsewhere
from biopsy.guard.readers.npm_lock import fetched
from biopsy.model.check import Entry

FORM = "bun.lock"
NAMES = ("bun.lock", "*.bun.lock")

MAX_PARTS = 10  # of one package: what it is, where from, what it needs, its hash

_LOOKS = re.compile(
    rb'"lockfileVersion"\s*:\s*\d+\s*,\s*(?:"configVersion"\s*:\s*\d+\s*,\s*)?"workspaces"\s*:\s*\{'
)
_COMMA = re.compile(r'("(?:[^"\\]|\\.)*(?:"|\\?\Z))|,(?=\s*[}\]])', re.DOTALL)
_LOCATOR = re.compile(r"((?:@[^/@]+/)?[^/@]+)@(.+)", re.DOTALL)
_VERSION = re.compile(r"v?\d[0-9A-Za-z.+-]*")
_OWN = ("workspace:", "root:")


class File(msgspec.Struct):
    """The file: by where a package lies, a list that begins with what it is."""

    lockfile_version: int = msgspec.field(name="lockfileVersion")
    packages: dict[str, list[Any]] = {}


def looks(head: bytes) -> bool:
    """Whether it begins as bun writes it."""
    return _LOOKS.search(head) is not None


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file."""
    text = given.text
    held = decode.json(_COMMA.sub(lambda found: found[1] or "", text).encode(), File)
    lines = Lines(text)
    for place, parts in held.packages.items():
        locator = word(parts[0] if parts else None, "package")
        line = lines.value(locator)
        found = _LOCATOR.fullmatch(locator)
        if found is None or len(parts) > MAX_PARTS:
            raise LockError(f"{place[:80]!r} names no package: {locator[:60]!r}")
        if not found[2].startswith(_OWN):
            yield from _entries(found[1], found[2], parts, line)


def _entries(name: str, version: str, parts: list[Any], line: int) -> Iterator[Entry]:
    if _VERSION.fullmatch(version) is None:
        yield elsewhere(name, "", word(version, "URL"), line)
        return
    url = word(parts[1], "URL") if len(parts) > 1 and isinstance(parts[1], str) else ""
    hashes = tuple(word(parts[-1], "hash").split()) if isinstance(parts[-1], str) and len(parts) > 2 else ()
    yield Entry("npm", name, version, line, hashes, origin=url)
    if (real := fetched(url)) and real != (name, version):
        yield Entry("npm", *real, line, hashes, origin=url)
