"""Small conversions that languages share: numbers and quoted characters inside texts."""

import urllib.parse

from biopsy.model.regex import regex

_LEADING = regex(r"[+-]?(?:0[xX][0-9a-fA-F]+|\d+)")


def leading_number(text: str) -> int | None:
    """The number that a text begins with, as JavaScript's parseInt reads it."""
    match = _LEADING.match(text)
    if not match or len(match[0]) > 300:
        return None
    return int(match[0], 16) if "x" in match[0].lower() else int(match[0])


def unquote(text: str) -> str:
    """Percent-encoding undone."""
    return urllib.parse.unquote(text) if len(text) < 1_000_000 else text
