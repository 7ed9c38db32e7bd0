"""How much of an analysis a page holds. What is left out is counted on the page, never silently gone."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Generic, TypeVar

MAX_PAGE = 5_000_000
"""Largest document, in bytes: a browser opens it at once and a mail takes it."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts of items, and lengths in characters."""

    findings: int = 100
    evidence: int = 40  # facts of a finding
    differences: int = 300  # of a sort
    hosts: int = 60
    iocs: int = 200
    exchanges: int = 25  # of a host
    body: int = 6_000
    processes: int = 500  # of a profile
    own: int = 12  # behaviours listed under a process
    changes: int = 250
    excerpt: int = 4_000
    reads: int = 400
    steps: int = 250  # of a phase
    output: int = 4_000
    evaluated: int = 100  # texts of evaluated code
    code_files: int = 150
    code_lines: int = 60  # of a file
    behaviours: int = 1_500
    marks: int = 160  # of a lane of the timeline
    words: int = 2_000_000  # characters of all text together
    value: int = 400
    detail: int = 1_500

    def halved(self) -> "Limits":
        """Half as much of everything."""
        return replace(self, **{field.name: max(getattr(self, field.name) // 2, 4) for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Listed(Generic[Item]):
    """The first of many, and how many there were."""

    items: tuple[Item, ...]
    total: int

    @property
    def left(self) -> int:
        """How many are not shown."""
        return self.total - len(self.items)


def listed(items: Iterable[Item], limit: int) -> Listed[Item]:
    """Keep the first `limit` items and count them all."""
    rest = iter(items)
    kept = tuple(islice(rest, limit))
    return Listed(kept, len(kept) + sum(1 for _ in rest))
