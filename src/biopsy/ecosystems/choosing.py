"""Which version is meant, of those that a registry has."""

import difflib
from collections.abc import Callable, Sequence
from functools import cache

from biopsy.errors import UsageError


def chosen(
    name: str, wanted: str, ordered: Sequence[str], early: Callable[[str], bool], newest: str = ""
) -> str:
    """Give the version that is asked for, or the newest; UsageError names some where there is none.

    `ordered` stand oldest first. `newest` is what the registry calls so; without it, it is the last that is
    no pre-release.
    """
    if not ordered:
        raise UsageError(f"{name} has no version")
    if not wanted:
        final = [version for version in ordered if not early(version)]
        return newest if newest in ordered else (final or ordered)[-1]
    for version in (wanted, f"v{wanted}", wanted.removeprefix("v")):
        if version in ordered:
            return version
    close = difflib.get_close_matches(wanted, ordered[::-1], 4, 0.5) or ordered[:-5:-1]
    raise UsageError(f"{name} has no version {wanted}; there are, among others: {', '.join(close)}")


def univers_key(kind: str) -> Callable[[str], tuple[bool, object]]:
    """Make what orders versions by a class of univers; what is no version comes before all that are."""

    @cache
    def made() -> Callable[[str], object]:
        from univers import versions  # noqa: PLC0415 - a tenth of a second

        found: Callable[[str], object] = getattr(versions, kind)
        return found

    def key(version: str) -> tuple[bool, object]:
        try:
            return True, made()(version)
        except Exception:
            return False, version

    return key
