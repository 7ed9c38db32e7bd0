"""Characters that are not drawn: where they stand in a row, and the bytes that they spell.

Three alphabets are known: variation selectors (256 of them, one a byte), tags (U+E0000, one a letter), and
two or more zero-width characters (one a bit).
"""

from msgspec import Struct

from biopsy.model.regex import regex

MAX_FOUND = 20
MIN_ROW = 8  # characters

_ROW = regex(
    f"[\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef\u3164\uffa0\u180e]{{{MIN_ROW},}}"
)
BIDI = regex("[\u202a-\u202e\u2066-\u2069]")
_QUICK = regex(
    "[\u200b\u200c\u2060-\u2064\ufe00\ufe01\U000e0000-\U000e01ef\u3164\uffa0\u202a-\u202e\u2066-\u2069]"
)


class Row(Struct, frozen=True):
    """A row of unseen characters: where it begins, its alphabet, and its bytes where they can be told."""

    at: int
    form: str  # `variation-selectors`, `tags`, `zero-width`
    data: bytes


def any_unseen(characters: str) -> bool:
    """Whether to look closer at a text of which these are the characters beyond ASCII."""
    return bool(_QUICK.search(characters))


def rows(text: str) -> list[Row]:
    """The rows of two or more different unseen characters; one alone, repeated, carries nothing."""
    found: list[Row] = []
    for match in _ROW.finditer(text):
        row = match[0]
        if len(set(row)) > 1 and len(found) < MAX_FOUND:
            found.append(Row(match.start(), *_spelt(row)))
    return found


def _spelt(row: str) -> tuple[str, bytes]:
    codes = [ord(c) for c in row]
    selectors = [c - 0xFE00 if c <= 0xFE0F else c - 0xE0100 + 16 for c in codes if _selects(c)]
    if len(selectors) * 2 > len(codes):
        return "variation-selectors", bytes(selectors)
    tags = [c - 0xE0000 for c in codes if 0xE0020 <= c <= 0xE007E]
    if len(tags) * 2 > len(codes):
        return "tags", bytes(tags)
    kinds = list(dict.fromkeys(codes))
    if len(kinds) < 2:
        return "zero-width", b""
    bits = "".join("01"[c == max(kinds[:2])] for c in codes if c in kinds[:2])
    whole = len(bits) // 8 * 8
    return "zero-width", int(bits[:whole] or "0", 2).to_bytes(whole // 8, "big")


def _selects(code: int) -> bool:
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
