"""Amounts as people read them."""

import math

LONGEST = 10_000_000.0
"""Seconds beyond which no clock of a run can be believed."""


def real(seconds: float | None) -> float:
    """A time that can be drawn: finite, not negative, not absurd."""
    if seconds is None or not math.isfinite(seconds):
        return 0.0
    return min(max(seconds, 0.0), LONGEST)


def size(count: int) -> str:
    """Bytes: `812 B`, `4.2 KB`, `18 MB`."""
    amount = float(max(count, 0))
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def span(seconds: float) -> str:
    """A duration: `20 ms`, `1.3 s`, `2 min 5 s`."""
    if not math.isfinite(seconds) or seconds < 0:
        return "–"
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def many(count: int, one: str, more: str = "") -> str:
    """`1 file`, `3 files`, `2 processes`."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
