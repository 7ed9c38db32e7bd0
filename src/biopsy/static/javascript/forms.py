"""Effects of JavaScript's functions that only change the form of a value: decoders, texts, containers."""

# ruff: noqa: ARG001, ARG005 - every effect takes the same arguments, needed or not

from biopsy.model.behaviour import Kind
from biopsy.static.code import data, decode_form, fold
from biopsy.static.code.interpret import Invocation
from biopsy.static.code.value import HOLE, Value, as_text, const, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.javascript.callbacks import run_all
from biopsy.static.javascript.effects import TABLE, effect


def _full(run: Witness, value: Value, line: int) -> Value:
    if value.ref == "process.env":
        run.environment(line)
    return value


@effect(
    "atob", "unescape", "zlib.gunzipSync", "zlib.inflateSync", "zlib.unzipSync", "zlib.inflateRawSync",
    "zlib.brotliDecompressSync", "lz-string.decompressFromBase64",
)  # fmt: skip
def _decoder(run: Witness, call: Invocation) -> Value:
    form = {"atob": "base64", "unescape": "url"}.get(call.ref, "zlib")
    out = run.decoded(form, call.arg(0), call.line)
    if call.ref == "atob":
        return Value(tuple(as_text(c) for c in out.consts), taint=out.taint)
    return out


@effect("zlib.gunzip", "zlib.inflate", "zlib.unzip", "zlib.inflateRaw", "zlib.brotliDecompress")
def _later(run: Witness, call: Invocation) -> Value:
    """A decoder that gives what comes out to a function, or as a promise."""
    out = run.decoded("zlib", call.arg(0), call.line)
    run_all(run, call, [Value(), out], 1)
    return out


@effect("zlib.gzip", "zlib.deflate", "zlib.deflateRaw", "zlib.brotliCompress")
def _packed(run: Witness, call: Invocation) -> Value:
    """An encoder that gives what comes out to a function, or as a promise."""
    out = unknown(_full(run, call.arg(0), call.line))
    run_all(run, call, [Value(), out], 1)
    return out


@effect(
    "FormData", "Headers", "URLSearchParams", "form-data", "formdata-node.FormData", "undici.FormData",
    "url.URLSearchParams",
)  # fmt: skip
def _form(run: Witness, call: Invocation) -> Value:
    made = call.ref if call.ref in {"Headers", "URLSearchParams"} else "FormData"
    return Value(ref=f"{made}()", taint=unknown(*(_full(run, a, call.line) for a in call.args)).taint)


@effect(
    *(f"{form}().{how}" for form in ("FormData", "Headers", "URLSearchParams") for how in ("append", "set"))
)
def _filled(run: Witness, call: Invocation) -> Value:
    if call.receiver is not None:
        call.receiver.taint |= unknown(*call.args).taint
    return Value()


@effect("crypto.createDecipheriv", "crypto.createDecipher")
def _decipher(run: Witness, call: Invocation) -> Value:
    run.see(Kind.CODE_DECODE, "cipher", call.line)
    return Value(ref="decipher")


@effect("crypto.createHash().update")
def _hashed(run: Witness, call: Invocation) -> Value:
    marks = run.hashed(call.args)
    held = call.receiver.taint if call.receiver is not None else frozenset()
    if call.receiver is not None:
        call.receiver.taint |= marks
    return Value(ref="crypto.createHash()", taint=held | marks)


@effect("assert.equal", "assert.strictEqual", "assert.deepStrictEqual", "crypto.timingSafeEqual")
def _compared(run: Witness, call: Invocation) -> Value:
    run.compared(call.args, call.line)
    return Value()


@effect("decipher.update", "decipher.final")
def _deciphered(run: Witness, call: Invocation) -> Value:
    given = call.arg(0)
    held = frozenset({"decoded"}) if given.consts or given.taint & {"data", "decoded"} else frozenset()
    return Value(taint=given.taint | held)


@effect("String.fromCharCode", "String.fromCodePoint")
def _char(run: Witness, call: Invocation) -> Value:
    codes = [
        int(n) for a in call.args for n in a.consts[:1] if isinstance(n, int | float) and 0 <= n < 0x110000
    ]
    taint = unknown(*call.args).taint if call.args else frozenset()
    if not codes or len(codes) != len(call.args):
        return Value(taint=taint)
    return const("".join(map(chr, codes)), taint)


@effect("parseInt", "Number", "parseFloat")
def _number(run: Witness, call: Invocation) -> Value:
    base = call.arg(1).consts[:1] or (10,)
    out = []
    for one in call.arg(0).consts:
        text = as_text(one).strip()
        try:
            out.append(int(text, int(base[0])) if len(text) < 300 else None)  # type: ignore[call-overload]
        except (ValueError, TypeError):
            number = decode_form.leading_number(text)
            out.append(number)
    known = tuple(n for n in out if n is not None)
    return Value(known, taint=call.arg(0).taint)


@effect(
    "decodeURIComponent", "decodeURI", "encodeURIComponent", "encodeURI", "escape", "String", "btoa",
)  # fmt: skip
def _text(run: Witness, call: Invocation) -> Value:
    value = _full(run, call.arg(0), call.line)
    if call.ref == "String" or call.ref.startswith("decode"):
        texts = tuple(decode_form.unquote(t) if call.ref.startswith("decode") else t for t in value.texts())
        return Value(texts, taint=value.all_taint())
    return Value(taint=value.all_taint())


@effect(
    "JSON.stringify", "zlib.gzipSync", "zlib.deflateSync", "querystring.stringify",
    "qs.stringify", "structuredClone", "util.inspect", "crypto.publicEncrypt",
    "js-yaml.dump",
)  # fmt: skip
def _pass(run: Witness, call: Invocation) -> Value:
    return unknown(*(_full(run, a, call.line) for a in call.args))


@effect("JSON.parse")
def _parsed(run: Witness, call: Invocation) -> Value | None:
    """What a text of JSON holds, where that is known."""
    whole = call.arg(0).whole()
    return data.parsed(whole, call.arg(0).taint) if whole is not None else _pass(run, call)


@effect("Object.assign")
def _assign(run: Witness, call: Invocation) -> Value:
    target = call.arg(0)
    for source in map(run.opened, call.args[1:]):
        _full(run, source, call.line)
        target.taint |= source.taint
        if source.fields:
            target.fields = {**(target.fields or {}), **source.fields}
    return target


@effect(
    "Object.keys", "Object.values", "Object.entries", "Array.from", "Object.fromEntries",
    "Reflect.ownKeys",
)  # fmt: skip
def _container(run: Witness, call: Invocation) -> Value:
    value = _full(run, run.opened(call.arg(0)), call.line)
    if call.ref == "Array.from" and len(call.args) > 1:
        items = fold.items(value) or [unknown(value)]
        each = [
            run.call(call.args[1], Invocation(call.args[1].ref, "", [i], {}, call.line)) for i in items[:5000]
        ]
        return Value(items=each, taint=value.taint)
    if call.ref == "Object.keys":
        keys = [const(k) for k in value.fields or {} if k and HOLE not in k]
        return Value(items=keys or None, taint=frozenset(f"keys {t}" for t in value.taint))
    if value.fields and call.ref == "Object.values":
        return Value(items=list(value.fields.values()), taint=value.taint)
    if value.fields and call.ref == "Object.entries":
        return Value(items=[Value(items=[const(k), v]) for k, v in value.fields.items()], taint=value.taint)
    return unknown(value) if value.items is None else Value(items=list(value.items), taint=value.taint)


@effect("#range")
def _range(run: Witness, call: Invocation) -> Value:
    numbers = [int(n) for a in call.args for n in a.consts[:1] if isinstance(n, int | float)]
    if len(numbers) != 3:
        return Value()
    steps = range(*numbers)
    return Value(items=[const(n) for n in steps]) if len(steps) <= 20_000 else Value()


@effect("Reflect.get")
def _get(run: Witness, call: Invocation) -> Value:
    return run.index(call.arg(0), call.arg(1), call.line)


@effect("Reflect.apply")
def _apply(run: Witness, call: Invocation) -> Value:
    target = call.arg(0)
    given = Invocation(
        target.ref, target.ref.rpartition(".")[2], list(call.arg(2).items or []), {}, call.line
    )
    return run.call(target, given)


_INTEROP = ("__importDefault", "__importStar", "_interopRequireDefault", "_interopRequireWildcard", "__toESM",
            "_interopDefault", "_interop_require_default", "_interop_require_wildcard", "_interopNamespace",
            "_interopDefaultLegacy", "_interopDefaultCompat")  # fmt: skip
for _name in _INTEROP:
    TABLE[_name] = lambda run, call: call.arg(0)
