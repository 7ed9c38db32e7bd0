"""Effects of Python's functions that only change the form of a value: decoders, texts, containers, paths."""

# ruff: noqa: ARG001, ARG005 - every effect takes the same arguments, needed or not

from collections.abc import Callable

from biopsy.model.behaviour import Kind
from biopsy.static import decipher
from biopsy.static.code import data, fold, handed
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import HOLE, MAX_CONSTS, Value, const, merge, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.python import folders, machine
from biopsy.static.python.effects import TABLE, effect

_DECODERS = {
    "base64.b64decode": "base64",
    "base64.urlsafe_b64decode": "base64",
    "base64.standard_b64decode": "base64",
    "base64.decodebytes": "base64",
    "base64.decodestring": "base64",
    "base64.b32decode": "base32",
    "base64.b16decode": "hex",
    "base64.b85decode": "base85",
    "base64.a85decode": "ascii85",
    "binascii.unhexlify": "hex",
    "binascii.a2b_hex": "hex",
    "binascii.a2b_base64": "base64",
    "bytes.fromhex": "hex",
    "bytearray.fromhex": "hex",
    "zlib.decompress": "zlib",
    "gzip.decompress": "zlib",
    "bz2.decompress": "bz2",
    "lzma.decompress": "lzma",
    "urllib.parse.unquote": "url",
    "lzma.LZMADecompressor().decompress": "lzma",
    "bz2.BZ2Decompressor().decompress": "bz2",
    "zlib.decompressobj().decompress": "zlib",
}
for _name, _form in _DECODERS.items():
    TABLE[_name] = lambda run, call, form=_form: run.decoded(form, call.arg(0), call.line)  # type: ignore[misc]


@effect(
    "hashlib.sha256", "hashlib.sha512", "hashlib.sha384", "hashlib.sha256().update",
    "hashlib.sha512().update", "hashlib.blake2b", "hashlib.sha3_256",
)  # fmt: skip
def _hashed(run: Witness, call: Invocation) -> Value:
    marks = run.hashed(call.args)
    if call.name == "update" and call.receiver is not None:
        call.receiver.taint |= marks
    return Value(ref=call.ref.removesuffix(".update").removesuffix("()") + "()", taint=marks)


@effect("hmac.compare_digest", "secrets.compare_digest")
def _compared(run: Witness, call: Invocation) -> Value:
    run.compared(call.args, call.line)
    return Value()


@effect("codecs.decode")
def _codecs(run: Witness, call: Invocation) -> Value:
    named = call.arg(1).text().lower().replace("_", "").replace("-", "").removesuffix("codec")
    form = {
        "rot13": "rot13",
        "base64": "base64",
        "hex": "hex",
        "zlib": "zlib",
        "zip": "zlib",
        "bz2": "bz2",
    }.get(named)
    return run.decoded(form, call.arg(0), call.line) if form else unknown(call.arg(0))


def _passes(*names: str) -> None:
    for name in names:
        TABLE[name] = lambda run, call: unknown(*(_full(run, a, call.line) for a in call.all()))


def _full(run: Witness, value: Value, line: int) -> Value:
    return run.environment(line) if value.ref == "os.environ" else value


_passes(
    "json.dumps", "base64.b64encode",
    "base64.urlsafe_b64encode", "zlib.compress", "gzip.compress", "bz2.compress", "lzma.compress",
    "urllib.parse.urlencode", "urllib.parse.quote", "base64.b32encode", "urllib.parse.quote_plus",
    "pickle.dumps", "pprint.pformat", "binascii.hexlify",
    "repr", "ascii", "memoryview", "copy.copy", "copy.deepcopy", "binascii.b2a_hex",
    "base64.encodebytes", "next", "iter", "ujson.dumps", "orjson.dumps",
    "simplejson.dumps", "textwrap.dedent", "binascii.b2a_base64", "pprint.pprint",
    "urllib.parse.urljoin", "html.unescape", "base64.b16encode", "max", "min",
    "Crypto.Cipher.AES.new().decrypt", "shlex.quote",
    "shlex.split", "yaml.safe_load", "yaml.load", "toml.load", "toml.loads", "tomllib.load", "tomllib.loads",
    "plistlib.load", "plistlib.loads", "csv.reader", "csv.DictReader", "codecs.encode", "collections.deque",
    "array.array", "struct.pack", "struct.unpack", "collections.ChainMap", "urllib.parse.quote_from_bytes",
    "json.JSONEncoder().encode", "msgpack.packb", "binascii.b2a_uu", "tomli.load", "tomli.loads",
)  # fmt: skip


@effect("cryptography.fernet.Fernet().decrypt")
def _fernet(run: Witness, call: Invocation) -> Value:
    token = call.arg(0, "token")
    taint = token.taint | ({"decoded"} if token.consts else frozenset())
    key = ((call.receiver.fields or {}) if call.receiver is not None else {}).get("#key", Value())
    plain = decipher.fernet(key.whole(), token.whole())
    if plain is None:
        return Value(taint=taint)
    run.see(Kind.CODE_DECODE, "fernet", call.line)
    run.born(["decoded"], call.line)
    return const(plain, taint)


@effect("cryptography.fernet.Fernet")
def _with_key(run: Witness, call: Invocation) -> Value:
    return Value(ref="cryptography.fernet.Fernet()", fields={"#key": call.arg(0, "key")}, made=True)


@effect(
    "dict", "list", "tuple", "set", "frozenset", "reversed", "collections.OrderedDict",
)  # fmt: skip
def _container(run: Witness, call: Invocation) -> Value:
    first = _full(run, run.iterated(call.arg(0)), call.line)
    if call.ref in {"dict", "collections.OrderedDict"}:
        fields = dict(first.fields or {})
        for pair in (first.items or [])[:5000]:
            if pair.items and len(pair.items) == 2 and pair.items[0].consts:
                fields[pair.items[0].text()] = pair.items[1]
            else:
                fields[f"{HOLE}{len(fields)}"] = pair
        spread = call.kwargs.pop("**", Value())
        return Value(
            fields={**fields, **(spread.fields or {}), **call.kwargs}, taint=first.taint | spread.taint
        )
    items = fold.items(first)
    if items is None:
        return Value(items=[], taint=first.all_taint()) if not call.args else unknown(first)
    return Value(items=list(items)[:: -1 if call.ref == "reversed" else 1], taint=first.taint)


_SPOKEN = {"str": ("__str__", "__repr__"), "unicode": ("__str__",), "bytes": ("__bytes__",)}


@effect(
    "str", "unicode", "int", "float", "bytes", "bytearray", "chr", "ord", "unichr", "hex", "bool",
)  # fmt: skip
def _convert(run: Witness, call: Invocation) -> Value:
    value = _full(run, _told(run, call), call.line)
    taint = value.all_taint()
    if not call.args and call.ref in {"bytes", "bytearray", "str"}:
        return const("" if call.ref == "str" else b"")
    if call.ref in {"bytes", "bytearray"} and value.items is not None:
        numbers = [i.consts[0] for i in value.items if i.consts]
        if len(numbers) == len(value.items) and all(isinstance(n, int) and 0 <= n < 256 for n in numbers):
            return const(bytes(numbers), taint)  # type: ignore[arg-type]
        return unknown(value)
    known = [_converted(call.ref, c, call) for c in value.consts]
    if not known or any(k is None for k in known):
        return Value(taint=taint, ref="str()" if call.ref == "str" else "")
    return Value(tuple(known)[:MAX_CONSTS], taint=taint)


def _told(run: Witness, call: Invocation) -> Value:
    """What is converted; of an object that says itself what it is as a text, that."""
    given = call.arg(0)
    for special in _SPOKEN.get(call.ref, ()) if given.made and given.fields else ():
        held = (given.fields or {}).get(special)
        if held is not None and held.func is not None and not held.func.active:
            return run.enter(held.func, [], {}, given)
    return given


def _converted(name: str, one: object, call: Invocation) -> object:
    try:
        match name, one:
            case "chr" | "unichr", int():
                return chr(one)
            case "ord", str() | bytes():
                return ord(one)
            case "int", str():
                base = call.arg(1).consts[:1] or (10,)
                return int(one, base[0]) if isinstance(base[0], int) and len(one) < _digits(base[0]) else None
            case "int", int() | float():
                return int(one)
            case "str" | "unicode", bytes():
                return one.decode("utf-8", "replace")
            case "str" | "unicode", _:
                return str(one) if not isinstance(one, str) else one
            case "bytes" | "bytearray", str():
                return one.encode("utf-8", "surrogatepass") if HOLE not in one else None
            case "bytes" | "bytearray", bytes():
                return one
            case "hex", int():
                return hex(one)
    except (ValueError, TypeError, OverflowError):
        return None
    return None


def _digits(base: int) -> int:
    """How long a number may be: those of a power of two are quickly read."""
    return 2_000_000 if base in {2, 4, 8, 16, 32} else 4000


@effect("map")
def _map(run: Witness, call: Invocation) -> Value:
    function, over = call.arg(0), call.arg(1)
    items = fold.items(over)
    if items is None:
        return unknown(over)
    if function.func is not None:
        return Value(items=[run.enter(function.func, [i], {}) for i in items[:20_000]])
    each = [run.call(function, Invocation(function.ref, "", [i], {}, call.line)) for i in items[:20_000]]
    return Value(items=each)


@effect("range", "xrange")
def _range(run: Witness, call: Invocation) -> Value:
    numbers = [a.consts[0] for a in call.args if len(a.consts) == 1 and isinstance(a.consts[0], int)]
    if (
        len(numbers) != len(call.args)
        or not numbers
        or len(numbers) > 3
        or (len(numbers) == 3 and numbers[2] == 0)
    ):
        return Value()
    steps = range(*numbers)
    run.steps -= min(len(steps), 20_000) // 8  # a list that is made costs as much as what is done with it
    return Value(items=[const(n) for n in steps]) if len(steps) <= 20_000 else Value()


# paths


@effect(
    "os.path.join", "pathlib.Path", "pathlib.Path().joinpath", "os.path.normpath",
)  # fmt: skip
def _join(run: Witness, call: Invocation) -> Value:
    args = ([call.receiver] if call.name == "joinpath" and call.receiver else []) + call.args
    out = merge(args[:1]) if args else const(".")
    out = Value(out.consts or (HOLE,), taint=out.taint)
    for arg in args[1:]:
        texts = [fold.path(a, b) for a in out.texts() for b in (list(arg.texts()) or [HOLE])]
        out = Value(tuple(dict.fromkeys(texts))[:MAX_CONSTS], taint=out.taint | arg.taint)
    return Value(out.consts, ref="pathlib.Path()" if "pathlib" in call.ref else "", taint=out.taint)


@effect(
    "os.path.expanduser", "os.path.abspath", "os.path.realpath", "os.fspath", "os.path.expandvars",
    "os.path.normcase",
)  # fmt: skip
def _same(run: Witness, call: Invocation) -> Value:
    path = call.arg(0)
    swaps = (("$HOME", "~"), ("%USERPROFILE%", "~"), ("%APPDATA%", "~/AppData/Roaming"))
    texts = []
    for text in path.texts():
        for name, instead in swaps:
            text = text.replace(name, instead)  # noqa: PLW2901 - the expanded text
        texts.append(text)
    return Value(tuple(texts), taint=path.taint)


@effect("os.path.dirname")
def _dirname(run: Witness, call: Invocation) -> Value:
    texts = tuple(t.rpartition("/")[0] or "." for t in call.arg(0).texts())
    return Value(texts, taint=call.arg(0).taint)


@effect("os.path.basename")
def _basename(run: Witness, call: Invocation) -> Value:
    return Value(tuple(t.rpartition("/")[2] for t in call.arg(0).texts()), taint=call.arg(0).taint)


def _fixed(text: str, *names: str) -> None:
    for name in names:
        path = name.startswith("pathlib")
        TABLE[name] = lambda run, call, path=path: Value((text,), ref="pathlib.Path()" if path else "")  # type: ignore[misc]


_fixed("~", "pathlib.Path.home", "pathlib.Path().home")
_fixed(".", "os.getcwd", "pathlib.Path.cwd")
_fixed(f"/tmp/{HOLE}", "tempfile.mktemp", "tempfile.mkdtemp", "tempfile.TemporaryDirectory")  # noqa: S108
_fixed("/tmp", "tempfile.gettempdir")  # noqa: S108
_fixed(
    "site-packages", "site.getusersitepackages", "sysconfig.get_path", "distutils.sysconfig.get_python_lib"
)


@effect("site.getsitepackages", "sysconfig.get_paths")
def _site(run: Witness, call: Invocation) -> Value:
    return Value(
        items=[const("site-packages")],
        fields={"purelib": const("site-packages"), "platlib": const("site-packages")},
    )


@effect("tempfile.mkstemp")
def _mkstemp(run: Witness, call: Invocation) -> Value:
    path = f"/tmp/{HOLE}"  # noqa: S108
    return Value(items=[Value((path,), ref="fd()"), const(path)])


@effect("tempfile.NamedTemporaryFile", "tempfile.TemporaryFile")
def _named(run: Witness, call: Invocation) -> Value:
    name = const(f"/tmp/{HOLE}")  # noqa: S108
    return Value(name.consts, ref="file()", fields={"name": name})


def _renamed(obj: Value, call: Invocation) -> Value:
    new, texts = call.arg(0).text(), []
    for text in obj.texts():
        folder, slash, name = text.rpartition("/")
        stem, _, suffix = name.rpartition(".")
        named = {"with_name": new, "with_suffix": f"{stem or name}{new}", "with_stem": f"{new}.{suffix}"}
        texts.append(folder + slash + named[call.name])
    return Value(tuple(texts), ref="pathlib.Path()", taint=obj.taint)


@effect("os.path.splitext", "os.path.split")
def _split(run: Witness, call: Invocation) -> Value:
    path = call.arg(0)
    at = "." if call.ref.endswith("ext") else "/"
    cut = [t.rpartition(at) for t in path.texts()]
    halves = [tuple(c[0] if c[1] else "" for c in cut), tuple(c[2] for c in cut)]
    if at == ".":
        halves = [tuple(c[0] if c[1] else c[2] for c in cut), tuple(f".{c[2]}" if c[1] else "" for c in cut)]
    return Value(items=[Value(h, taint=path.taint) for h in halves], taint=path.taint)


@effect("json.loads", "json.load")
def _json(run: Witness, call: Invocation) -> Value:
    held = call.arg(0)
    if held.ref == "file()" and held.fields:
        held = held.fields.get("#content", held)
    whole = held.whole()
    return data.parsed(whole, held.taint) if whole is not None else unknown(call.arg(0))


_Method = Callable[[Witness, Value, Invocation], Value]


def path_method(run: Witness, obj: Value, call: Invocation) -> Value | None:
    """A method of a path (whose text is known); None where it is no path's method."""
    match call.name:
        case "read_text" | "read_bytes":
            return machine.read(run, obj, call.line, text=call.name == "read_text")
        case "with_name" | "with_suffix" | "with_stem" if call.args:
            return _renamed(obj, call)
        case "write_text" | "write_bytes":
            run.write_file(obj, call.args, call.line)
            handed.keep(run, obj, call.arg(0))
            return Value()
        case "unlink" | "rmdir" if obj.ref.startswith("pathlib"):
            run.delete_file(obj, call.line)
            return Value()
        case "expanduser" | "resolve" | "absolute" | "as_posix" | "__str__":
            return obj
        case "open" if obj.ref.startswith("pathlib"):
            return TABLE["open"](run, call)
        case "glob" | "rglob" | "iterdir":
            return folders.below(run, obj, call)
        case "exists" | "is_file" | "is_dir" | "mkdir" | "stat" if obj.ref.startswith("pathlib"):
            return Value()
    return None
