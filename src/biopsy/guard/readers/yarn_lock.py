"""`yarn.lock`: the form of Yarn 1 (its own), and of Yarn 2 and later ("berry", YAML).

Of a patched package it is the package itself that is looked up.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.origins import elsewhere, repository, within
from biopsy.guard.readers.npm_lock import fetched
from biopsy.model.check import Entry

FORM = "yarn.lock"
NAMES = ("yarn.lock", "*.yarn.lock")

MAX_LINE = 100_000  # characters of a line; the names of one package may be many
_FIELD = re.compile(r'  (version|resolved|integrity)"? "?([^"]*)"?')
_PATTERN = re.compile(r'"([^"]*)"|([^\s",][^,"]*)')
_LOCATOR = re.compile(r"((?:@[^/@]+/)?[^/@]+)@(.+)", re.DOTALL)


def looks(head: bytes) -> bool:
    """Whether it says that it is one."""
    return b"# yarn lockfile v1" in head or (b"__metadata:" in head and b"yarn" in head)


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file."""
    text = given.text
    if re.search(r"^__metadata:", text, re.MULTILINE):
        yield from _berry(given.data)
    else:
        yield from _classic(text)


def _classic(text: str) -> Iterator[Entry]:
    held: dict[str, str] = {}
    names, began = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > MAX_LINE:
            raise LockError(f"line {number}: {len(line):,} characters; the limit is {MAX_LINE:,}")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            if not line.endswith(":"):
                raise LockError(f"line {number}: neither names nor fields of a package: {line[:60]!r}")
            if names:
                yield from _package(names, held, began)
            names, held, began = line[:-1], {}, number
        elif not names:
            raise LockError(f"line {number}: fields of no package")
        elif field := _FIELD.fullmatch(line.rstrip()):
            held[field[1]] = field[2]
    if names:
        yield from _package(names, held, began)


def _package(names: str, held: dict[str, str], line: int) -> Iterator[Entry]:
    found = _PATTERN.search(names)
    asked = _LOCATOR.fullmatch((found[1] or found[2]).strip()) if found else None
    if asked is None or "version" not in held:
        raise LockError(f"line {line}: no package with a version: {names[:60]!r}")
    name, wanted = word(asked[1]), asked[2]
    version, url = word(held["version"], "version"), word(held.get("resolved"), "URL")
    if wanted.startswith("npm:") and (alias := _LOCATOR.fullmatch(wanted[4:])):
        name = alias[1]
    yield from _entry(name, version, wanted, url, tuple(held.get("integrity", "").split()), line)


def _entry(  # noqa: PLR0917
    name: str, version: str, wanted: str, url: str, hashes: tuple[str, ...], line: int
) -> Iterator[Entry]:
    url = url.partition("#")[0] if "/-/" in url else url
    came = next((u for u in (url, wanted) if repository(u) or within(u)), "")
    if came:
        yield elsewhere(name, version, url or came, line)
        return
    yield Entry("npm", name, version, line, hashes, origin=url)
    if (real := fetched(url)) and real != (name, version):
        yield Entry("npm", *real, line, hashes, origin=url)


def _berry(data: bytes) -> Iterator[Entry]:
    held = decode.yaml(data)
    for names, package in held.items():
        if names == "__metadata":
            continue
        line = held.lines[names]
        if not isinstance(package, decode.Node):
            raise LockError(f"line {line}: a package that is no mapping")
        locator = word(package.get("resolution"), "resolution")
        version = word(package.get("version"), "version")
        if entry := _located(locator, version, line):
            yield entry


def _located(locator: str, version: str, line: int) -> Entry | None:
    found = _LOCATOR.fullmatch(locator)
    if found is None:
        raise LockError(f"line {line}: a resolution that names no package: {locator[:60]!r}")
    name, place = word(found[1]), found[2]
    if place.startswith("virtual:"):
        place = place.partition("#")[2]
    if place.startswith("patch:"):
        return _located(unquote(place[6:].partition("#")[0]), version, line)
    if place.startswith("workspace:"):
        return None
    if place.startswith("npm:"):
        real = _LOCATOR.fullmatch(place[4:])
        return Entry("npm", real[1] if real else name, version, line)
    return elsewhere(name, version, place, line)
