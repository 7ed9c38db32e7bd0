"""Sieve: which patterns of the rules a value fits, found out once for a value, however many dossiers hold it.

Hundreds of rules ask thousands of patterns; most values fit none, and most have been seen before.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate

from biopsy.detect.needles import needles
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

    __slots__ = ("_ends", "_folded", "_odd", "_text", "_values")

    def __init__(self, values: Iterable[str]) -> None:
        """Take the values, each once."""
        self._values = list(values)
        self._text = _RARE.join(self._values) + _RARE
        self._ends = list(accumulate(len(value) + 1 for value in self._values))
        self._folded: str | None = None
        self._odd: frozenset[int] = frozenset()

    def fitting(self, pattern: Pattern) -> Iterator[str]:
        """Yield those that a pattern fits, in order."""
        return (value for value in self._candidates(pattern) if pattern.matches(value))

    def _candidates(self, pattern: Pattern) -> Iterable[str]:
        if pattern.literal:
            return (self._values[number] for number in self._holding(pattern.literal, self._text))
        texts, folded = needles(pattern)
        if not texts:
            return self._values
        text = self._fold() if folded else self._text
        numbers = {number for one in texts for number in self._holding(one, text)}
        return (self._values[number] for number in sorted(numbers | self._odd if folded else numbers))

    def _holding(self, literal: str, text: str) -> Iterator[int]:
        at = text.find(literal)
        while at >= 0:
            number = bisect_right(self._ends, at)
            yield number
            at = text.find(literal, self._ends[number])

    def _fold(self) -> str:
        """The text in lower case. Values that are not ASCII, where case has exceptions, are tried anyway."""
        if self._folded is None:
            self._odd = frozenset(n for n, value in enumerate(self._values) if not value.isascii())
            if self._odd:
                whole = (v if n in self._odd else v.lower() for n, v in enumerate(self._values))
                self._folded = _RARE.join(whole) + _RARE
            else:
                self._folded = self._text.lower()
        return self._folded
