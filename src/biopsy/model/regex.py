"""Regular expressions that are compiled when they are first used.

Compiling all that biopsy knows takes longer than reading a small package, which asks a fifth of them.
"""

import re
from typing import Any, AnyStr, cast

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Give what `re.compile` gives, later: a mistake in `pattern` shows when it is first used."""
    return cast("re.Pattern[AnyStr]", _Regex(pattern, flags))


class _Regex:
    """What stands for a regular expression; from its first use on, its methods are the compiled one's own."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern, self.asked = pattern, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self.pattern, self.asked)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
