"""Which wheels the sandbox's machine would take: CPython 3.11 on glibc 2.36, x86-64."""

from functools import cache

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

PYTHON = (3, 11)
GLIBC = (2, 36)
MACHINE = "x86_64"

_LEGACY = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}


@cache
def ranks() -> dict[Tag, int]:
    """Give every tag that the sandbox takes, with its rank: the lowest is what pip prefers."""
    platforms = []
    for minor in range(GLIBC[1], 4, -1):
        platforms.append(f"manylinux_{GLIBC[0]}_{minor}_{MACHINE}")
        if name := _LEGACY.get((GLIBC[0], minor)):
            platforms.append(f"{name}_{MACHINE}")
    platforms.append(f"linux_{MACHINE}")
    tags = [*cpython_tags(PYTHON, platforms=platforms)]
    tags += compatible_tags(PYTHON, f"cp{PYTHON[0]}{PYTHON[1]}", platforms)
    ranked: dict[Tag, int] = {}
    for tag in tags:
        ranked.setdefault(tag, len(ranked))
    return ranked


def rank(filename: str) -> tuple[int, int] | None:
    """Rank a wheel as pip does, the best first: by tag, then by build number; None where it does not fit."""
    try:
        _, _, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return None
    best = min((ranks()[tag] for tag in tags if tag in ranks()), default=None)
    return None if best is None else (best, -(build[0] if build else 0))
