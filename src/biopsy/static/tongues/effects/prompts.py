"""What commands at a prompt do (PowerShell).

Options go by name, words by place; `#in` is what comes through the pipe, `#words` the whole as written.
"""

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.static.code import fed, fold
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import HOLE, Value, const, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.tongues import folding
from biopsy.static.tongues.effects.names import function
from biopsy.static.tongues.effects.register import MAX_EACH, do, effect

_PROGRAM = regex(r"[\w.\\/:~-]*\w")
_PATHS = ("path", "literalpath", "filepath", "fullname", "destination")


def option(call: Invocation, place: int, *names: str) -> Value:
    """An option by any of its names, however far they are cut, or the word at a place."""
    for name, value in call.kwargs.items():
        if any(known == name or (len(name) > 1 and known.startswith(name)) for known in names):
            return value
    return call.arg(place) if place >= 0 else Value()


def words(call: Invocation) -> list[Value]:
    """The command as it is written."""
    held = call.kwargs.get("#words")
    return held.items if held is not None and held.items is not None else []


def fallback(run: Witness, call: Invocation) -> Value | None:
    """A command that is no cmdlet is a program."""
    every = words(call)
    name = every[0].text() if every else ""
    verb, dash, _ = name.partition("-")
    if not every or (dash and verb.isalpha() and "." not in name) or not _PROGRAM.fullmatch(name):
        return None
    return run.command(Value(items=every), call.line)


@effect("ps_eval")
def _eval(run: Witness, call: Invocation) -> Value:
    code = option(call, 0, "command", "scriptblock", "typedefinition")
    if code.func is not None:
        return run.call(code, Invocation("", "", [Value()], {}, call.line))
    run.evaluated(call.ref.rpartition(".")[2], code, call.line)
    return Value(taint=code.all_taint())


@effect("ps_call")
def _call(run: Witness, call: Invocation) -> Value:
    """`& x`: a block, a command by its name, or a program."""
    held = call.arg(0)
    if held.func is not None:
        return run.call(held, Invocation("", "", call.args[1:], {}, call.line))
    name = held.text().lower() if held.consts else ""
    known = function(run, name) if name else Value()
    language = run.language
    if known.func is not None or (name and language.table.effect(name)):  # type: ignore[attr-defined]
        return run.call(known, Invocation(name, "", call.args[1:], call.kwargs, call.line))
    return run.command(Value(items=words(call) or [held]), call.line)


@effect("ps_dot")
def _dot(run: Witness, call: Invocation) -> Value:
    held = call.arg(0)
    if held.func is not None:
        return run.call(held, Invocation("", "", [Value()], {}, call.line))
    if held.consts and run.language.table.effect(held.text().lower()):  # type: ignore[attr-defined]
        return _call(run, call)
    run.flow(
        "execution",
        [Value(taint=frozenset(t for p in held.texts() for t in run.written.get(p, ())))],
        call.line,
    )
    return Value()


@effect("ps_start")
def _start(run: Witness, call: Invocation) -> Value:
    program = option(call, 0, "filepath", "path")
    rest = option(call, 1, "argumentlist", "args")
    if program.items is not None:
        return run.command(Value(items=program.items), call.line)
    given = rest.items if rest.items is not None else [rest] if rest.consts or rest.taint else []
    return run.command(program, call.line, Value(items=given) if given else None)


@effect("ps_wmi")
def _wmi(run: Witness, call: Invocation) -> Value:
    held = option(call, 2, "argumentlist", "arguments")
    return run.command(held.items[0] if held.items else held, call.line)


@effect("ps_new")
def _new(run: Witness, call: Invocation) -> Value:
    name = option(call, 0, "typename", "comobject")
    rest = option(call, 1, "argumentlist")
    ref = f"{name.text().lower()}.new" if name.consts else ""
    given = rest.items if rest.items is not None else [rest] if rest.consts or rest.taint else call.args[1:]
    return run.call(Value(ref=ref), Invocation(ref, "", list(given), {}, call.line))


@effect("ps_request")
def _request(run: Witness, call: Invocation) -> Value:
    if any(
        w.text().startswith("--") or w.text() in {"-X", "-d", "-s", "-fsSL", "-sSL", "-F"}
        for w in words(call)
    ):
        return run.command(Value(items=words(call)), call.line)  # the program of that name
    url, body = option(call, 0, "uri", "url"), option(call, -1, "body", "form", "infile", "headers")
    method = option(call, -1, "method").text()
    verb = method.upper() if method != HOLE else "GET"
    given = [body, *[v for k, v in call.kwargs.items() if k in {"headers", "infile", "form"}]]
    content = run.request(verb, url, given, call.line)
    into = option(call, -1, "outfile", "o")
    if into.consts:
        run.write_file(into, [content], call.line)
    return content


@effect("ps_transfer")
def _transfer(run: Witness, call: Invocation) -> Value:
    content = run.request("GET", option(call, 0, "source"), [], call.line)
    run.write_file(option(call, 1, "destination"), [content], call.line)
    return Value()


@effect("ps_each")
def _each(run: Witness, call: Invocation) -> Value:
    """A block is run for each thing that comes through the pipe."""
    block = next((a for a in call.all() if a.func is not None), Value())
    held = call.kwargs.get("#in", Value())
    items = held.items if held.items is not None else [unknown(held)]
    if block.func is None:
        return held
    made = [run.call(block, Invocation("", "", [i], {}, call.line)) for i in items[:MAX_EACH]]
    return Value(items=made, taint=held.taint)


@effect("ps_list")
def _list(run: Witness, call: Invocation) -> Value:
    place = option(call, 0, *_PATHS)
    whole = place.text()
    if whole.lower().strip("\\/*").rstrip(":") == "env":
        return run.environment(call.line)
    if whole.lower().startswith("env:"):
        return run.env(const(whole[4:].lstrip("\\/")), call.line)
    texts = tuple(f"{t.rstrip('/')}/{HOLE}" for t in place.texts())
    return Value(items=[Value(texts or (HOLE,), taint=place.taint)])


@effect("ps_read")
def _read(run: Witness, call: Invocation) -> Value:
    place = option(call, 0, *_PATHS)
    if place.text().lower().startswith("env:"):
        return run.env(const(place.text()[4:].lstrip("\\/")), call.line)
    return run.read_file(_slashed(place), call.line, text=True)


def _slashed(place: Value) -> Value:
    """A path with the strokes that all others have."""
    return Value(tuple(t.replace("\\", "/") for t in place.texts()), place.ref, place.taint)


@effect("ps_write")
def _write(run: Witness, call: Invocation) -> Value:
    piped = call.kwargs.get("#in")
    content = option(call, 1, "value") if piped is None else piped
    run.write_file(_slashed(option(call, 0, *_PATHS)), [content], call.line)
    return Value()


@effect("ps_copy")
def _copy(run: Witness, call: Invocation) -> Value:
    source, into = (
        _slashed(option(call, 0, "path", "literalpath")),
        _slashed(option(call, 1, "destination", "newname")),
    )
    content = run.read_file(source, call.line)
    run.write_file(into, [content], call.line)
    return Value()


@effect("ps_delete")
def _delete(run: Witness, call: Invocation) -> Value:
    run.delete_file(_slashed(option(call, 0, *_PATHS)), call.line)
    return Value()


@effect("ps_registry")
def _registry(run: Witness, call: Invocation) -> Value:
    place = fold.path(option(call, 0, "path").text().replace("\\", "/"), option(call, 1, "name").text())
    run.write_file(const(place), [option(call, 2, "value")], call.line)
    return Value()


@effect("ps_path")
def _path(run: Witness, call: Invocation) -> Value:
    call.args = [option(call, 0, "path"), option(call, 1, "childpath")]
    call.kwargs = {}
    return do(run, call, ["path"]) or Value()


@effect("wide_text")
def _wide_text(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """A text of two bytes a letter."""
    whole = call.arg(0).whole()
    if isinstance(whole, bytes):
        return const(whole.decode("utf-16-le", "replace"), call.arg(0).taint)
    return folding.function("text", call) or Value()


def piped(run: Witness, call: Invocation) -> None:
    """What a program is given through the pipe."""
    if (given := call.kwargs.get("#in")) is not None and (every := words(call)):
        text = " ".join(w.text() for w in every)
        fed.give(run, Value(taint=fed.marks(text)), [given], call.line)


__all__ = ["Kind", "fallback", "option", "piped"]
