"""What a project is made of, as its lock files, SBOMs and environments say: entries to look up.

A format is one module of `readers`, found by its file. It has

    FORM                       what people call it, `package-lock.json`
    NAMES                      how files of it are called, as patterns of `fnmatch`, perhaps with a folder
    looks(head) -> bool        whether a file of another name is one, by its first bytes
    read(given) -> entries     pure: bytes in, entries out; raises LockError

and nothing else knows that it exists. Files of projects are hostile: every reader has limits, runs nothing,
and asks no network.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from itertools import islice
from pkgutil import iter_modules
from typing import Protocol, cast

from biopsy.guard import readers as _readers
from biopsy.guard.given import MAX_BYTES, MAX_ENTRIES, Given, LockError
from biopsy.guard.near import near
from biopsy.model.check import Entry

HEAD = 4096  # bytes by which a format is told


class Reader(Protocol):
    """A way to write down what is installed."""

    FORM: str
    NAMES: tuple[str, ...]

    def looks(self, head: bytes) -> bool:
        """Whether a file that begins like this is one."""

    def read(self, given: Given) -> Iterator[Entry]:
        """The entries, in the order of the file; raises LockError."""


@cache
def readers() -> tuple[Reader, ...]:
    """Every reader there is, by name of module."""
    names = sorted(module.name for module in iter_modules(_readers.__path__))
    return tuple(cast("Reader", import_module(f"{_readers.__name__}.{name}")) for name in names)


def named(path: str) -> tuple[Reader, ...]:
    """The readers of files called so. `path` may have folders: patterns with one see the last."""
    parts = path.split("/")[-2:]
    asked = {"/".join(parts), parts[-1]}
    return tuple(r for r in readers() if any(fnmatchcase(name, p) for name in asked for p in r.NAMES))


def choose(path: str, head: bytes) -> Reader | None:
    """The reader of a file: by its name; by what it begins with where its name says nothing, or too much."""
    called = named(path)
    if len(called) == 1:
        return called[0]
    return next((r for r in called or readers() if r.looks(head[:HEAD])), called[0] if called else None)


def unread(path: str, head: bytes) -> str:
    """Why a file that no reader takes is not read: what it is, where that is known, or what could be."""
    forms = ", ".join(sorted(one.FORM for one in readers()))
    return near(path, head) or f"none of the forms that are read: {forms}"


def read(reader: Reader, given: Given) -> tuple[Entry, ...]:
    """All entries of a file; raises LockError, also for more than MAX_ENTRIES."""
    if len(given.data) > MAX_BYTES:
        raise LockError(f"{len(given.data):,} bytes; the limit is {MAX_BYTES:,}")
    try:
        found = tuple(islice(reader.read(given), MAX_ENTRIES + 1))
    except RecursionError as error:
        raise LockError("lists and tables too deep inside each other") from error
    if len(found) > MAX_ENTRIES:
        raise LockError(f"more than {MAX_ENTRIES:,} packages")
    return found


__all__ = ["Given", "LockError", "Reader", "choose", "named", "read", "readers", "unread"]
