"""How long processes wait without anything coming: naps, timers, and those that a run did not live to see
end.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final

from biopsy.sandbox import trace
from biopsy.sandbox.inside.journal import Slept
from biopsy.sandbox.trace_event import Called
from biopsy.sandbox.tree import Node

MAX_NAPS: Final = 50_000
"""Most waits kept."""

LONG_NAP: Final = 3.0
"""Seconds from which one wait is worth telling; shorter ones are told when a process adds up twice as
many."""

_BLINK = 0.05  # seconds up to which a wait is nothing at all
_MEMORY = float("inf")  # the length of a wait that stands in memory, where registers do not show it

LATER: Final = 263_017
"""Seconds after which drivers end a process that waits (73 hours): `pyfork.LATER`, `npm.mjs`."""

_ABOUT: Final = 120  # seconds that may have passed before a driver began to wait

Nap = tuple[int, Node, float]  # when it began, whose, seconds


def signed(register: int) -> int:
    """Read the C int that is in a register."""
    (number,) = struct.unpack("<i", struct.pack("<I", register & 0xFFFFFFFF))
    return int(number)


def own(slept: Iterable[tuple[int, Node, Slept]]) -> Iterator[tuple[int, Node, Slept]]:
    """Leave out of what was slept how long our drivers let a process wait."""
    return (one for one in slept if not LATER - _ABOUT <= one[2].due <= LATER)


class Waits:
    """Pairs the beginnings of waits with their ends."""

    def __init__(self, end: int) -> None:
        """`end` is when the run was over."""
        self._end = end
        self._naps: list[Nap] = []
        self._open: dict[int, Nap] = {}  # thread -> what it waits for; seconds are the most it will
        self._short: dict[int, Nap] = {}  # process -> its short waits together

    def begin(self, event: Called, node: Node) -> None:
        """A thread begins to wait."""
        most = _MEMORY
        register = trace.WAITING.get(event.number)
        if register is not None:
            most = signed(event.args[register]) / 1000
            if most <= 0:
                return  # not at all, or for ever
        self._open[event.thread] = (event.time, node, most)

    def end(self, event: Called) -> None:
        """A thread goes on: because its time was up, or because something came, which is no nap."""
        begun = self._open.pop(event.thread, None)
        if begun is None or (event.number in trace.WAITING and (event.returned or event.error)):
            return
        start, node, most = begun
        self._slept(start, node, max(0.0, (event.time - start) / 1e9) if most == _MEMORY else most)

    def finish(self) -> list[Nap]:
        """Give all naps, those included that were cut short by the end."""
        for start, node, most in self._open.values():
            passed = ((node.end or self._end) - start) / 1e9
            if most == _MEMORY:
                self._slept(start, node, passed)
            elif most >= LONG_NAP and (passed >= LONG_NAP or node.end is None):
                self._slept(start, node, most)
        self._open.clear()
        self._naps += [nap for nap in self._short.values() if nap[2] >= 2 * LONG_NAP]
        return self._naps

    def _slept(self, start: int, node: Node, seconds: float) -> None:
        if seconds >= LONG_NAP:
            if len(self._naps) < MAX_NAPS:
                self._naps.append((start, node, seconds))
        elif seconds > _BLINK:
            first, _, total = self._short.get(node.id, (start, node, 0.0))
            self._short[node.id] = (first, node, total + seconds)
