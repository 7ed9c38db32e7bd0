"""Which line something stands in, for formats whose parsers do not tell."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TypeVar

Table = TypeVar("Table")

MAX_MISSES = 50
"""How often something may be looked for in vain before lines are given up: each costs the whole file."""

_OPENS = re.compile(r"\s*:\s*\{")
_COLON = re.compile(r"\s*:")


class Lines:
    """Finds things in the order in which they stand in a text, so that the whole costs one pass."""

    def __init__(self, text: str) -> None:
        """Take the text."""
        self._text, self._at, self._misses = text, 0, 0
        self._counted, self._line = 0, 1

    def key(self, key: str) -> int:
        """The line of the next JSON object of that key; 0 where it is not found."""
        return self._next(f'"{key}"', _OPENS)

    def value(self, value: str) -> int:
        """The line of the next JSON text that is a value and is written so; 0 where it is not found."""
        return self._next(f'"{value}"', None)

    def _next(self, needle: str, after: re.Pattern[str] | None) -> int:
        if self._misses >= MAX_MISSES or "\\" in needle:
            return 0
        at = self._text.find(needle, self._at)
        while at >= 0:
            end = at + len(needle)
            if after.match(self._text, end) if after else not _COLON.match(self._text, end):
                self._at = end
                return self._number(at)
            at = self._text.find(needle, end)
        self._misses += 1
        return 0

    def _number(self, at: int) -> int:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return self._line


def numbered(text: str, header: str, tables: Sequence[Table]) -> Iterator[tuple[Table, int]]:
    """The tables of a TOML array, `[[package]]`, each with its line; all 0 where not as many stand there."""
    ends = [m.start() for m in re.finditer("\n", text)]
    found = re.compile(rf"^[ \t]*\[\[[ \t]*{re.escape(header)}[ \t]*\]\]", re.MULTILINE).finditer(text)
    lines = [bisect_right(ends, m.start()) + 1 for m in found]
    return zip(tables, lines if len(lines) == len(tables) else [0] * len(tables), strict=True)
