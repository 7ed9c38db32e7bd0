"""Sieve: which patterns of the rules a value fits, found out once for a value, however many dossiers hold it.

Hundreds of rules ask thousands of patterns; most values fit none, and most have been seen before.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate

from biopsy.detect.pattern import Pattern
from biopsy.model.behaviour import Kind

MAX_KNOWN = 16_000_000
"""Characters of the values that one sieve remembers; beyond, it forgets them all and begins anew."""

_RARE = "\x00"  # between values laid end to end; a literal of a pattern never holds it

Fit = tuple[int, tuple[str, ...]]
"""A bit for each condition that such a value may meet, and the patterns that it fits, as they are written."""

NO_FIT: Fit = (0, ())


class Sieve:
    """The patterns that are asked of each kind, each with the bits of the conditions that ask it."""

    __slots__ = ("_known", "_patterns", "_size")

    def __init__(self, patterns: Mapping[Kind, Mapping[Pattern, int]]) -> None:
        """Take the patterns of all rules."""
        self._patterns = patterns
        self._known: dict[Kind, dict[str, Fit]] = {kind: {} for kind in patterns}
        self._size = 0

    def sift(self, kind: Kind, values: Collection[str]) -> dict[str, Fit]:
        """Return at least these values of a kind, each with what it fits; nothing where no rule asks."""
        known = self._known.get(kind)
        if known is None:
            return {}
        missing = [value for value in values if value not in known]
        if missing:
            self._size += sum(map(len, missing))
            if self._size > MAX_KNOWN:
                self._known = {kind: {} for kind in self._patterns}
                known, missing = self._known[kind], list(values)
                self._size = sum(map(len, missing))
            self._learn(kind, missing, known)
        return known

    def _learn(self, kind: Kind, values: list[str], known: dict[str, Fit]) -> None:
        laid = Laid(values)
        fits: dict[str, Fit] = dict.fromkeys(values, NO_FIT)
        for pattern, bits in self._patterns[kind].items():
            for value in laid.fitting(pattern):
                mask, texts = fits[value]
                fits[value] = mask | bits, (*texts, pattern.text)
        known.update(fits)


class Laid:
    """Different values end to end in one text, so that one fast search goes through all of them at once."""

    __slots__ = ("_ends", "_text", "_values")

    def __init__(self, values: Iterable[str]) -> None:
        """Take the values, each once."""
        self._values = list(values)
        self._text = _RARE.join(self._values) + _RARE
        self._ends = list(accumulate(len(value) + 1 for value in self._values))

    def fitting(self, pattern: Pattern) -> Iterator[str]:
        """Yield those that a pattern fits, in order."""
        values = self._holding(pattern.literal) if pattern.literal else self._values
        return (value for value in values if pattern.matches(value))

    def _holding(self, literal: str) -> Iterator[str]:
        at = self._text.find(literal)
        while at >= 0:
            number = bisect_right(self._ends, at)
            yield self._values[number]
            at = self._text.find(literal, self._ends[number])
