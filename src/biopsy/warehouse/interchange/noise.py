"""What Package Analysis saw its own tools do, as a list (noise.txt); there is nothing else to tell it by."""

import re
from fnmatch import fnmatchcase, translate
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

COUNT = "count"
TOOL = "tool"

_WILD = frozenset("*?[")


def noise(phase: str, kind: str, value: str) -> str:
    """Say whether a behaviour is a tool's: `count` (leave it out), `tool`, or empty where it is not."""
    for what in (COUNT, TOOL):
        if _sieve(what, phase, kind).holds(value):
            return what
    return ""


class _Sieve(NamedTuple):
    """The values of one phase and kind: most are a text, or begin with one; results hold millions."""

    texts: frozenset[str]
    beginnings: tuple[str, ...]
    others: re.Pattern[str] | None

    def holds(self, value: str) -> bool:
        if value in self.texts or value.startswith(self.beginnings):
            return True
        return self.others is not None and self.others.fullmatch(value) is not None


@lru_cache(maxsize=1024)  # others name the phases
def _sieve(what: str, phase: str, kind: str) -> _Sieve:
    forms = [v for w, p, k, v in _rows() if w == what and fnmatchcase(phase, p) and fnmatchcase(kind, k)]
    texts = frozenset(form for form in forms if _WILD.isdisjoint(form))
    begin = {form for form in forms if form.endswith("*") and _WILD.isdisjoint(form[:-1])}
    others = [translate(form) for form in forms if form not in texts | begin]
    return _Sieve(texts, tuple(form[:-1] for form in begin), re.compile("|".join(others)) if others else None)


@cache
def _rows() -> tuple[tuple[str, ...], ...]:
    lines = Path(__file__).with_name("noise.txt").read_text("utf-8").splitlines()
    return tuple(tuple(line.split("\t")) for line in lines if line and not line.startswith("#"))
