"""Ordering of npm versions, as node-semver has it."""

from collections.abc import Iterable
from functools import cache, cmp_to_key
from typing import Any

MAX_VERSION = 256
"""Longest text that node-semver takes for a version, in characters."""


def key(version: str) -> Any:
    """Give what orders a version: as node-semver's loose rules do, then by text; what is none comes first."""
    return cmp_to_key(_compare)((_parse(version), version))


def ordered(versions: Iterable[str]) -> list[str]:
    """Sort versions, the oldest first."""
    return sorted(versions, key=key)


def highest(versions: Iterable[str]) -> str | None:
    """Give the highest version, a pre-release only where there is nothing else."""
    every = [v for v in ordered(versions) if _parse(v) is not None]
    final = [v for v in every if not prerelease(v)]
    return next(iter((final or every)[::-1]), None)


def prerelease(version: str) -> bool:
    """Say whether a version has a pre-release part."""
    return "-" in version.partition("+")[0]


def _parse(text: str) -> Any:
    if len(text) > MAX_VERSION:
        return None
    try:
        return _semver().make_semver(text, loose=True)
    except (ValueError, IndexError, AttributeError, TypeError):
        return None


@cache
def _semver() -> Any:
    import logging  # noqa: PLC0415

    import nodesemver  # noqa: PLC0415 - slow to import, and a local package's version is compared with none

    logging.getLogger("nodesemver").setLevel(logging.WARNING)
    return nodesemver


def _compare(left: tuple[Any, str], right: tuple[Any, str]) -> int:
    if left[0] is None or right[0] is None:
        order = (left[0] is not None) - (right[0] is not None)
    else:
        order = int(left[0].compare(right[0]))
    return order or (left[1] > right[1]) - (left[1] < right[1])
