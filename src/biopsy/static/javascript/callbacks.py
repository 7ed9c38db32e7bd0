"""Functions that are passed along: which are called at once, and with what."""

from biopsy.model.behaviour import Kind
from biopsy.static.code import fed, fold
from biopsy.static.code.calling import PARTIAL
from biopsy.static.code.interpret import Invocation
from biopsy.static.code.value import Value, changed, const, merge, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.javascript import requests

_SOON = frozenset(
    {"forEach", "map", "filter", "reduce", "some", "every", "find", "flatMap", "catch", "finally", "sort"}
)
MAX_LISTENERS = 20  # of one event
_LIVE = frozenset({
    "response", "request", "socket", "process", "websocket", "content",
})  # fmt: skip


_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "all", "use"})


def run_all(run: Witness, call: Invocation, given: list[Value], skip: int = 0) -> None:
    """Call every local function among the arguments."""
    for value in call.args[skip:]:
        if value.func is not None:
            run.call(value, Invocation("", "", list(given), {}, call.line))


def _steered(run: Witness, given: list[Value], stdin: Value, line: int) -> None:
    """A process is told what to do; a shell by somebody outside is theirs."""
    run.flow("execution", given, line)
    fed.give(run, stdin, given, line)
    if "shell" in stdin.taint and any("network" in g.all_taint() for g in given):
        run.see(Kind.PROCESS_DOES, "reverse-shell piped", line)


def emitted(run: Witness, call: Invocation) -> bool:
    """Somebody listens to an emitter of the package's own, or it emits, and all that listen are called."""
    obj, args = call.receiver, call.args
    if obj is None or obj.fields is None or obj.ref or not args or not args[0].consts:
        return False
    event = f"on {args[0].text()}"
    if call.name in {"on", "once", "addListener"}:
        listeners = obj.fields.setdefault(event, Value(items=[]))
        if listeners.items is not None and len(listeners.items) < MAX_LISTENERS:
            listeners.items += [a for a in args[1:] if a.func is not None]
            changed()
    elif call.name == "emit" and event in obj.fields:
        for one in tuple(obj.fields[event].items or ()):
            run.call(one, Invocation("", "", args[1:], {}, call.line))
        return True
    return False


def method(run: Witness, call: Invocation) -> Value | None:
    """Methods of functions, promises, streams and emitters."""
    obj, args = call.receiver, call.args
    if obj is None:
        return None
    if obj.func is not None and call.name in {"call", "apply", "bind"}:
        if call.name == "bind":
            held = Value(func=obj.func, fields={"": args[0]} if args and args[0].fields else None)
            return Value(ref=PARTIAL, items=[held, *args[1:]]) if held.fields or args[1:] else obj
        given = args[1:] if call.name == "call" else list(args[1].items or []) if len(args) > 1 else []
        this = args[0] if args and args[0].fields and args[0].made else None
        return run.call(obj, Invocation("", "", given, {}, call.line, this))
    if call.name == "bind" and obj.ref and args[1:]:
        return Value(ref=PARTIAL, items=[obj, *args[1:]])
    if call.name in {"replace", "replaceAll"} and len(args) > 1 and args[1].func and not obj.consts:
        return unknown(obj, run.call(args[1], Invocation("", "", [unknown(obj)], {}, call.line)))
    if call.name in {"call", "apply"} and obj.ref:
        given = args[1:] if call.name == "call" else list(fold.items(args[1]) or []) if len(args) > 1 else []
        return run.call(obj, Invocation(obj.ref, obj.ref.rpartition(".")[2], given, {}, call.line))
    if call.name in _ROUTES and not obj.ref and len(args) > 1 and args[0].text().startswith("/"):
        return _answered(run, call)
    if call.name == "next" and not args[1:]:
        return Value(fields={"value": merge(obj.items) if obj.items else obj, "done": Value()})
    return _stream(run, call, obj) if call.name in _STREAMS else _gathered(run, call, obj)


def _answered(run: Witness, call: Invocation) -> Value:
    """A server is told who answers for a path: given request and answer, where a client's is given one."""
    for value in call.args[1:]:
        if value.func is not None and len(value.func.func.params) > 1:
            run.call(value, Invocation("", "", [requests.given()], {}, call.line))
    return Value()


def piped(run: Witness, obj: Value, into: Value, line: int) -> Value:
    """What comes out of one stream goes into another, which is the result."""
    if into.ref == "file()":
        run.write_file(into, [obj], line)
    elif into.ref in {"request", "socket"}:
        _sent(run, into, [obj], line)
    elif into.ref == "process.stdin":
        _steered(run, [obj], into, line)
    into.take(obj.all_taint())
    return into


def _sent(run: Witness, stream: Value, content: list[Value], line: int) -> None:
    """Something is sent by what is connected; what was asked for is told where secrets go with it."""
    run.sent(content, line)
    asked = (stream.fields or {}).get("#asked")
    if asked is not None and any(t.startswith(("env:", "file:")) for c in content for t in c.all_taint()):
        run.see(Kind.NET_HTTP, asked.text(), line)


_STREAMS = frozenset({
    "then", "on", "once", "addListener", "addEventListener", "pipe", "write", "end", "send",
    "setEncoding", "resume", "unref", "ref", "emit",
})  # fmt: skip


def _stream(run: Witness, call: Invocation, obj: Value) -> Value | None:
    args = call.args
    match call.name:
        case "then":
            results = [
                run.call(a, Invocation(a.ref, "", [obj], {}, call.line)) for a in args[:1] if a.func or a.ref
            ]
            return merge(results) if results else obj
        case "on" | "once" | "addListener" | "addEventListener":
            if obj.ref == requests.GIVEN:
                run_all(run, call, [requests.said()], 1)
            elif obj.ref in _LIVE or "network" in obj.taint:
                run_all(run, call, [unknown(obj), unknown(obj)], 1)
            return obj
        case "emit" if obj.ref == "websocket":
            _sent(run, obj, args[1:], call.line)
            return obj
        case "pipe" if args and args[0].ref in {"process.stdin", "process.stdout"}:
            if args[0].ref == "process.stdin":
                _steered(run, [obj], args[0], call.line)
            return args[0]
        case "pipe" if args:
            return piped(run, obj, args[0], call.line)
        case "write" | "end" | "send" if obj.ref in {"request", "socket", "websocket"}:
            _sent(run, obj, [a for a in args if a.func is None], call.line)
            run_all(run, call, [])
            return obj
        case "write" | "end" if obj.ref == "file()":
            run.write_file(obj, args, call.line)
            return obj
        case "write" | "end" if obj.ref == "process.stdin":
            _steered(run, args, obj, call.line)
            return obj
        case "setEncoding" | "resume" | "unref" | "ref":
            return obj
    return None


def _gathered(run: Witness, call: Invocation, obj: Value) -> Value | None:
    """Methods of lists of which the items are not known."""
    name = call.name
    if name not in _SOON or obj.items is not None:
        return None
    element = unknown(obj)
    given = [element, const(0)]
    if name == "reduce":
        given = [call.args[1] if len(call.args) > 1 else element, element]
    functions = [a for a in call.args if a.func is not None]
    made = [run.call(a, Invocation("", "", list(given), {}, call.line)) for a in functions]
    if name == "filter" and element.taint != obj.all_taint():
        return element  # what the function asks of each narrows them down
    if name in {"map", "flatMap", "reduce"} and made:
        return unknown(obj, *made)
    return unknown(obj) if obj.taint else Value()
