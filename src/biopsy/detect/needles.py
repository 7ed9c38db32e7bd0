"""Needles: texts of which every match of a regular expression holds at least one.

A search for a fixed text goes through hundreds of values at once; a regular expression is tried on each.
Where an expression has no text that all its matches share, its branches often have one each.
"""

import re
from functools import cache
from typing import Any

from biopsy.detect.pattern import Pattern, is_regex

LEAST = 2
"""Characters of the shortest needle that is worth a search."""

MOST = 24
"""Most needles of one expression."""

_PARSER: Any = getattr(re, "_parser")  # noqa: B009 - the tree of a regular expression has no public name

Needles = tuple[tuple[str, ...], bool]
"""The texts, and whether case is ignored: then they are in lower case, and hold for ASCII alone."""

NONE: Needles = ((), False)


def needles(pattern: Pattern) -> Needles:
    """Give the needles of a pattern that has no literal; none where nothing can be told, or it is no use."""
    return NONE if pattern.everything or not is_regex(pattern.text) else _of(pattern.text)


@cache
def _of(text: str) -> Needles:
    tree = _PARSER.parse(text[1:-1])
    folded = bool(tree.state.flags & re.IGNORECASE)
    found = _needed(tree)
    if found is None or len(found) > MOST or min(map(len, found)) < LEAST:
        return NONE
    if folded and not all(one.isascii() for one in found):
        return NONE
    return tuple(sorted(one.lower() if folded else one for one in found)), folded


def _needed(tree: Any) -> frozenset[str] | None:
    """Of all that a match goes through one after the other, the part whose shortest text is the longest."""
    best: frozenset[str] | None = None
    run = ""
    for op, argument in (*tree, (None, None)):
        if str(op) == "LITERAL":
            run += chr(argument)
            continue
        for found in (frozenset({run}) if run else None, _inside(str(op), argument)):
            if found and (best is None or min(map(len, found)) > min(map(len, best))):
                best = found
        run = ""
    return best


def _inside(name: str, argument: Any) -> frozenset[str] | None:
    """What every match of one node goes through."""
    if name == "SUBPATTERN" and not argument[1] and not argument[2]:
        return _needed(argument[3])
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"} and argument[0] > 0:
        return _needed(argument[2])
    if name == "BRANCH":
        parts = [_needed(part) for part in argument[1]]
        known = [part for part in parts if part is not None]
        return frozenset().union(*known) if len(known) == len(parts) else None
    return None
