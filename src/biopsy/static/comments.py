"""Where the comments of a source stand: what is said in them is not done by the code."""

import re
from bisect import bisect_right

from biopsy.model.regex import regex
from biopsy.static.sight import SCRIPTS, Source

_TRIPLE = regex(r"(?m)^[ \t]*[rRuUbB]{0,2}(\"\"\"|''')")
_BLOCK = regex(r"/\*.*?\*/", re.DOTALL)
_MARKS = {"python": "#", "shell": "#", "powershell": "#", "ruby": "#"}


class Comments:
    """The docstrings, block comments and line comments of one source; nothing is a comment in mere data."""

    def __init__(self, source: Source) -> None:
        """Find the blocks; line comments are looked for when asked."""
        self._source = source
        self._spans = _blocks(source)
        self._starts = [start for start, _ in self._spans]

    def hold(self, at: int) -> bool:
        """Whether the character at `at` of the source's text stands in a comment."""
        block = bisect_right(self._starts, at) - 1
        if block >= 0 and self._spans[block][1] > at:
            return True
        return bool(self._source.language) and self._in_line(at)

    def _in_line(self, at: int) -> bool:
        text = self._source.text
        before = text[max(text.rfind("\n", 0, at) + 1, at - 2000) : at]
        start = before.find(_MARKS.get(self._source.language, "//"))
        if start < 0:
            return False
        head = before[:start]
        return all(head.count(quote) % 2 == 0 for quote in "\"'`")


def _blocks(source: Source) -> list[tuple[int, int]]:
    text = source.text
    if source.language == "python":
        spans, at = [], 0
        while match := _TRIPLE.search(text, at):
            end = text.find(match[1], match.end())
            at = len(text) if end < 0 else end + 3
            spans.append((match.start(), at))
        return spans
    if source.language in SCRIPTS and "/*" in text:
        return [m.span() for m in _BLOCK.finditer(text)]
    return []
