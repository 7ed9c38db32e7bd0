"""Effects of Python's functions and methods that take texts, bytes and numbers apart, or read settings."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.static.code import fold
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import MAX_TEXT, Value, const, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.python.effects import TABLE, effect

_SOUGHT = ("match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split")


def _found(run: Witness, call: Invocation) -> Value:
    """What is found in a text comes from it."""
    compiled = "()" in call.ref
    place = (0 if compiled else 1) + (1 if call.name in {"sub", "subn"} else 0)
    text = call.kwargs.get("string") or call.arg(place)
    run.compared([text], call.line)
    found = Value(ref="re.match()", taint=text.all_taint())
    return Value(items=[found], taint=found.taint) if call.name in {"findall", "finditer"} else found


for _name in _SOUGHT:
    TABLE[f"re.{_name}"] = TABLE[f"re.compile().{_name}"] = TABLE[f"regex.{_name}"] = _found


@effect("configparser.ConfigParser().read", "configparser.RawConfigParser().read",
        "ConfigParser.ConfigParser().read", "configparser.SafeConfigParser().read")  # fmt: skip
def _settings(run: Witness, call: Invocation) -> Value:
    paths = call.arg(0, "filenames")
    for path in paths.items if paths.items is not None else [paths]:
        content = run.read_file(path, call.line)
        if call.receiver is not None:
            call.receiver.take(content.taint - {"data"})
    return Value()


@effect("configparser.ConfigParser().read_string", "configparser.ConfigParser().read_file",
        "configparser.RawConfigParser().read_file", "configparser.ConfigParser().readfp")  # fmt: skip
def _settings_text(run: Witness, call: Invocation) -> Value:
    if call.receiver is not None:
        call.receiver.take(call.arg(0).all_taint() - {"data"})
    return Value()


@effect("netrc.netrc", "dotenv.dotenv_values", "dotenv.load_dotenv", "linecache.getlines", "fileinput.input")
def _file(run: Witness, call: Invocation) -> Value:
    path = call.arg(0, "file")
    path = path if path.consts else const("~/.netrc" if call.ref == "netrc.netrc" else ".env")
    return Value(ref=f"{call.ref}()", taint=run.read_file(path, call.line).taint)


@effect("filter", "itertools.filterfalse", "itertools.islice", "itertools.takewhile")
def _filtered(run: Witness, call: Invocation) -> Value:
    over = call.arg(0 if call.ref.endswith("islice") else 1)
    held = fold.items(over)
    return Value(items=list(held), taint=over.taint) if held is not None else unknown(over)


@effect("str.maketrans", "bytes.maketrans", "string.maketrans", "str().maketrans")
def _table(run: Witness, call: Invocation) -> Value:
    """A table that `translate` goes by: from two texts, or from a map."""
    old, new = call.arg(0), call.arg(1)
    if old.fields is not None:
        return Value(fields={_letter(k): v for k, v in old.fields.items()}, taint=old.taint)
    ones, twos = fold.items(old), fold.items(new)
    if ones is None or twos is None or len(ones) != len(twos):
        return unknown(*call.args)
    return Value(
        fields={_letter(a.text()): const(_letter(b.text())) for a, b in zip(ones, twos, strict=True)}
    )


def _letter(key: str) -> str:
    """A letter, which may be told by its number."""
    number = int(key) if key.isdigit() and 1 < len(key) < 7 else -1
    return chr(number) if 9 < number < 0x110000 else key


@effect("int.to_bytes")
def _of_number(run: Witness, call: Invocation) -> Value:
    return _to_bytes(call.arg(0), call.args[1:], call)


def method(run: Witness, call: Invocation) -> Value | None:
    """Methods of numbers and bytes; None where it is none."""
    obj = call.receiver
    if obj is None or not obj.consts:
        return None
    if call.name == "to_bytes" and isinstance(obj.consts[0], int):
        return _to_bytes(obj, call.args, call)
    if call.name in {"extend", "append"} and isinstance(obj.whole(), bytes) and call.args:
        return _longer(obj, call)
    return None


def _longer(obj: Value, call: Invocation) -> Value:
    """A bytearray grows."""
    before, more = obj.whole(), call.args[0].whole()
    number = call.args[0].consts[:1]
    if call.name == "append" and number and isinstance(number[0], int) and 0 <= number[0] < 256:
        more = bytes(number)  # type: ignore[arg-type]
    known = isinstance(before, bytes) and isinstance(more, bytes) and len(before) + len(more) <= MAX_TEXT
    obj.consts = (before + more,) if known else ()  # type: ignore[operator]
    obj.take(call.args[0].all_taint())
    return Value()


def _to_bytes(number: Value, args: list[Value], call: Invocation) -> Value:
    given = (args[:1] or [call.kwargs.get("length", const(1))])[0].consts[:1]
    order = (args[1:2] or [call.kwargs.get("byteorder", const("big"))])[0].text()
    held = number.consts[:1]
    if len(number.consts) != 1 or not isinstance(held[0], int) or order not in {"big", "little"}:
        return unknown(number)
    needed = (held[0].bit_length() + 7) // 8
    size = given[0] if given and isinstance(given[0], int) else needed
    if held[0] < 0 or not needed <= size <= MAX_TEXT:
        return unknown(number)
    return const(held[0].to_bytes(size, "big" if order == "big" else "little"), number.taint)
