"""Sources: where records come from. One kind of source is one module of this folder that has a `READER`.

It is found by being there; there is no list to edit. A reader gives objects in batches, each with the
cursors that hold once the batch is taken in: both are one transaction, so a run that was cut off goes on.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from biopsy.errors import BiopsyError, UsageError
from biopsy.reports.intake import Convert

BATCH = 4000  # objects that are taken in one transaction, which writes a page of an index once for them all
BATCH_BYTES = 64 * 1024**2

Object = tuple[str, bytes]
Cursors = dict[str, str]


class SourceError(BiopsyError):
    """A source cannot be read, or not to its end; what was read before counts."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Objects, and where reading goes on once they are taken in."""

    objects: list[Object] = field(default_factory=list)
    cursors: Cursors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a reader is told. `home` is a folder of its own, that may be deleted at any time.

    `lookback` is how many objects before the last one are read again, since they may come late. `private`
    allows addresses of private networks, and unencrypted HTTP.
    """

    place: str
    home: Path
    prefixes: tuple[str, ...] = ("",)
    lookback: int = 10
    private: bool = False
    options: dict[str, str] = field(default_factory=dict)


class Reader(Protocol):
    """Reads one kind of source. `convert` makes OSV of its records, where they are something else."""

    kind: str
    options: frozenset[str]
    convert: Convert | None

    def read(self, settings: Settings, cursors: Mapping[str, str]) -> Iterator[Batch]:
        """Yield what is new since the cursors; raises SourceError."""


@cache
def kinds() -> dict[str, Reader]:
    """Every kind of source there is."""
    found: dict[str, Reader] = {}
    for module in pkgutil.iter_modules(__path__):
        reader = getattr(importlib.import_module(f"{__name__}.{module.name}"), "READER", None)
        if reader is not None:
            found[reader.kind] = reader
    return found


def kind(word: str) -> Reader:
    """The reader of a kind; UsageError names those there are."""
    if word not in kinds():
        raise UsageError(f"no kind of source {word!r}; there are: {', '.join(sorted(kinds()))}")
    return kinds()[word]


def batches(objects: Iterator[Object]) -> Iterator[Batch]:
    """Put objects together into batches of bounded size."""
    held: list[Object] = []
    size = 0
    for one in objects:
        held.append(one)
        size += len(one[1])
        if len(held) >= BATCH or size >= BATCH_BYTES:
            yield Batch(held)
            held, size = [], 0
    if held:
        yield Batch(held)
