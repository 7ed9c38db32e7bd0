"""Folding of constants: what operators, indices and joins give when their operands are known."""

import operator
import re
from collections.abc import Callable

from biopsy.model.regex import regex
from biopsy.static.code.value import (
    HOLE,
    MAX_CONSTS,
    MAX_TEXT,
    Value,
    as_text,
    const,
    merge,
    taints,
    unknown,
)

_PERCENT = regex(r"%(?:\((\w+)\))?[-+ #0]*[\d.*]*[diouxXeEfFgGcrsa]")
_NUMBERS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "^": operator.xor,
    "xor": operator.xor,
    "&": operator.and_,
    "|": operator.or_,
    ">>": operator.rshift,
    "<<": operator.lshift,
}


def binary(op: str, left: Value, right: Value) -> Value:
    """`left op right`."""
    taint = left.taint | right.taint if right.taint else left.taint
    if op == "+" and left.items is not None and right.items is not None:
        return Value(items=(left.items + right.items)[:100_000], taint=taint)
    if op == "|" and (left.fields is not None or right.fields is not None):
        return Value(fields={**(left.fields or {}), **(right.fields or {})}, taint=taint)
    if op == "%" and left.consts and isinstance(left.consts[0], str):
        return _percent(left, right)
    if op == "/" and (left.consts or right.consts) and _is_text(left, right):
        return Value(consts=(path(left.text(), right.text()),), ref=left.ref, taint=taint)
    if op == "+" and _is_text(left, right):
        return _concat(left, right)
    if left.consts and right.consts:
        results = [_number(op, a, b) for a in left.consts[:4] for b in right.consts[:4]]
        return Value(
            consts=tuple(dict.fromkeys(r for r in results if r is not None))[:MAX_CONSTS], taint=taint
        )
    if op in {"+", "%"}:
        return unknown(left, right)
    return Value(taint=taint)


_COMPARED: dict[str, Callable[..., bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "===": operator.eq,
    "!==": operator.ne,
    "==": operator.eq,
    "!=": operator.ne,
}


def compare(op: str, left: Value, right: Value) -> Value:
    """`left op right` of two numbers, or of two texts without holes; else nothing is known."""
    if len(left.consts) != 1 or len(right.consts) != 1 or left.taint or right.taint or op not in _COMPARED:
        return Value()
    one, two = left.consts[0], right.consts[0]
    texts = left.whole() is not None and right.whole() is not None and type(one) is type(two)
    numbers = isinstance(one, int | float) and isinstance(two, int | float)
    return const(_COMPARED[op](one, two)) if texts or numbers else Value()


def _is_text(*values: Value) -> bool:
    return any(isinstance(c, str | bytes) for v in values for c in v.consts[:1])


def _concat(left: Value, right: Value) -> Value:
    taint = taints((left, right))
    if isinstance(left.whole(), bytes) or isinstance(right.whole(), bytes):
        a, b = left.whole(), right.whole()
        if isinstance(a, bytes) and isinstance(b, bytes) and len(a) + len(b) <= MAX_TEXT:
            return const(a + b, taint)
        if isinstance(a, str | bytes) and isinstance(b, str | bytes):  # JavaScript makes texts of both
            return const(_plain(a) + _plain(b), taint)
        return Value(taint=taint)
    ones, twos = list(left.texts()) or [_flat(left)], list(right.texts()) or [_flat(right)]
    texts = [a + b for a in ones for b in twos if len(a) + len(b) <= MAX_TEXT]
    return Value(consts=tuple(dict.fromkeys(texts[:MAX_CONSTS])), taint=taint)


def _plain(part: str | bytes) -> str:
    return part if isinstance(part, str) else part.decode("utf-8", "replace")


def _flat(value: Value) -> str:
    """How JavaScript prints an array inside a text; a hole for all else."""
    if value.items is not None and all(i.consts for i in value.items[:1000]):
        return ",".join(i.text() for i in value.items[:1000])
    return HOLE


def _number(op: str, a: object, b: object) -> object:
    if op == "xor" and isinstance(a, str) and isinstance(b, str):  # PHP's, character by character
        return "".join(chr(ord(x) ^ ord(y)) for x, y in zip(a, b, strict=False))
    if isinstance(a, str | bytes) and isinstance(b, int) and op == "*":
        return a * b if 0 <= len(a) * b <= MAX_TEXT else None
    if op == "xor":  # of a byte of a text, or a character, and a number
        a, b = (ord(v) if isinstance(v, str) and len(v) == 1 else v for v in (a, b))
    if not isinstance(a, int | float) or not isinstance(b, int | float):
        return None
    try:
        if op == "/":
            return a / b
        if op == "**":
            return a**b if abs(b) < 64 and abs(a) < 2**16 else None
        if op in {"<<", ">>"} and not 0 <= b < 64:
            return None
        result = _NUMBERS[op](a, b)  # type: ignore[arg-type]
    except (KeyError, TypeError, ArithmeticError, ValueError):
        return None
    return result if abs(result) < 2**128 else None


def _percent(left: Value, right: Value) -> Value:
    taint = left.taint | right.all_taint()
    pieces = left.text().replace("%%", "%\0")
    given = right.items if right.items is not None else [right]
    at = 0

    def fill(match: re.Match[str]) -> str:
        nonlocal at
        if match[1] and right.fields is not None:
            held = right.fields.get(match[1])
            return held.text() if held and held.consts else HOLE
        value = given[at] if at < len(given) else None
        at += 1
        return value.text() if value and value.consts else HOLE

    return const(_PERCENT.sub(fill, pieces).replace("%\0", "%"), taint)


def join(parts: list[Value], separator: str = "") -> Value:
    """Parts put together as text."""
    taint = taints(parts)
    wide = [p for p in parts if len(p.consts) > 1]
    if len(wide) == 1:
        texts = [separator.join(c if p is wide[0] else p.text() for p in parts) for c in wide[0].texts()]
        return Value(consts=tuple(texts[:MAX_CONSTS]), taint=taint)
    return const(separator.join(p.text() for p in parts), taint)


MAX_SEVERAL = 5000  # places of a text that are asked for at once
_DEEP = f"/{HOLE}/{HOLE}"


def path(left: str, right: str) -> str:
    """Two parts of a path as one."""
    if right.startswith("/") or not left:
        return right
    while right.startswith("./"):
        right = right[2:]
    if right == HOLE and left.endswith(_DEEP):
        return left  # however deep it goes
    return f"{left.rstrip('/')}/{right}" if right else left


def items(value: Value, *, keys: bool = False) -> list[Value] | None:
    """What iterating a value gives, one by one; None where that is not known."""
    if value.items is not None and not keys:
        return value.items
    if value.fields is not None and not value.made:
        return [const(k, value.taint) for k in value.fields if HOLE not in k] or None
    if value.ref.startswith("pathlib."):
        return None
    whole = value.whole()
    if isinstance(whole, str):
        return [const(c, value.taint) for c in whole[:20_001]]
    if isinstance(whole, bytes):
        return [const(c, value.taint) for c in whole[:20_001]]
    return None


def index(obj: Value, key: Value) -> Value | None:
    """`obj[key]` where both are known well enough; None where not."""
    if key.items and obj.whole() is not None:  # several at once
        several = [index(obj, one) for one in key.items[:MAX_SEVERAL]]
        return Value(items=[one or Value() for one in several], taint=obj.taint)
    if len(key.consts) != 1:
        return None
    at = key.consts[0]
    if isinstance(at, str) and at.isdigit() and obj.items is not None:
        at = int(at)
    if isinstance(at, float) and at.is_integer():
        at = int(at)
    if isinstance(at, int) and not isinstance(at, bool):
        if obj.items is not None:
            return obj.items[at] if -len(obj.items) <= at < len(obj.items) else Value(taint=obj.taint)
        whole = obj.whole()
        if whole is not None and -len(whole) <= at < len(whole):
            return const(whole[at], obj.taint)
    if obj.fields is not None and (held := obj.fields.get(as_text(at))) is not None:
        return held if not obj.taint else merge([held, Value(taint=obj.taint)])
    return None


MIN_ALPHABET = 10  # digits alone
MAX_ALPHABET = 256


def alphabet(obj: Value) -> bool:
    """Whether something holds letters, or bytes, of which each stands for a number."""
    whole = obj.whole()
    if whole is not None:
        return MIN_ALPHABET <= len(whole) <= MAX_ALPHABET and len(set(whole)) == len(whole)
    letters = obj.items if obj.items is not None and obj.fields is None else []
    return MIN_ALPHABET <= len(letters) <= MAX_ALPHABET and all(
        len(one.consts) == 1 and (isinstance(one.consts[0], int) or len(one.text()) <= 2) for one in letters
    )


def cut(obj: Value, ends: "list[Value | None]") -> Value:
    """`obj[low:high:step]`."""
    bounds: list[int | None] = []
    for end in ends:
        number = end.consts[0] if end is not None and len(end.consts) == 1 else None
        if end is not None and number is None and not end.consts:
            return unknown(obj)
        bounds.append(number if isinstance(number, int) else None)
    if bounds[2] == 0:
        return unknown(obj)
    piece = slice(*bounds)
    if obj.items is not None:
        return Value(items=obj.items[piece], taint=obj.taint)
    cuts = tuple(c[piece] for c in obj.consts if isinstance(c, str | bytes))
    return Value(consts=cuts, taint=obj.taint) if cuts else unknown(obj)
