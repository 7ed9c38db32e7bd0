"""`go.mod`: the modules that are required, and what stands in for them. Since Go 1.17 all that is built."""

import re
from collections.abc import Iterator

from biopsy.guard.given import Given, LockError
from biopsy.model.check import Entry

FORM = "go.mod"
NAMES = ("go.mod", "*.go.mod")

MODULE = re.compile(r'"?([^\s"]{1,1024})"?\s+v(\S{1,256})')
_REPLACED = re.compile(
    r'"?([^\s"]{1,1024})"?(?:\s+v(\S{1,256}))?\s*=>\s*"?([^\s"]{1,1024})"?(?:\s+v(\S{1,256}))?'
)
_HEAD = re.compile(rb"^\s*(?:module|go)\s+\S+\s*(?://.*)?$", re.MULTILINE)
_WORD = re.compile(r"([a-z]+)\b\s*(.*)")


def looks(head: bytes) -> bool:
    """Whether a line of it names the module or Go's version."""
    return _HEAD.search(head[:4096]) is not None


def read(given: Given) -> Iterator[Entry]:
    """The modules, in the order of the file; a folder that stands in for one is not told."""
    required, replaced = [], {}
    for number, directive, rest in _directives(given.text):
        if directive == "require":
            found = MODULE.match(rest)
            if found is None:
                raise LockError(f"line {number}: no module with version: {rest[:60]!r}")
            required.append((found[1], found[2], number))
        elif directive == "replace":
            found = _REPLACED.match(rest)
            if found is None:
                raise LockError(f"line {number}: no replacement: {rest[:60]!r}")
            replaced[found[1], found[2] or ""] = (found[3], found[4] or "", number)
    for name, version, line in required:
        other = replaced.get((name, version)) or replaced.get((name, ""))
        if other is None:
            yield Entry("Go", name, version, line)
        elif other[1]:
            yield Entry("Go", *other)


def _directives(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each line of a directive with its word; those in brackets have the word before the bracket."""
    block = ""
    for number, whole in enumerate(text.splitlines(), 1):
        line = whole.partition("//")[0].strip()
        if block and line == ")":
            block = ""
        elif block and line:
            yield number, block, line
        elif found := _WORD.match(line):
            if found[2] == "(":
                block = found[1]
            else:
                yield number, found[1], found[2]
