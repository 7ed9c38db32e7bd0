"""What functions of texts and numbers give where all that they get is known, in many languages' spellings."""

import re
from collections.abc import Callable, Mapping, Sequence

from biopsy.model.regex import regex
from biopsy.static.code import fold
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import HOLE, MAX_TEXT, Value, as_text, const, taints

MAX_ITEMS = 100_000  # of a list that is made of a text
_PLACE = regex(r"%%|\{\{|\}\}|%[-+ 0#]*\d*(?:\.\d+)?[a-zA-Z]|%[<{](\w+)[>}]s?|\{([^{}]*)\}")
_WIDTHS = {"C": 1, "c": 1, "U": 1, "S": 2, "n": 2, "L": 4, "N": 4}


def _spread(letters: str) -> str:
    """`a-z` as all letters between."""
    out = re.sub(
        r"(.)-(.)",
        lambda m: "".join(map(chr, range(ord(m[1]), min(ord(m[2]), ord(m[1]) + 512) + 1))),
        letters,
    )
    return out[:4096]


def _tr(text: str, args: Sequence[Value]) -> Value | None:
    old, new = (a.whole() for a in args[:2])
    if not isinstance(old, str) or not isinstance(new, str):
        return None
    before, after = _spread(old), _spread(new)
    after += after[-1:] * (len(before) - len(after))
    return const(text.translate(dict(zip(map(ord, before), after, strict=False))))


def _bytes(text: str | bytes) -> Value:
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return Value(items=[const(b) for b in raw[:MAX_ITEMS]])


def _chars(text: str) -> Value:
    return Value(items=[const(c) for c in text[:MAX_ITEMS]])


def _number(text: str, args: Sequence[Value]) -> Value | None:
    base = args[0].consts[0] if args and args[0].consts else 10
    digits = re.match(r"\s*([-+]?[0-9a-zA-Z]+)", text)
    try:
        return const(int(digits[1][:400], base if isinstance(base, int) else 10)) if digits else const(0)
    except ValueError:
        return None


def _hexed(text: str) -> Value | None:
    return const(int(text, 16)) if re.fullmatch(r"[0-9a-fA-F]{1,32}", text) else None


def _scan(text: str, args: Sequence[Value]) -> Value | None:
    """Ruby's `scan(/../)`: pieces of a fixed length."""
    form = as_text(args[0].whole() or "").strip("/m") if args else ""
    return _pieces(text, len(form)) if form and set(form) == {"."} else None


def _pieces(text: str, size: int) -> Value:
    many = range(0, min(len(text), MAX_ITEMS), max(size, 1))
    return Value(items=[const(text[i : i + max(size, 1)]) for i in many])


_METHODS: dict[str, Callable[[str, Sequence[Value]], Value | None]] = {
    "tr": _tr,
    "to_i": _number,
    "scan": _scan,
    "bytes": lambda t, _: _bytes(t),
    "chars": lambda t, _: _chars(t),
    "reverse": lambda t, _: const(t[::-1]),
    "hex": lambda t, _: _hexed(t),
    "ord": lambda t, _: const(ord(t[0])) if t else None,
}


def method(call: Invocation) -> Value | None:
    """A method of a text or a list that is known; None where it is not one of these."""
    obj = call.receiver
    if obj is None:
        return None
    if obj.items is not None:
        return _of_list(obj, call)
    if call.name == "chr" and obj.consts and isinstance(obj.consts[0], int):
        return chars([obj])
    if call.name == "xor" and call.args:
        return fold.binary("xor", obj, call.args[0])
    if call.name in _GROWS and obj.fields is None and len(call.args) == 1 and obj.ref in {"", "text"}:
        return _grown(obj, call.args[0])
    folder, whole = _METHODS.get(call.name), obj.whole()
    if folder is None or whole is None:
        return None
    made = folder(as_text(whole), call.args)
    if made is None or not obj.taint:
        return made
    made.taint |= obj.taint
    return made


_GROWS = frozenset({"push", "append", "concat", "write_str"})


def _grown(obj: Value, more: Value) -> Value:
    """A text to which another is added, in its place."""
    obj.take(more.all_taint())
    added = more.consts[0] if more.consts else HOLE
    text = chr(added) if isinstance(added, int) and 0 <= added <= 0x10FFFF else as_text(added)
    whole = as_text(obj.consts[0]) if obj.consts else ""
    if obj.consts and len(whole) + len(text) <= MAX_TEXT:
        obj.consts = (whole + text,)
    return obj


def each_of(obj: Value) -> Value | None:
    """The characters of a text that is known, or the pairs of a map, one by one."""
    if obj.fields and not obj.made:
        pairs = [Value(items=[const(k), v]) for k, v in obj.fields.items() if k]
        return Value(items=pairs[:MAX_ITEMS], taint=obj.taint)
    whole = obj.whole()
    if whole is None or obj.fields:
        return None
    made = _chars(whole) if isinstance(whole, str) else _bytes(whole)
    return Value(items=made.items, taint=obj.taint)


def braces(text: str) -> list[str]:
    """A pattern of paths with each of its `{a,b}` in turn."""
    match = re.search(r"\{([^{}]{1,200})\}", text)
    if not match or "," not in match[1]:
        return [text]
    ways = match[1].split(",")[:12]
    return [one for w in ways for one in braces(text[: match.start()] + w + text[match.end() :])][:24]


def _of_list(obj: Value, call: Invocation) -> Value | None:
    items = obj.items or []
    match call.name:
        case "each_slice" | "chunks":
            size = call.arg(0).consts[0] if call.arg(0).consts else 2
            step = size if isinstance(size, int) and size > 0 else 2
            return Value(items=[Value(items=items[i : i + step]) for i in range(0, len(items), step)])
        case "with_index" | "each_with_index" | "enumerate" | "zip" if (
            call.name != "zip" or call.arg(0).items
        ):
            other = [const(n) for n in range(len(items))] if call.name != "zip" else call.arg(0).items or []
            return Value(
                items=[Value(items=[a, b]) for a, b in zip(items, other, strict=False)], taint=obj.taint
            )
        case "first" | "last" if items:
            return items[0 if call.name == "first" else -1]
        case "utf8":
            return chars(items)
    return None


def chars(items: Sequence[Value]) -> Value | None:
    """A text of the numbers of its characters."""
    numbers = [i.consts[0] if i.consts else None for i in items[:MAX_ITEMS]]
    taint = taints(list(items))
    if not all(isinstance(n, int | float) or (isinstance(n, str) and len(n) == 1) for n in numbers):
        return Value(taint=taint)
    made = "".join(n if isinstance(n, str) else _char(n) for n in numbers if isinstance(n, str | int | float))
    return const(made, taint)


def _char(number: float) -> str:
    return chr(int(number)) if 0 <= number <= 0x10FFFF else ""


def packed(how: str, items: Sequence[Value]) -> Value | None:
    """Numbers or texts, put together by a letter."""
    if how[:1] in {"C", "c", "U"}:
        return chars(items)
    if how[:1] in {"a", "A"} and items:
        return items[0]
    return None


def unpacked(how: str, held: Value) -> Value | None:
    """…and taken apart."""
    whole = held.whole()
    if whole is None:
        return None
    if how[:1] in {"C", "c", "U"}:
        made = _bytes(whole)
        return Value(items=made.items, taint=held.taint)
    return None


def named(text: str) -> tuple[str, ...]:
    """The variables that a text names inside its braces."""
    found = (m[2].partition(":")[0] for m in _PLACE.finditer(text[:10_000]) if m[2])
    return tuple(dict.fromkeys(n for n in found if n.isidentifier()))[:50]


def formatted(args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """A text with `%s` or `{}` in it, filled in."""
    if not args:
        return Value()
    given = [v for a in args[1:] for v in (a.items if a.items is not None else [a])]
    at = iter(given)

    def fill(match: re.Match[str]) -> str:
        if match[0] in {"%%", "{{", "}}"}:
            return match[0][0]
        key = (match[1] or match[2] or "").partition(":")[0]
        if key.isdigit():
            value = given[int(key)] if int(key) < len(given) else Value()
        else:
            value = named.get(key, Value()) if key else next(at, Value())
        if match[0].endswith("c") and value.consts and isinstance(value.consts[0], int):
            return chr(value.consts[0] & 0xFFFF)
        return value.text() if value.consts else HOLE

    every = [*args, *named.values()]
    text = args[0].text() if args[0].consts else HOLE
    return const(_PLACE.sub(fill, text[:MAX_TEXT]), taints(every))


# functions, by the name that a table gives them


def _text_of(call: Invocation, at: int = 0) -> str:
    whole = call.arg(at).whole()
    if whole is None:
        raise ValueError("not known")
    return as_text(whole)


def _int_of(call: Invocation, at: int, default: int | None = None) -> int | None:
    held = call.arg(at).consts
    return int(held[0]) if held and isinstance(held[0], int | float) else default


def _slice(call: Invocation) -> Value:
    text, low, size = _text_of(call), _int_of(call, 1, 0) or 0, _int_of(call, 2)
    low = max(len(text) + low, 0) if low < 0 else low
    return const(text[low:] if size is None else text[low : low + size] if size >= 0 else text[low:size])


def _split(call: Invocation) -> Value:
    sep, text = _text_of(call, 0), _text_of(call, 1)
    return Value(items=[const(p) for p in (text.split(sep) if sep else list(text))[:MAX_ITEMS]])


def _swap(call: Invocation) -> Value:
    """PHP's `str_replace(old, new, text)`, of texts or lists of them."""
    olds, news = call.arg(0), call.arg(1)
    text = _text_of(call, 2)
    for at, old in enumerate(olds.items if olds.items is not None else [olds]):
        many = news.items if news.items is not None else None
        new = many[at].text() if many and at < len(many) else "" if many is not None else news.text()
        text = text.replace(old.text(), new)[:MAX_TEXT]
    return const(text)


def _translate(call: Invocation) -> Value | None:
    if call.arg(1).fields is not None:
        text = _text_of(call)
        for old, new in list((call.arg(1).fields or {}).items())[:500]:
            text = text.replace(old, new.text())[:MAX_TEXT]
        return const(text)
    return _tr(_text_of(call), call.args[1:])


def _implode(call: Invocation) -> Value:
    items = call.arg(1).items if call.arg(1).items is not None else call.arg(0).items
    sep = call.arg(0).text() if call.arg(0).consts else call.arg(1).text() if call.arg(1).consts else ""
    return fold.join(items or [], sep)


def _each(call: Invocation) -> Value | None:
    return None if call.arg(1).items is None else Value(items=call.arg(1).items)


def _repeat(call: Invocation) -> Value:
    return fold.binary("*", call.arg(0), call.arg(1))


def _struct(call: Invocation) -> Value:
    """An object with its fields."""
    of, given = call.arg(0), call.arg(1)
    fields = {**(of.fields or {}), **(given.fields or {})}
    return Value(ref=of.ref, fields=fields, bases=of.bases, made=bool(of.fields), taint=given.taint)


def _texted(call: Invocation) -> Value | None:
    """A text of bytes, or of one character's number."""
    held = call.arg(0)
    if held.items is not None:
        return chars(held.items)
    return chars([held]) if held.consts and isinstance(held.consts[0], int) else held


def _letters(held: Value) -> Value:
    """A text, or numbers, as letters one by one."""
    if held.items is None:
        return each_of(held) or held
    return Value(items=[chars([i]) or i for i in held.items[:MAX_ITEMS]])


def _append(call: Invocation) -> Value:
    """Go's `append(list, more…)`, which may also make a text of bytes longer."""
    held, more = call.arg(0), call.args[1:]
    if held.items is None and held.consts:
        return fold.join(
            [held, *[chars([m]) or m if m.consts and isinstance(m.consts[0], int) else m for m in more]]
        )
    return Value(ref=held.ref, items=[*(held.items or []), *more][:MAX_ITEMS], taint=held.taint)


def _replaced(call: Invocation) -> Value:
    old, new = call.arg(1).text(), call.arg(2).text() if call.arg(2).consts else HOLE
    return const(_text_of(call).replace(old, new)[:MAX_TEXT]) if old else call.arg(0)


def _split_of(call: Invocation) -> Value:
    sep, text = call.arg(1).text() if call.arg(1).consts else None, _text_of(call)
    return Value(items=[const(p) for p in (list(text) if sep == "" else text.split(sep))[:MAX_ITEMS]])


def _numbers(call: Invocation, more: int = 0) -> Value:
    low, high = _int_of(call, 0, 0) or 0, (_int_of(call, 1, 0) or 0) + more
    return Value(items=[const(n) for n in range(low, min(high, low + MAX_ITEMS))])


def _items_of(call: Invocation, at: int, instead: list[Value]) -> list[Value]:
    held = call.arg(at).items
    return instead if held is None else held


def _len(call: Invocation) -> Value:
    held = call.arg(0).items
    return const(len(_text_of(call) if held is None else held))


FUNCTIONS: dict[str, Callable[[Invocation], Value | None]] = {
    "append": _append,
    "split_of": _split_of,
    "swap_of": _replaced,
    "joined": lambda c: fold.join(c.arg(0).items or [], c.arg(1).text() if c.arg(1).consts else ""),
    "joined_first": lambda c: fold.join(_items_of(c, 1, c.args[1:]), as_text(c.arg(0).whole() or "")),
    "struct": _struct,
    "text": _texted,
    "list": lambda _: Value(items=[]),
    "letters": lambda c: _letters(c.arg(0)),
    "chr": lambda c: chars([c.arg(0)]),
    "chars": lambda c: chars(_items_of(c, 0, c.args)),
    "ord": lambda c: const(ord(_text_of(c)[0])),
    "slice": _slice,
    "split": _split,
    "swap": _swap,
    "translate": _translate,
    "implode": _implode,
    "repeat": _repeat,
    "reverse": lambda c: const(_text_of(c)[::-1]),
    "items": lambda c: Value(items=list(c.arg(0).items or [])),
    "chunk": lambda c: _pieces(_text_of(c), _int_of(c, 1, 1) or 1),
    "chars_of": lambda c: _chars(_text_of(c)),
    "lower": lambda c: const(_text_of(c).lower()),
    "upper": lambda c: const(_text_of(c).upper()),
    "trim": lambda c: const(_text_of(c).strip()),
    "number": lambda c: _number(_text_of(c), c.args[1:]),
    "hex_number": lambda c: _hexed(_text_of(c)),
    "hex": lambda c: const(_text_of(c).encode("utf-8").hex()),
    "len": _len,
    "pair": lambda c: Value(items=list(c.args)),
    "range": _numbers,
    "range_whole": lambda c: _numbers(c, 1),
    "reversed": lambda c: Value(items=_items_of(c, 0, [])[::-1]),
}


def function(how: str, call: Invocation) -> Value | None:
    """What a function of this name gives; None where not enough is known."""
    try:
        made = FUNCTIONS[how](call)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    taint = taints(call.all())
    if made is not None and taint:
        made.taint |= taint
    return made
