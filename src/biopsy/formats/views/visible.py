r"""Hostile text made visible: what a reader could not see, or what would act on the reader, is spelled out.

Control characters (they drive terminals), direction marks (they reorder a line), characters of no width and
lone surrogates stand as `\x1b`, `\u202e`, `\U000e0041`. A long run of them becomes its count, so that bytes
hidden in variation selectors cannot fill the page that reports them.
"""

from collections.abc import Iterator
from itertools import groupby

from biopsy.model.regex import regex

MAX_RUN = 12
"""Longest run of invisible characters spelled out one by one."""

_ASCII = regex(r"[ -~]+|[^ -~]+")
# Printable by Unicode's word, and yet nothing to see: fillers, joiners, selectors, the blank Braille pattern.
_BLANK = regex(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def _odd(char: str) -> bool:
    return not char.isprintable() or _BLANK.match(char) is not None


def _spell(char: str) -> str:
    number = ord(char)
    if number < 0x100:
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def parts(text: str, *, lines: bool = False) -> Iterator[tuple[bool, str]]:
    """Cut `text` into (spelled out?, text safe to show); `lines` leaves line breaks and tabs alone."""
    if text.isascii() and text.isprintable():  # as nearly everything is
        if text:
            yield False, text
        return
    if lines:
        text = text.replace("\r\n", "\n")
    for match in _ASCII.finditer(text):
        if " " <= match[0][0] <= "~":
            yield False, match[0]
            continue
        for odd, group in groupby(match[0], lambda char: _odd(char) and not (lines and char in "\n\t")):
            chars = "".join(group)
            if not odd:
                yield False, chars
            elif len(chars) > MAX_RUN:
                yield True, f"\u2039{len(chars)} invisible characters\u203a"
            else:
                yield True, "".join(map(_spell, chars))


def visible(text: str, *, lines: bool = False, limit: int = 0) -> str:
    """Make `text` safe to show, in one line unless `lines`; past `limit` characters it ends in `…`."""
    cut = bool(limit) and len(text) > limit
    shown = "".join(part for _, part in parts(text[:limit] if cut else text, lines=lines))
    if limit and len(shown) > limit:
        shown, cut = shown[:limit], True
    return f"{shown}…" if cut else shown
