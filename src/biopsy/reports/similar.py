"""Reported packages whose names are easily taken for another: alike to the eye, or a letter or two apart."""

import time
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA

from biopsy.reports import naming
from biopsy.reports.claim import Package
from biopsy.reports.reader import Reader

FRESH = 60.0  # seconds that a list of names is used for
MAX_FOUND = 100  # names in one answer
FAR = 2  # letters put in, left out, changed or swapped
SHORT = 5  # letters below which one such change is far


@dataclass(frozen=True, slots=True)
class Alike:
    """A name that is like another: `distance` in letters; 0 is one that only looks the same."""

    package: Package
    report: str
    distance: int


@dataclass(slots=True)
class Names:
    """The names of each ecosystem, kept for a while: reading all of them costs more than comparing."""

    _held: dict[str, tuple[float, list[str], dict[str, str]]] = field(default_factory=dict)

    def like(self, reader: Reader, ecosystem: str, name: str) -> list[Alike]:
        """Reported names that are like a name, nearest first; the name itself is not among them."""
        mine = naming.canonical(ecosystem, name)
        names, ids = self._of(reader, ecosystem)
        far = FAR if len(mine) >= SHORT else 1
        near = process.extract(
            mine, names, scorer=OSA.distance, processor=None, score_cutoff=far, limit=MAX_FOUND
        )
        found = {other: int(distance) for other, distance, _ in near}
        for other, own in reader.alike(ecosystem, mine):
            found[other] = 0
            ids.setdefault(other, own)
        found.pop(mine, None)
        order = sorted(found.items(), key=lambda one: (one[1], one[0]))
        return [Alike(Package(ecosystem, other), ids[other], far) for other, far in order[:MAX_FOUND]]

    def _of(self, reader: Reader, ecosystem: str) -> tuple[list[str], dict[str, str]]:
        held = self._held.get(ecosystem)
        if held is None or time.monotonic() - held[0] > FRESH:
            ids = dict(reader.names(ecosystem))
            held = self._held[ecosystem] = (time.monotonic(), list(ids), ids)
        return held[1], held[2]
