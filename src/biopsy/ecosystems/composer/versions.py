"""Ordering of Composer's versions: as its own parser and PHP's `version_compare` have it.

https://getcomposer.org/doc/articles/versions.md and the regular expressions of composer/semver. A branch
(`dev-main`, `1.x-dev`) comes before every version that has a number; what is neither comes before branches.
"""

from collections.abc import Iterable

from biopsy.model.regex import regex

MAX_VERSION = 256
"""Longest text that is taken for a version, in characters."""

_SUFFIX = (
    r"[._-]?(?:(?P<step>stable|beta|b|rc|alpha|a|patch|pl|p)(?P<more>(?:[.-]?\d+)*))?"
    r"(?P<dev>[.-]?dev)?(?:\+\S+)?"
)
_NUMBERS = regex(r"v?(?P<numbers>\d{1,5}(?:\.\d+){0,3})" + _SUFFIX)
_DATE = regex(r"v?(?P<numbers>\d{4}(?:[.:-]?\d{2}){1,6}(?:[.:-]?\d{1,3}){0,2})" + _SUFFIX)
_BRANCH = regex(r"dev-.+|v?\d+(?:\.(?:\d+|[x*]))*-dev")
_DIGITS = regex(r"\d{1,18}")
_STEPS = {None: 4, "stable": 4, "a": 1, "alpha": 1, "b": 2, "beta": 2, "rc": 3, "p": 5, "pl": 5, "patch": 5}

Key = tuple[int, tuple[int, ...], int, tuple[int, ...], bool, str]


def key(version: str) -> Key:
    """Give what orders a version."""
    text = version.strip().lower()[:MAX_VERSION]
    branch = _BRANCH.fullmatch(text) is not None
    match = None if branch else _NUMBERS.fullmatch(text) or _DATE.fullmatch(text)
    if match is None:
        return int(branch), (), 0, (), False, text
    numbers = [int(part) for part in _DIGITS.findall(match["numbers"])]
    while numbers and not numbers[-1]:
        numbers.pop()
    more = tuple(int(part) for part in _DIGITS.findall(match["more"] or ""))
    return 2, tuple(numbers), _STEPS[match["step"]], more, match["dev"] is None, text


def ordered(versions: Iterable[str]) -> list[str]:
    """Sort versions, the oldest first."""
    return sorted(versions, key=key)


def prerelease(version: str) -> bool:
    """Say whether Composer's least stability, `stable`, leaves a version out."""
    kind, _, step, _, final, _ = key(version)
    return kind < 2 or step < 4 or not final


def highest(versions: Iterable[str]) -> str | None:
    """Give the highest version, one before a release only where there is nothing else."""
    every = ordered(versions)
    final = [version for version in every if not prerelease(version)]
    return next(iter((final or every)[::-1]), None)


def same(left: str, right: str) -> bool:
    """Say whether two spellings are one version: `v1.2` and `1.2.0.0`."""
    return left == right or (key(left)[0] == 2 and key(left)[:-1] == key(right)[:-1])
