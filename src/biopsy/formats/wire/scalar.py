"""Text and numbers as every reader of JSON takes them."""

import math

from biopsy.model.release import Release

MAX_INTEGER = 2**53 - 1
"""Largest whole number that every reader of JSON keeps exact."""


def text(raw: str) -> str:
    """`raw` as Unicode text: a lone surrogate is written out, as no UTF-8 can hold it."""
    if raw.isascii():
        return raw
    return raw.encode("utf-8", "backslashreplace").decode()


def count(raw: int) -> int:
    """A whole number that is not negative."""
    return min(max(raw, 0), MAX_INTEGER)


def integer(raw: int | None) -> int | None:
    """A whole number, if there is one."""
    return None if raw is None else max(min(raw, MAX_INTEGER), -MAX_INTEGER)


def seconds(raw: float) -> float:
    """A duration that JSON can hold."""
    return round(raw, 6) if math.isfinite(raw) else 0.0


def moment(raw: float | None) -> float | None:
    """A moment, if there is one."""
    return None if raw is None else seconds(raw)


def texts(raw: tuple[str, ...]) -> tuple[str, ...]:
    """Each as Unicode text."""
    return tuple(map(text, raw))


def purl(release: Release) -> str:
    """A release's purl; where its name or version is none that a purl can hold, as near as can be."""
    try:
        return text(release.purl)
    except (ValueError, TypeError):  # how the library says that it cannot
        return text(f"pkg:{release.ecosystem}/{release.name}@{release.version}")
