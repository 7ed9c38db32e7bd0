"""Reported packages whose names are easily taken for another: alike to the eye, or a letter or two apart."""

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from biopsy.reports import naming
from biopsy.reports.claim import Package
from biopsy.reports.reader import Reader

FRESH = 60.0  # seconds that a list of names is used for without a look at what changed
MAX_FOUND = 100  # names in one answer
FAR = 2  # letters put in, left out, changed or swapped
SHORT = 5  # letters below which one such change is far


@dataclass(frozen=True, slots=True)
class Alike:
    """A name that is like another: `distance` in letters; 0 is one that only looks the same."""

    package: Package
    report: str
    distance: int


@dataclass(frozen=True, slots=True)
class _List:
    """The names of an ecosystem with their reports, as they were at a change of the database."""

    change: int
    looked: float
    names: dict[int, list[str]]  # by their length: what differs by more is not like a name
    ids: dict[str, str]


@dataclass(slots=True)
class Names:
    """The names of each ecosystem, kept until reports change: reading all of them costs more than comparing.

    Any number of threads may ask. One of them reads them anew; the others go on with those there were.
    """

    _held: dict[str, _List] = field(default_factory=dict)
    _reading: Any = field(default_factory=threading.Lock)  # a Lock: no type to a server that looks at fields

    def warm(self, reader: Reader) -> None:
        """Read the names of every ecosystem that has reports, so that nobody who asks waits for it."""
        for ecosystem in dict.fromkeys(row[0] for row in reader.counts()):
            self._of(reader, ecosystem)

    def like(self, reader: Reader, ecosystem: str, name: str) -> list[Alike]:
        """Reported names that are like a name, nearest first; the name itself is not among them."""
        mine = naming.canonical(ecosystem, name)
        names, ids = self._of(reader, ecosystem)
        far = FAR if len(mine) >= SHORT else 1
        found: dict[str, int] = {}
        for length in range(len(mine) - far, len(mine) + far + 1):
            near = process.extract(
                mine,
                names.get(length, ()),
                scorer=OSA.distance,
                processor=None,
                score_cutoff=far,
                limit=MAX_FOUND,
            )
            found |= {other: int(distance) for other, distance, _ in near}
        for other, own in reader.alike(ecosystem, mine):
            found[other] = 0
            ids.setdefault(other, own)
        found.pop(mine, None)
        order = sorted(found.items(), key=lambda one: (one[1], one[0]))
        return [Alike(Package(ecosystem, other), ids[other], far) for other, far in order[:MAX_FOUND]]

    def _of(self, reader: Reader, ecosystem: str) -> tuple[dict[int, list[str]], dict[str, str]]:
        held = self._held.get(ecosystem)
        stale = held is None or time.monotonic() - held.looked > FRESH
        if stale and self._reading.acquire(blocking=held is None):
            try:
                held = self._read(reader, ecosystem, self._held.get(ecosystem))
            finally:
                self._reading.release()
        assert held is not None  # it is read by whoever comes first, and the others wait for that
        return held.names, held.ids

    def _read(self, reader: Reader, ecosystem: str, held: _List | None) -> _List:
        change, now = reader.last(), time.monotonic()
        if held is not None and held.change == change:
            made = replace(held, looked=now)
        else:
            ids = dict(reader.names(ecosystem))
            names: dict[int, list[str]] = {}
            for name in ids:
                names.setdefault(len(name), []).append(name)
            made = _List(change, now, names, ids)
        self._held[ecosystem] = made
        return made
