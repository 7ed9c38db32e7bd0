"""Data that stand in files of a package or in texts, as values."""

import msgspec

from biopsy.static.code.value import CLEAN, Taint, Value, const

MAX_DATA = 512 * 1024  # bytes of JSON that are looked into
MAX_HELD = 20_000  # values of one


def parsed(text: str | bytes, taint: Taint = CLEAN) -> Value:
    """What a JSON text holds; only its taint where it is none, or too much."""
    if len(text) > MAX_DATA:
        return Value(taint=taint)
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return Value(taint=taint)
    left = MAX_HELD

    def value(one: object, depth: int) -> Value:
        nonlocal left
        left -= 1
        if left < 0 or depth > 20:
            return Value(taint=taint)
        if isinstance(one, dict):
            return Value(fields={str(k): value(v, depth + 1) for k, v in one.items()}, taint=taint)
        if isinstance(one, list):
            return Value(items=[value(v, depth + 1) for v in one], taint=taint)
        return const(one, taint)

    return value(document, 0)
