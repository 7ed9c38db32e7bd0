"""Effects of JavaScript on bytes: buffers, typed arrays, what is done to each of them, texts of them."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

import base64

from biopsy.static.code import fold
from biopsy.static.code.state import MAX_LOOP, MAX_LOOPS, Invocation
from biopsy.static.code.value import Value, const, merge, unknown
from biopsy.static.code.witness import MIN_DECODED, Witness
from biopsy.static.javascript.effects import effect

MAX_EMPTY = 1024**2  # bytes of an array that is made by its length
_ENCODINGS = {"latin1": "latin-1", "binary": "latin-1", "ascii": "latin-1", "utf16le": "utf-16-le",
              "ucs2": "utf-16-le", "utf-16le": "utf-16-le", "ucs-2": "utf-16-le"}  # fmt: skip


@effect("Buffer.from", "Buffer")
def _buffer(run: Witness, call: Invocation) -> Value:
    value, form = call.arg(0), call.arg(1)
    named = form.text().lower() if form.consts else ""
    if named in {"base64", "base64url", "hex"}:
        return run.decoded("hex" if named == "hex" else "base64", value, call.line)
    made = _octets(value)
    if made is not None:
        return const(made, value.all_taint())
    whole = value.whole()
    if isinstance(whole, str) and named in _ENCODINGS:
        return const(whole.encode(_ENCODINGS[named], "replace"), value.taint)
    return Value(consts=value.consts, taint=value.all_taint())


def _octets(value: Value) -> bytes | None:
    """The bytes that an array of numbers, or bytes, stand for."""
    whole = value.whole()
    if isinstance(whole, bytes):
        return whole
    if value.items is None:
        return None
    numbers = [i.consts[0] if len(i.consts) == 1 else None for i in value.items]
    if not all(isinstance(n, int | float) for n in numbers):
        return None
    return bytes(int(n) & 255 for n in numbers if isinstance(n, int | float))


@effect(
    "Uint8Array", "Uint8Array.from", "Uint8ClampedArray", "Int8Array", "Buffer.alloc", "Buffer.allocUnsafe"
)
def _array(run: Witness, call: Invocation) -> Value:
    first = call.arg(0)
    if len(first.consts) == 1 and isinstance(first.consts[0], int) and not call.ref.endswith("from"):
        number = first.consts[0]
        return const(bytes(number)) if 0 <= number <= MAX_EMPTY else Value()
    made = _octets(first)
    whole = const(made, first.all_taint()) if made is not None else first
    if len(call.args) > 1 and call.arg(1).func is not None:
        return mapped(run, whole, call.arg(1), call.line) or unknown(first)
    return whole if made is not None else unknown(first)


@effect("Buffer.concat")
def _concat(run: Witness, call: Invocation) -> Value:
    parts = [i.whole() for i in call.arg(0).items or ()]
    if parts and all(isinstance(p, bytes) for p in parts):
        return const(b"".join(p for p in parts if isinstance(p, bytes)), call.arg(0).all_taint())
    return unknown(call.arg(0))


@effect("TextDecoder().decode", "string_decoder.StringDecoder().write", "buffer.transcode")
def _text(run: Witness, call: Invocation) -> Value:
    made = _octets(call.arg(0))
    return const(made.decode("utf-8", "replace"), call.arg(0).all_taint()) if made else unknown(call.arg(0))


@effect("TextEncoder().encode")
def _encoded(run: Witness, call: Invocation) -> Value:
    whole = call.arg(0).whole()
    return (
        const(whole.encode("utf-8", "replace"), call.arg(0).taint)
        if isinstance(whole, str)
        else unknown(call.arg(0))
    )


def mapped(run: Witness, octets: Value, function: Value, line: int) -> Value | None:
    """A function applied to each byte; None where that is not known."""
    whole = octets.whole()
    if not isinstance(whole, bytes) or function.func is None:
        return None
    if len(whole) > MAX_LOOP or run.loops + len(whole) > MAX_LOOPS:
        return unknown(octets)
    places = len(function.func.func.params) > 1
    given = [(byte, place if places else 0) for place, byte in enumerate(whole)]
    results: dict[tuple[int, int], Value] = {}
    for one in given:
        if one not in results:
            args = [const(one[0]), const(one[1])] if places else [const(one[0])]
            results[one] = run.enter(function.func, args, {})
            run.loops += 1
    values = [results[one] for one in given]
    numbers = [v.consts[0] if len(v.consts) == 1 else None for v in values]
    if not all(isinstance(n, int | float) for n in numbers):
        return Value(taint=merge(values[:8]).taint | octets.taint)
    made = bytes(int(n) & 255 for n in numbers if isinstance(n, int | float))
    undone = {"decoded"} if made != whole and len(made) >= MIN_DECODED else set()
    return const(made, octets.taint | undone)


def method(run: Witness, call: Invocation) -> Value | None:
    """Methods of bytes."""
    obj = call.receiver
    whole = obj.whole() if obj is not None else None
    if obj is None or not isinstance(whole, bytes):
        return None
    match call.name:
        case "map" if call.args:
            return mapped(run, obj, call.args[0], call.line)
        case "forEach" | "reduce" | "filter" | "some" | "every" if call.args and call.args[0].func:
            if run.loops + len(whole) > MAX_LOOPS:
                return None
            items = Value(items=fold.items(obj), taint=obj.taint)
            run.loops += len(whole)
            each = Invocation(f"[].{call.name}", call.name, call.args, {}, call.line, items)
            return run.call(Value(ref=each.ref), each)
        case "toString" | "toLocaleString":
            return const(_printed(whole, call.arg(0)), obj.taint)
        case "slice" | "subarray":
            return fold.cut(obj, [*call.args[:2], *([None] * (3 - len(call.args[:2])))])
        case "reverse":
            obj.consts = (whole[::-1],)
            return obj
        case "set" if call.args and (put := _octets(call.args[0])) is not None:
            at = call.arg(1).consts[0] if call.arg(1).consts else 0
            if isinstance(at, int) and at >= 0 and at + len(put) <= len(whole):
                obj.consts = (whole[:at] + put + whole[at + len(put) :],)
            return Value()
        case "readUInt8" | "at":
            return fold.index(obj, call.arg(0))
    return None


def _printed(whole: bytes, form: Value) -> str:
    named = form.text().lower() if form.consts else "utf8"
    if named == "hex":
        return whole.hex()
    if named in {"base64", "base64url"}:
        return base64.b64encode(whole).decode()
    return whole.decode(_ENCODINGS.get(named, "utf-8"), "replace")
