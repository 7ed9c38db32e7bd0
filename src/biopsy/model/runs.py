"""Runs: where a text has many characters of one sort in a row. A search for a fixed text, not a pattern."""

from collections.abc import Iterator

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def sort(characters: str) -> bytes:
    """Give the table for `runs` of these ASCII characters: they become `x`, all others a blank."""
    wanted = set(characters.encode("ascii"))
    return bytes(120 if byte in wanted else 32 for byte in range(256))


def runs(text: str, table: bytes, least: int) -> Iterator[tuple[int, int]]:
    """Yield where at least so many characters in a row are of a sort, each run whole: its start and its end.

    Many times faster than a pattern, and as fast whatever the text.
    """
    mapped, wanted = text.encode("ascii", "replace").translate(table), b"x" * least
    at = mapped.find(wanted)
    while at >= 0:
        end = mapped.find(b" ", at)
        end = len(mapped) if end < 0 else end
        yield at, end
        at = mapped.find(wanted, end)
