"""Slips: how far two names are apart, and which slip of finger or eye lies between them."""

from functools import cache

from biopsy.model.regex import regex

_ROWS = ("1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_TOKENS = regex(r"[-_.@/]+")
FAR_LENGTH = 9
"""Words from this length on are compared up to two slips."""


@cache
def _near() -> frozenset[frozenset[str]]:
    """Give the pairs of keys that touch on the keyboard that most have."""
    pairs = set()
    for y, row in enumerate(_ROWS):
        for x, key in enumerate(row):
            beside = [row[x + 1 : x + 2]]
            if y + 1 < len(_ROWS):
                beside += [_ROWS[y + 1][x : x + 1], _ROWS[y + 1][x - 1 : x] if x else ""]
            pairs |= {frozenset((key, other)) for other in beside if other}
    return frozenset(pairs)


def tokens(name: str) -> list[str]:
    """Give the words of a name."""
    return [word for word in _TOKENS.split(name.lower()) if word]


def slip(name: str, target: str) -> str:
    """Say in a few words which one slip turns `target` into `name`; empty where more lies between them."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - slow to import, and seldom needed

    if OSA.distance(name, target, score_cutoff=1) != 1:
        return ""
    start = next((i for i, (a, b) in enumerate(zip(name, target, strict=False)) if a != b), None)
    if len(name) == len(target):
        at = start or 0
        if name[at + 1 :] == target[at + 1 :]:
            near = frozenset((name[at], target[at])) in _near()
            return "a neighbouring key" if near else "another letter"
        return "two letters exchanged"
    longer, shorter = (name, target) if len(name) > len(target) else (target, name)
    at = len(shorter) if start is None else start
    doubled = longer[at] in (longer[at - 1 : at], longer[at + 1 : at + 2])
    if longer is name:
        return "a letter doubled" if doubled else "a letter put in"
    return "one of a double letter left out" if doubled else "a letter left out"


def core(name: str, target: str) -> tuple[str, str]:
    """Give the one word in which two names differ, as both have it; the whole names where it is not just one.

    `types-toml` is not close to `types-yaml` for sharing `types`.
    """
    mine, theirs = tokens(name), tokens(target)
    if len(mine) == len(theirs):
        pairs = [(a, b) for a, b in zip(mine, theirs, strict=True) if a != b]
        if len(pairs) == 1:
            return pairs[0]
    return name, target


def numbered(name: str, target: str) -> bool:
    """Whether two names differ in their digits alone: `boto` and `boto3`, `lib2` and `lib3` are relatives."""
    return _letters(name) == _letters(target)


def _letters(name: str) -> str:
    return "".join(c for c in name if not c.isdigit())
