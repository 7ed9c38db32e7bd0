"""Methods of texts, bytes and containers, folded where all is known; names of Python and JavaScript alike."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

import re
from collections.abc import Callable

from biopsy.model.regex import regex
from biopsy.static.code import fold
from biopsy.static.code.interpret import Interpreter
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import (
    CLEAN,
    HOLE,
    MAX_TEXT,
    Taint,
    Value,
    as_text,
    changed,
    clean,
    const,
    merge,
    unknown,
)
from biopsy.static.secrets import is_secret_name

_ANCHORED = regex(r"(?s)^\^(\w+).*|^.*$")
MIN_PREFIX = 3  # characters from which the beginning of a variable's name tells whose it is
_QUIET = frozenset(
    {
        "startswith",
        "endswith",
        "isdigit",
        "isalpha",
        "isalnum",
        "isnumeric",
        "includes",
        "indexOf",
        "startsWith",
        "endsWith",
        "index",
        "find",
        "count",
        "test",
        "has",
        "hasOwnProperty",
        "close",
        "isspace",
        "isidentifier",
        "search",
        "raise_for_status",
        "lastIndexOf",
        "localeCompare",
    }
)
"""Methods whose result tells too little of their object to carry its taint."""


def method(run: Interpreter, call: Invocation) -> Value | None:
    """Call a method on a value that is no library object; None where nothing is known."""
    obj = call.receiver
    if obj is None:
        return None
    if call.name in _QUIET:
        run.compared([obj, *call.args], call.line)
        if call.name in {"startsWith", "indexOf"} and call.args:
            _narrow(obj, call.args[0].text())
        elif call.name == "test" and call.args and obj.fields and "source" in obj.fields:
            _narrow(call.args[0], _ANCHORED.sub(r"\1", obj.fields["source"].text()))
        return Value()
    if call.name in {"get", "pop"} and call.args and obj.fields is None:
        held = run.drawn(obj, call.args[0], call.line)
        if held is not None:
            return merge([held, *call.args[1:2]])
    if obj.items is not None or obj.fields is not None:
        result = _container(run, obj, call)
        if result is not None:
            return result
    if obj.consts and (known := _FOLDERS.get(call.name)):
        results = []
        for one in obj.consts:
            folded = _safe(known, one, call)
            if folded is None:
                break
            results.append(folded)
        else:
            merged = merge(results)
            taint = obj.taint.union(*(a.all_taint() for a in call.args))
            items = [_piece(i, taint) for i in merged.items] if merged.items and taint else merged.items
            return Value(merged.consts, merged.ref, merged.taint | taint, items, merged.fields)
    if call.name in {"toLowerCase", "toUpperCase"} and not obj.consts:
        return obj
    if obj.taint or any(a.all_taint() for a in call.args):
        return unknown(obj, *call.all())
    return None


def _piece(item: Value, taint: Taint) -> Value:
    """A piece of a text: where it holds what is not known, that is what the text came from."""
    return Value(item.consts, item.ref, item.taint | taint) if HOLE in item.text() else item


def _narrow(names: Value, prefix: str) -> None:
    """Names that begin so are those of one program's settings, unless they are names of secrets."""
    if len(prefix) > MIN_PREFIX and prefix.isascii() and not is_secret_name(prefix.strip("_")):
        names.taint = frozenset(t for t in names.taint if not t.startswith("keys "))
        changed()


def _safe(folder: "Folder", one: object, call: Invocation) -> Value | None:
    try:
        return folder(one, call)
    except (ValueError, TypeError, IndexError, KeyError, LookupError, OverflowError, AttributeError):
        return None


def _container(run: Interpreter, obj: Value, call: Invocation) -> Value | None:
    args = call.args
    match call.name:
        case "unshift" | "appendleft" if obj.items is not None:
            if len(obj.items) < 100_000:
                obj.items[:0] = args
                changed()
            return Value()
        case "append" | "push" | "add" if obj.items is not None:
            if len(obj.items) < 100_000:
                obj.items.extend(args)
                if not all(clean(a) for a in args):
                    changed()
            return Value()
        case "extend" if obj.items is not None and args:
            more = fold.items(args[0])
            obj.items.extend(more if more is not None else [unknown(args[0])])
            changed()
            return Value()
        case "concat" if obj.items is not None:
            more = [i for a in args for i in (a.items if a.items is not None else [a])]
            return Value(items=obj.items + more, taint=obj.taint)
        case "join" if obj.items is not None and (not args or args[0].consts):
            return fold.join(obj.items, args[0].text() if args else ",")
        case "reverse" | "reversed" if obj.items is not None:
            obj.items.reverse()
            changed()
            return obj
        case "slice" if obj.items is not None:
            return fold.cut(obj, [*args[:2], *([None] * (3 - len(args[:2])))])
        case "map" | "forEach" | "filter" | "flatMap" | "some" | "every" | "find" if (
            obj.items is not None and args
        ):
            return each(run, obj, args[0], call)
        case "reduce" if obj.items is not None and args and args[0].func:
            carried = args[1] if len(args) > 1 else Value()
            for item in obj.items[:2000]:
                carried = run.enter(args[0].func, [carried, item], {})
            return carried
        case "pop" | "shift" if obj.items:
            changed()
            return obj.items.pop(0 if call.name == "shift" else -1)
    return _fields(run, obj, call)


def _fields(run: Interpreter, obj: Value, call: Invocation) -> Value | None:
    args = call.args
    match call.name:
        case "update" if obj.fields is not None:
            for arg in call.all():
                obj.fields.update(arg.fields or {})
                obj.taint |= arg.taint
            changed()
            return Value()
        case "get" | "setdefault" | "pop" if obj.fields is not None and args and args[0].consts:
            held = obj.fields.get(args[0].text()) or run.drawn(obj, args[0], call.line)
            return (
                merge([v for v in (held, *args[1:2]) if v is not None]) if held or args[1:] else unknown(obj)
            )
        case "items" if obj.fields is not None and not args:
            pairs = [Value(items=[const(k), v]) for k, v in obj.fields.items() if k]
            return Value(items=pairs, taint=obj.taint)
        case "values" if obj.fields is not None and not args:
            return Value(items=[v for k, v in obj.fields.items() if k], taint=obj.taint)
        case "keys" if obj.fields is not None and not args:
            return Value(items=[const(k) for k in obj.fields if k], taint=obj.taint)
        case "copy":
            return Value(
                items=list(obj.items) if obj.items is not None else None,
                fields=dict(obj.fields) if obj.fields is not None else None,
                taint=obj.taint,
            )
    return None


def each(run: Interpreter, obj: Value, function: Value, call: Invocation) -> Value:
    """Call a local function for every item of a list."""
    if function.func is None:
        call_each = [
            run.call(function, Invocation(function.ref, "", [i], {}, call.line))
            for i in (obj.items or [])[:200]
        ]
        if call.name == "filter":
            return obj
        return Value(items=call_each, taint=obj.taint)
    results = [run.enter(function.func, [i, const(n)], {}) for n, i in enumerate((obj.items or [])[:5000])]
    if call.name == "filter":
        return obj
    return Value(items=results, taint=obj.taint) if call.name in {"map", "flatMap"} else unknown(obj)


Folder = Callable[[object, Invocation], Value | None]


def _arg(call: Invocation, at: int) -> str:
    whole = call.args[at].whole()
    if whole is None:
        raise ValueError("not known")
    return as_text(whole)


def _int(call: Invocation, at: int, default: int | None = None) -> int | None:
    if at >= len(call.args):
        return default
    number = call.args[at].consts[0]
    if not isinstance(number, int | float):
        raise ValueError("not a number")  # noqa: TRY004 - caught as any fold that fails
    return int(number)


def _encode(one: object, call: Invocation) -> Value | None:
    if not isinstance(one, str) or HOLE in one:
        return const(one)
    return const(one.encode("utf-8", "surrogatepass"))


def _decode(one: object, call: Invocation) -> Value | None:
    if not isinstance(one, bytes):
        return const(one)
    encoding = call.args[0].text() if call.args and call.args[0].consts else "utf-8"
    return const(one.decode(encoding if len(encoding) < 20 else "utf-8", "replace"))


def _split(one: object, call: Invocation) -> Value | None:
    text = as_text(one)
    if call.args and call.args[0].consts:
        separator = _arg(call, 0)
        parts = list(text[:100_000]) if not separator else text.split(separator)
    else:
        parts = text.split()
    return Value(items=[const(p) for p in parts[:100_000]])


def _replace(one: object, call: Invocation) -> Value | None:
    text, old = as_text(one), _arg(call, 0)
    new = call.args[1].text() if call.args[1].consts else HOLE
    replaced = text.replace(old, new) if len(text) * max(1, len(new)) < MAX_TEXT * 4 else text
    return const(replaced.encode("latin-1", "replace") if isinstance(one, bytes) else replaced)


def _join(one: object, call: Invocation) -> Value | None:
    parts = fold.items(call.args[0])
    if parts is None:
        return Value(consts=(HOLE,), taint=call.args[0].all_taint())
    if isinstance(one, bytes):
        wholes = [p.whole() for p in parts]
        return (
            const(one.join([w for w in wholes if isinstance(w, bytes)]))
            if all(isinstance(w, bytes) for w in wholes)
            else unknown(*parts)
        )
    return fold.join(parts, as_text(one))


def _format(one: object, call: Invocation) -> Value | None:
    at = -1

    def fill(match: re.Match[str]) -> str:
        nonlocal at
        if match[0] in {"{{", "}}"}:
            return match[0][0]
        key = re.split(r"[.\[!:]", match[1])[0]
        if not key:
            at += 1
            key = str(at)
        if key.isdigit():
            value = call.args[int(key)] if int(key) < len(call.args) else Value()
        else:
            value = call.kwargs.get(key, Value())
        return value.text() if value.consts else HOLE

    text = re.sub(r"\{\{|\}\}|\{([^{}]*)\}", fill, as_text(one))
    taint = CLEAN.union(*(a.all_taint() for a in call.all())) if call.all() else CLEAN
    return const(text, taint)


def _char_code(one: object, call: Invocation) -> Value | None:
    return const(ord(as_text(one)[_int(call, 0, 0) or 0]))


def _plain(function: Callable[[str], str]) -> Folder:
    def run(one: object, _: Invocation) -> Value | None:
        return const(function(one)) if isinstance(one, str) else const(one)

    return run


def _strip(one: object, call: Invocation) -> Value | None:
    if not isinstance(one, str | bytes):
        return None
    if isinstance(one, bytes):
        return const(one.strip())
    return const(getattr(one, call.name)(*([_arg(call, 0)] if call.args else [])))


def _substring(one: object, call: Invocation) -> Value | None:
    low = _int(call, 0, 0)
    high = _int(call, 1, None)
    if call.name == "substr" and high is not None:
        high = (low or 0) + high
    return const(as_text(one)[low:high])


def _to_string(one: object, call: Invocation) -> Value | None:
    if isinstance(one, int | float) and call.args:
        base = _int(call, 0, 10) or 10
        return const(_radix(int(one), base)) if 2 <= base <= 36 else None
    return const(as_text(one)) if not isinstance(one, bytes) else const(one.decode("utf-8", "replace"))


def _radix(number: int, base: int) -> str:
    digits = ""
    rest = abs(number)
    while rest:
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % base] + digits
        rest //= base
    return ("-" if number < 0 else "") + (digits or "0")


def _translate(one: object, call: Invocation) -> Value | None:
    if isinstance(one, bytes) and isinstance(whole := call.args[0].whole(), bytes):
        return const(one.translate(whole))
    table = call.args[0].fields
    text = one.decode("latin-1") if isinstance(one, bytes) else one
    if table is None or not isinstance(text, str):
        return None
    swaps = {k: v.text() for k, v in table.items()}
    made = "".join(swaps.get(c, c) for c in text)
    return const(made.encode("latin-1", "replace") if isinstance(one, bytes) else made)


_FOLDERS: dict[str, Folder] = {
    "encode": _encode,
    "decode": _decode,
    "split": _split,
    "replace": _replace,
    "replaceAll": _replace,
    "join": _join,
    "format": _format,
    "charCodeAt": _char_code,
    "codePointAt": _char_code,
    "charAt": lambda one, call: const(as_text(one)[_int(call, 0, 0) or 0]),
    "lower": _plain(str.lower),
    "upper": _plain(str.upper),
    "toLowerCase": _plain(str.lower),
    "toUpperCase": _plain(str.upper),
    "title": _plain(str.title),
    "swapcase": _plain(str.swapcase),
    "strip": _strip,
    "lstrip": _strip,
    "rstrip": _strip,
    "trim": _plain(str.strip),
    "substring": _substring,
    "substr": _substring,
    "slice": _substring,
    "toString": _to_string,
    "translate": _translate,
    "hex": lambda one, _: const(one.hex()) if isinstance(one, bytes) else None,
    "concat": lambda one, call: fold.join([const(one), *call.args]),
    "repeat": lambda one, call: fold.binary("*", const(one), call.args[0]),
    "expanduser": lambda one, _: const(one),
    "valueOf": lambda one, _: const(one),
}
