"""`requirements.txt`, as pip reads it: versions, hashes, and what it includes.

Source: pip's documentation, "Requirements File Format"; one itself is read by `packaging` (PEP 508).
Includes are followed through `given.beside`, which decides how far; one that is not followed is an entry
that says so. What is not pinned has no version, and its constraint instead.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from biopsy.guard.given import Given, LockError, text, word
from biopsy.guard.origins import elsewhere
from biopsy.model.check import Entry

if TYPE_CHECKING:
    from packaging.requirements import Requirement

FORM = "requirements.txt"
NAMES = (
    "requirements.txt", "requirements-*.txt", "requirements_*.txt", "*-requirements.txt",
    "*_requirements.txt",
    "*.requirements.txt", "requirements.*.txt", "constraints.txt", "constraints-*.txt", "*-constraints.txt",
    "requirements/*.txt",
)  # fmt: skip

MAX_FILES = 64  # that one includes
MAX_LINE = 1_000_000  # characters with all its continuations: hashes of a release with many files
_COMMENT = re.compile(r"(^|\s+)#.*$")
_INCLUDE = re.compile(r"(-r|-c|--requirement|--constraint)(?:\s+|=|(?<=-[rc]))\s*(\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)\s*(\S.*)")
_OPTION = re.compile(r"\s+-{1,2}[a-z]", re.IGNORECASE)
_HASH = re.compile(r"--hash(?:=|\s+)([a-z0-9]+):([0-9a-fA-F]+)")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_PATH = re.compile(r"\.{0,2}/|[A-Za-z]:\\|.*\.(whl|tar\.gz|tgz|zip)$|\.{1,2}$", re.IGNORECASE)


def looks(head: bytes) -> bool:
    """Whether it pins something, and nothing of it is of another form."""
    return re.match(rb"(?:\s*#[^\n]*\n|\s*-[^\n]*\n|\s)*[A-Za-z0-9._-]+(\[[^\]]*\])?\s*==", head) is not None


def read(given: Given) -> Iterator[Entry]:
    """The requirements, those of included files where the include stands."""
    yield from _file(given, given.text, "", set())


def _file(given: Given, written: str, path: str, seen: set[str]) -> Iterator[Entry]:
    for line, number in _joined(written):
        try:
            for entry in _line(given, line, path, seen):
                yield entry if entry.path else replace(entry, line=number, path=path)
        except LockError as error:
            where = f"{path}: line {number}" if path else f"line {number}"
            raise error if str(error).partition(":")[0] in seen else LockError(f"{where}: {error}") from error


def _joined(written: str) -> Iterator[tuple[str, int]]:
    """Lines with their continuations, without comments, and where they begin."""
    held, began = "", 0
    for number, raw in enumerate((*written.splitlines(), ""), 1):
        comment = raw.lstrip().startswith("#")
        began = began or number
        if raw.endswith("\\") and not comment and len(held) + len(raw) <= MAX_LINE:
            held += f"{raw[:-1]} " if held or raw.strip("\\") else ""
            continue
        held += "" if comment else raw
        if len(held) > MAX_LINE:
            raise LockError(f"line {began}: more than {MAX_LINE:,} characters")
        if line := _COMMENT.sub("", held).strip():
            yield line, began
        held, began = "", 0


def _line(given: Given, line: str, path: str, seen: set[str]) -> Iterator[Entry]:
    if include := _INCLUDE.fullmatch(line):
        yield from _included(given, include[2].strip("\"'"), path, seen)
        return
    if editable := _EDITABLE.match(line):
        yield _direct(word(editable[1]))
        return
    if line.startswith("-"):
        return
    option = _OPTION.search(line)
    asked = line[: option.start()] if option else line
    hashes = tuple(f"{kind}:{value.lower()}" for kind, value in _HASH.findall(line))
    yield _required(word(asked.strip(), "requirement"), hashes)


def _included(given: Given, to: str, path: str, seen: set[str]) -> Iterator[Entry]:
    if "://" in to:
        yield Entry("", to, origin="a file of the network: not followed")
        return
    place = normpath(join(dirname(path), to))
    if place in seen or place == given.name:
        return
    if len(seen) >= MAX_FILES:
        raise LockError(f"includes more than {MAX_FILES} files")
    seen.add(place)
    try:
        data = given.beside(place)
    except LockError as error:
        yield Entry("", to, origin=f"not followed: {error}")
        return
    yield from _file(given, text(data), place, seen)


def _direct(what: str, name: str = "") -> Entry:
    """What is given by its URL: of git as pip writes it, `git+https://host/owner/name@revision#egg=name`."""
    egg = _EGG.search(what)
    place = what.partition("#")[0]
    if place.startswith("git+"):
        head, slash, path = place.partition("://")
        path, _, revision = path.rpartition("@") if "@" in path.partition("/")[2] else (path, "", "")
        what = f"{head}{slash}{path}#{revision}"
    return elsewhere(name or (egg[1] if egg else what), "", what)


def _required(asked: str, hashes: tuple[str, ...]) -> Entry:
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415

    if re.match(r"[a-z+]+://", asked) or asked.startswith("git+"):
        return _direct(asked)
    try:
        found = Requirement(asked)
    except (InvalidRequirement, RecursionError) as error:
        if _PATH.match(asked.partition(";")[0].partition("[")[0].strip()):
            return Entry("", asked, origin=asked)
        raise LockError(f"no requirement: {asked[:80]!r}") from error
    if found.url:
        return _direct(found.url, found.name)
    return _named(found, hashes)


def _named(found: "Requirement", hashes: tuple[str, ...]) -> Entry:
    exact = [s for s in found.specifier if s.operator in {"==", "==="}]
    pins = [s.version for s in exact if s.operator == "===" or not s.version.endswith(".*")]
    if len(pins) == 1:
        return Entry("PyPI", found.name, pins[0], hashes=hashes)
    return Entry("PyPI", found.name, hashes=hashes, wanted=str(found.specifier))
