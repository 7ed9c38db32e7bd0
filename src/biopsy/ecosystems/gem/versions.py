"""Ordering of gem versions, as `Gem::Version` has it."""

from collections.abc import Iterable
from typing import Any

from biopsy.model.regex import regex

MAX_VERSION = 256
"""Longest text that is taken for a version, in characters."""

_FORM = regex(r"\s*[0-9]+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\s*", 0)
_SEGMENT = regex(r"[0-9]+|[a-z]+", 2)  # re.IGNORECASE
_END = (1, 0, "")  # a number 0: after every word, so that 1.a comes before 1


def key(version: str) -> Any:
    """Give what orders a version; what is none comes first, by its text."""
    if len(version) > MAX_VERSION or not _FORM.fullmatch(version):
        return (0, (), version)
    parts = [_part(segment) for segment in _SEGMENT.findall(version.strip().replace("-", ".pre."))]
    while parts and parts[-1] == _END:
        parts.pop()
    first = next((at for at, part in enumerate(parts) if not part[0]), len(parts))
    release = parts[:first]
    while release and release[-1] == _END:  # 1.0.a is 1.a
        release.pop()
    return (1, (*release, *parts[first:], _END), version)


def _part(segment: str) -> tuple[int, int, str]:
    return (1, int(segment), "") if segment.isdigit() else (0, 0, segment)


def ordered(versions: Iterable[str]) -> list[str]:
    """Sort versions, the oldest first."""
    return sorted(versions, key=key)


def prerelease(version: str) -> bool:
    """Say whether a version is one before a release: a letter in it says so."""
    return any(char.isalpha() for char in version)


def highest(versions: Iterable[str]) -> str | None:
    """Give the highest version, a pre-release only where there is nothing else."""
    every = ordered(versions)
    return next(iter(([one for one in every if not prerelease(one)] or every)[::-1]), None)
