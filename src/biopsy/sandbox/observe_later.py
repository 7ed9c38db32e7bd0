"""What a package did only once time had passed, by its processes' own clocks, or only at a second go.

A clock jumps while everybody waits, and whoever wakes writes down how far ahead it is
(`inside/drivers/clock.c`). These are claims of the package's own processes; whoever forges one accuses
itself, and whoever deletes one is seen.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from biopsy.model.behaviour import By, Kind
from biopsy.sandbox.inside.journal import Slept
from biopsy.sandbox.observe_ledger import Draft
from biopsy.sandbox.raw import Ran
from biopsy.sandbox.tree import Node

LATE: Final = 30
"""Seconds by its own clock from which what a process does is late."""

MAX_DIFFERING: Final = 200
"""Most differences of one sort that are told."""

UNASKED: Final = "unasked"
"""What a go is called in which no handler gets the request that its own code asks for."""

_TELLING: Final = frozenset(
    {
        *(
            Kind.NET_CONNECT,
            Kind.NET_HTTP,
            Kind.NET_SEND,
            Kind.NET_LISTEN,
            Kind.PROCESS_EXEC,
            Kind.CODE_REMOTE,
        ),
        *(Kind.CANARY_READ, Kind.CANARY_LEAK, Kind.FILE_DELETE),
    }
)
_STEPS: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))

Waits = Sequence[tuple[int, Node, Slept]]


def differing(
    drafts: Sequence[Draft], slept: Waits, ran: Sequence[Ran], plain: Callable[[str], str]
) -> Iterator[Draft]:
    """Tell of each telling draft that it came late, only at a second go, or only at the first.

    `plain` takes out of a value what differs from run to run.
    """
    telling = [one for one in drafts if one.by is By.PACKAGE and one.node and _tells(one)]
    yield from _late(telling, slept, plain)
    yield from _again(telling, ran, plain)


def span(seconds: float) -> str:
    """Write a span of time: in days from three on, in hours from two on, in minutes from two on."""
    for unit, size in _STEPS:
        least = 3 * size if unit == "d" else 2 * size if unit in "hm" else 0
        if seconds >= least:
            return f"{round(seconds / size)}{unit}"
    return "0s"


def _tells(one: Draft) -> bool:
    """Whether it is worth telling when it was done; of files written, only those whose place counts."""
    return one.kind in _TELLING or (one.kind is Kind.FILE_WRITE and one.weight > 0)


def _late(telling: Sequence[Draft], slept: Waits, plain: Callable[[str], str]) -> Iterator[Draft]:
    clocks = _Clocks(slept)
    if not clocks:
        return
    times = [(one, clocks.ahead(one)) for one in telling]
    soon = {(one.kind, plain(one.value)) for one, ahead in times if ahead < LATE}
    late = ((one, span(ahead + 1)) for one, ahead in times if ahead >= LATE)
    yield from _first(late, Kind.DIFFERS_CLOCK, soon, plain)


def _again(telling: Sequence[Draft], ran: Sequence[Ran], plain: Callable[[str], str]) -> Iterator[Draft]:
    later = [one for one in ran if one.again and one.pid]
    if not later:
        return
    labels = [(one, label) for one in telling if (label := _label(one)) is not None]
    seen = {(one.kind, plain(one.value)) for one, label in labels if not label}
    soonest = later[0].again
    for go in later:
        now = [(one, label) for one, label in labels if label == go.again and one.phase == go.phase]
        did = {(one.kind, plain(one.value)) for one, _ in now}
        yield from _first(now, Kind.DIFFERS_AGAIN, seen, plain)
        if (
            go.again in {soonest, UNASKED} and go.exit is not None
        ):  # one that was cut short may have had no chance
            before = ((one, go.again) for one, label in labels if not label and one.phase == go.phase)
            yield from _first(before, Kind.DIFFERS_ONCE, did, plain)
        seen |= did


def _first(
    found: Iterable[tuple[Draft, str]],
    kind: Kind,
    known: set[tuple[Kind, str]],
    plain: Callable[[str], str],
) -> Iterator[Draft]:
    """Tell each once, unless it is among what is `known`."""
    told: set[tuple[Kind, str]] = set()
    for one, label in sorted(found, key=lambda pair: pair[0].time):
        key = (one.kind, plain(one.value))
        if key in known or key in told:
            continue
        if len(told) >= MAX_DIFFERING:
            return
        told.add(key)
        yield replace(one, kind=kind, value=f"{label} {one.kind} {one.value}", weight=max(1, one.weight))


class _Clocks:
    """How far the clock of each family of processes was ahead, and from when on."""

    def __init__(self, slept: Waits) -> None:
        self._of: dict[int, list[tuple[int, int]]] = {}
        for time, node, wait in slept:
            self._of.setdefault(_root(node, wait.root).id, []).append((time, wait.ahead))
        for clock in self._of.values():
            clock.sort()

    def __bool__(self) -> bool:
        return bool(self._of)

    def ahead(self, one: Draft) -> int:
        """Say how far it was when `one` happened."""
        node = one.node
        while node is not None:
            if node.id in self._of:
                return max((ahead for time, ahead in self._of[node.id] if time <= one.time), default=0)
            node = node.parent
        return 0


def _root(node: Node, pid: int) -> Node:
    above: Node | None = node
    while above is not None:
        if above.pid == pid:
            return above
        above = above.parent
    return node


def _label(one: Draft) -> str | None:
    """Say by which later go it was done; empty: by none, None: by the leftovers of an earlier one."""
    node = one.node
    while node is not None:
        if node.first:
            return node.again
        node = node.parent
    return None
