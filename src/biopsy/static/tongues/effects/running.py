"""Commands, evaluators, libraries: what is run."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.model.behaviour import Kind
from biopsy.static.code import fed
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value, changed, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.tongues import loading
from biopsy.static.tongues.effects.register import MAX_ARGS, effect, placed, rest, words

_COMMANDS = frozenset({"filename", "arguments", "path", "args", "argumentlist", "startinfo"})


@effect("exec")
def _exec(run: Witness, call: Invocation, first: str = "0") -> Value:
    """A command line, or a program and its arguments; a map before it is its environment."""
    args = call.args[int(first) :] if call.args and call.args[0].fields is None else call.args[1:]
    args = [a for a in args if a.func is None and a.fields is None]
    head = args[0] if args else Value()
    if head.items is not None:
        output = run.command(Value(items=words(args)), call.line)
    else:
        rest = [a for a in args[1:] if a.consts or a.items or a.taint]
        output = run.command(head, call.line, Value(items=words(rest)) if rest else None)
        fed.dictated(run, head, call.line)
    if (given := call.kwargs.get("stdin_data")) is not None:
        fed.give(run, output, [given], call.line)
    return output


@effect("shell")
def _shell(run: Witness, call: Invocation, at: str = "0") -> Value:
    """One argument is a whole command line."""
    output = run.command(placed(call, at), call.line)
    fed.dictated(run, placed(call, at), call.line)
    return output


@effect("begin")
def _begin(run: Witness, call: Invocation, ref: str) -> Value:
    """Something that is given more before it starts."""
    named = [v for k, v in call.kwargs.items() if k.lower() in _COMMANDS]
    return Value(ref=ref, items=words([a for a in call.args if a.func is None] + named))


@effect("more")
def _more(run: Witness, call: Invocation) -> Value:
    held = call.receiver or Value()
    if held.items is not None and len(held.items) < MAX_ARGS:
        held.items.extend(words(rest(call)))
        changed()
    return held


@effect("start")
def _start(run: Witness, call: Invocation) -> Value:
    held = call.receiver or Value()
    fields = [v for k, v in (held.fields or {}).items() if k.lower() in _COMMANDS]
    every = held.items if held.items is not None else words(fields)
    if not every:
        return Value()
    if len(every) == 1 and every[0].consts and " " in every[0].text():
        return run.command(every[0], call.line)
    whole = Value(items=list(every))
    output = run.command(whole, call.line)
    fed.dictated(run, whole, call.line)
    if (given := (held.fields or {}).get("")) is not None:
        fed.give(run, output, [given], call.line)
    return output


@effect("eval")
def _eval(run: Witness, call: Invocation, at: str = "0") -> Value | None:
    code = placed(call, at)
    if code.func is not None or (not call.args and at != "."):
        return None
    run.evaluated(call.ref.removesuffix(".new").rpartition(".")[2] or call.ref, code, call.line)
    return Value(taint=code.taint)


@effect("remote")
def _remote(run: Witness, call: Invocation) -> Value:
    """Code is loaded from wherever an address or a path leads."""
    for held in words(rest(call)):
        address = held.text().startswith(("http://", "https://", "ftp://", "jar:http"))
        code = run.request("GET", held, [], call.line) if address else held
        run.evaluated(call.ref.removesuffix(".new").rpartition(".")[2], code, call.line)
    return Value(ref="loader")


@effect("serialized")
def _serialized(run: Witness, call: Invocation) -> Value:
    """Objects are made again of bytes, and may run code as they are."""
    run.see(Kind.CODE_DECODE, "serialized", call.line)
    run.flow("execution", rest(call), call.line)
    return unknown(*rest(call))


@effect("native")
def _native(run: Witness, call: Invocation, at: str = "0") -> Value:
    name = placed(call, at).text() if placed(call, at).consts else ""
    run.see(Kind.CODE_NATIVE, f"{call.ref} {name}".strip(), call.line)
    run.flow("execution", [placed(call, at)], call.line)
    return Value(ref="native")


@effect("load")
def _load(run: Witness, call: Invocation, at: str = "0") -> Value | None:
    return loading.load(run, placed(call, at), call.line)


@effect("beside")
def _beside(run: Witness, call: Invocation, at: str = "0") -> Value | None:
    """A file is loaded by its place from this one."""
    return loading.load(run, placed(call, at), call.line, beside=True)


@effect("thread")
def _thread(run: Witness, call: Invocation) -> Value:
    """A function is run beside."""
    for given in call.args[:4]:
        if given.func is not None:
            return run.call(given, Invocation("", "", [], {}, call.line))
    return Value()


def field_set(run: Witness, obj: Value, name: str, value: Value, line: int) -> None:
    """A field of something that is given more before it starts, or of a request."""
    del run, line
    if obj.ref == "prepared" or obj.ref.endswith("()"):
        obj.take(value.all_taint())
    if obj.ref == "command" and name.lower() == "stdin":
        obj.fields = {**(obj.fields or {}), "": value}
        changed()
    if obj.items is not None and name.lower() in _COMMANDS:
        obj.items.extend(words([value]))
        changed()
