"""`gradle.lockfile`, and the lock files of single configurations that Gradle wrote before."""

import re
from collections.abc import Iterator

from biopsy.guard.given import Given, LockError
from biopsy.model.check import Entry

FORM = "gradle.lockfile"
NAMES = ("gradle.lockfile", "buildscript-gradle.lockfile", "*.gradle.lockfile", "dependency-locks/*.lockfile")

_LINE = re.compile(r"([^\s:=]{1,500}):([^\s:=]{1,500}):([^\s:=]{1,250})(?:=\S*)?")


def looks(head: bytes) -> bool:
    """Whether it says who wrote it."""
    return b"# This is a Gradle generated file" in head


def read(given: Given) -> Iterator[Entry]:
    """The artifacts, in the order of the file."""
    for number, raw in enumerate(given.text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith(("#", "empty=")):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise LockError(f"line {number}: no artifact with a version: {line[:60]!r}")
        yield Entry("Maven", f"{found[1]}:{found[2]}", found[3], number)
