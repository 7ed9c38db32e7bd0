"""Regular expressions that are compiled when they are first used.

Compiling all that biopsy knows takes longer than reading a small package, which asks a fifth of them.
"""

import re
from collections.abc import Iterator
from typing import Any, AnyStr, cast

from biopsy.model.compiled import compiled

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Give what `re.compile` gives, later: a mistake in `pattern` shows when it is first used."""
    return cast("re.Pattern[AnyStr]", _Regex(pattern, flags))


def led(pattern: re.Pattern[AnyStr], words: tuple[AnyStr, ...], text: AnyStr) -> Iterator[re.Match[AnyStr]]:
    """Yield the matches of a pattern, each of which begins with one of `words`, as `finditer` does.

    A fixed text is found at a tenth of what trying a pattern at each character costs.
    """
    end = 0
    for at in sorted([at for word in words for at in places(text, word)]):
        if at >= end and (match := pattern.match(text, at)):
            end = match.end()
            yield match


def stands(pattern: re.Pattern[AnyStr], words: tuple[AnyStr, ...], text: AnyStr) -> bool:
    """Whether a pattern is found whose matches all begin with one of `words`; `search` says it later."""
    return any(pattern.match(text, at) for word in words for at in places(text, word))


def places(text: AnyStr, part: AnyStr) -> Iterator[int]:
    """Yield where a fixed text begins."""
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


class _Regex:
    """What stands for a regular expression; from its first use on, its methods are the compiled one's own."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern, self.asked = pattern, flags

    def __getattr__(self, name: str) -> Any:
        made: Any = compiled(cast("str", self.pattern), self.asked)  # or bytes
        for method in _METHODS:
            setattr(self, method, getattr(made, method))
        return getattr(made, name)
