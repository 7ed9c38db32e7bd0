"""Ordering of crates' versions: Semantic Versioning 2.0.0, which Cargo demands of all."""

from collections.abc import Iterable
from typing import Any

from biopsy.model.regex import regex

_VERSION = regex(
    r"(\d{1,30})\.(\d{1,30})\.(\d{1,30})(?:-([0-9A-Za-z.-]{1,200}))?(?:\+([0-9A-Za-z.-]{1,200}))?"
)
_NONE = (0, 0, 0)


def key(version: str) -> Any:
    """Give what orders a version: by the specification's section 11, then by build; what is none is first."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return (False, _NONE, (), "", version)
    numbers = tuple(int(match[part]) for part in (1, 2, 3))
    early = match[4]
    return (True, numbers, _early(early) if early else ((2, 0, ""),), match[5] or "", version)


def _early(text: str) -> tuple[tuple[int, int, str], ...]:
    """Order the parts of a pre-release: numbers by their value, before words; fewer parts before more."""
    parts = ((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in text.split("."))
    return tuple(parts)


def prerelease(version: str) -> bool:
    """Say whether a version has a pre-release part."""
    return "-" in version.partition("+")[0]


def ordered(versions: Iterable[str]) -> list[str]:
    """Sort versions, the oldest first."""
    return sorted(versions, key=key)
