"""`go.sum`: the modules whose code was fetched. Of others, `/go.mod`, only the requirements were."""

import re
from collections.abc import Iterator

from biopsy.guard.given import Given, LockError
from biopsy.model.check import Entry

FORM = "go.sum"
NAMES = ("go.sum", "go.work.sum", "*.go.sum")

_LINE = re.compile(r"(\S{1,1024}) v(\S{1,256}?)(/go\.mod)? (h1:\S{1,100})")


def looks(head: bytes) -> bool:
    """Whether its first line is a module with its hash."""
    return _LINE.match(head[:2048].decode("latin-1")) is not None


def read(given: Given) -> Iterator[Entry]:
    """The modules, in the order of the file."""
    for number, line in enumerate(given.text.splitlines(), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise LockError(f"line {number}: no module with version and hash: {line[:60]!r}")
        if not found[3]:
            yield Entry("Go", found[1], found[2], number, (found[4],))
