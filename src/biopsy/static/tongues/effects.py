"""What the library functions of a table do: each effect is one word there, followed by where its arguments stand."""

from collections.abc import Callable, Sequence

from biopsy.model.behaviour import Kind
from biopsy.static.code import decode_form, fed, fold, ir
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import CLEAN, HOLE, Value, changed, const, merge, taints, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.tongues import folding, loading

Effect = Callable[..., Value | None]
TABLE: dict[str, Effect] = {}
MAX_ARGS = 200  # of a command
MAX_EACH = 5000  # items that one function is called with
MAX_PATHS = 12  # that a joined one may be
_COMMANDS = frozenset({"filename", "arguments", "path", "args", "argumentlist", "startinfo"})
_VERBS = frozenset({"POST", "PUT", "PATCH", "DELETE", "GET"})
_NETWORK = frozenset({"network"})


def effect(name: str) -> Callable[[Effect], Effect]:
    """Register an effect under its word."""

    def register(function: Effect) -> Effect:
        TABLE[name] = function
        return function

    return register


def do(run: Witness, call: Invocation, words: Sequence[str]) -> Value | None:
    """Do what a table says; KeyError for a word that means nothing."""
    return TABLE[words[0]](run, call, *words[1:])


def _at(call: Invocation, place: str) -> Value:
    """An argument by its number or name, `.` the object itself; an unknown value where it is not given."""
    if place == ".":
        return call.receiver or Value()
    if place.isdigit():
        return call.arg(int(place))
    if (named := call.kwargs.get(place)) is not None:
        return named
    return next((held for a in call.args if a.fields and (held := a.fields.get(place))), Value())


def _rest(call: Invocation, start: int = 0) -> list[Value]:
    return [a for a in [*call.args[start:], *call.kwargs.values()] if a.func is None]


# running


def _words(values: Sequence[Value]) -> list[Value]:
    """Words of a command, lists among them opened."""
    return [w for v in values for w in (v.items if v.items is not None else [v])][:MAX_ARGS]


@effect("exec")
def _exec(run: Witness, call: Invocation, first: str = "0") -> Value:
    """A command line, or a program and its arguments; a map before it is its environment."""
    args = call.args[int(first) :] if call.args and call.args[0].fields is None else call.args[1:]
    args = [a for a in args if a.func is None and a.fields is None]
    head = args[0] if args else Value()
    if head.items is not None:
        output = run.command(Value(items=_words(args)), call.line)
    else:
        rest = [a for a in args[1:] if a.consts or a.items or a.taint]
        output = run.command(head, call.line, Value(items=_words(rest)) if rest else None)
        fed.dictated(run, head, call.line)
    if (given := call.kwargs.get("stdin_data")) is not None:
        fed.give(run, output, [given], call.line)
    return output


@effect("shell")
def _shell(run: Witness, call: Invocation, at: str = "0") -> Value:
    """One argument is a whole command line."""
    output = run.command(_at(call, at), call.line)
    fed.dictated(run, _at(call, at), call.line)
    return output


@effect("begin")
def _begin(run: Witness, call: Invocation, ref: str) -> Value:  # noqa: ARG001 - as all of them
    """Something that is given more before it starts."""
    named = [v for k, v in call.kwargs.items() if k.lower() in _COMMANDS]
    return Value(ref=ref, items=_words([a for a in call.args if a.func is None] + named))


@effect("more")
def _more(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    held = call.receiver or Value()
    if held.items is not None and len(held.items) < MAX_ARGS:
        held.items.extend(_words(_rest(call)))
        changed()
    return held


@effect("start")
def _start(run: Witness, call: Invocation) -> Value:
    held = call.receiver or Value()
    fields = [v for k, v in (held.fields or {}).items() if k.lower() in _COMMANDS]
    words = held.items if held.items is not None else _words(fields)
    if not words:
        return Value()
    if len(words) == 1 and words[0].consts and " " in words[0].text():
        return run.command(words[0], call.line)
    return run.command(Value(items=list(words)), call.line)


@effect("eval")
def _eval(run: Witness, call: Invocation, at: str = "0") -> Value | None:
    code = _at(call, at)
    if code.func is not None or (not call.args and at != "."):
        return None
    run.evaluated(call.ref.removesuffix(".new").rpartition(".")[2] or call.ref, code, call.line)
    return Value(taint=code.taint)


@effect("remote")
def _remote(run: Witness, call: Invocation) -> Value:
    """Code is loaded from wherever an address or a path leads."""
    for held in _words(_rest(call)):
        address = held.text().startswith(("http://", "https://", "ftp://", "jar:http"))
        code = run.request("GET", held, [], call.line) if address else held
        run.evaluated(call.ref.removesuffix(".new").rpartition(".")[2], code, call.line)
    return Value(ref="loader")


@effect("serialized")
def _serialized(run: Witness, call: Invocation) -> Value:
    """Objects are made again of bytes, and may run code as they are."""
    run.see(Kind.CODE_DECODE, "serialized", call.line)
    run.flow("execution", _rest(call), call.line)
    return unknown(*_rest(call))


@effect("download")
def _download(run: Witness, call: Invocation, url: str = "0", path: str = "1") -> Value:
    """What an address gives is put into a file."""
    content = run.request("GET", _at(call, url), [], call.line)
    run.write_file(_at(call, path), [content], call.line)
    return Value()


@effect("first")
def _first(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """What a library gives together with an error, as a list of both."""
    held = call.arg(0)
    return held if held.items is not None and not held.ref else Value(items=[held, Value()])


@effect("pairs")
def _pairs(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """Numbers or keys, each with what stands under it."""
    held = call.arg(0)
    if held.fields and not held.made:
        return Value(items=[Value(items=[const(k), v]) for k, v in held.fields.items() if k], taint=held.taint)
    items = fold.items(held)
    if items is None:
        return Value(items=[Value(items=[Value(), unknown(held)])])
    return Value(items=[Value(items=[const(n), v]) for n, v in enumerate(items)])


@effect("invoked")
def _invoked(run: Witness, call: Invocation) -> Value:
    """A method that was looked up is called: on the first argument, with the others."""
    target = call.receiver or Value()
    rest = [i for a in call.args[1:] for i in (a.items if a.items is not None else [a])]
    return run.call(target, Invocation(target.ref, target.ref.rpartition(".")[2], rest, {}, call.line, call.arg(0)))


@effect("member")
def _member(run: Witness, call: Invocation) -> Value:
    """A method is looked up by its name."""
    name = call.arg(0)
    return run.attribute(call.receiver or Value(), name.text(), call.line) if name.consts else Value(taint=name.taint)


@effect("native")
def _native(run: Witness, call: Invocation, at: str = "0") -> Value:
    name = _at(call, at).text() if _at(call, at).consts else ""
    run.see(Kind.CODE_NATIVE, f"{call.ref} {name}".strip(), call.line)
    run.flow("execution", [_at(call, at)], call.line)
    return Value(ref="native")


@effect("load")
def _load(run: Witness, call: Invocation, at: str = "0") -> Value | None:
    return loading.load(run, _at(call, at), call.line)


@effect("beside")
def _beside(run: Witness, call: Invocation, at: str = "0") -> Value | None:
    """A file is loaded by its place from this one."""
    return loading.load(run, _at(call, at), call.line, beside=True)


# values


@effect("decode")
def _decode(run: Witness, call: Invocation, how: str, at: str = "0") -> Value:
    """An encoding is undone, of an argument or, where there is none, of the object itself."""
    held = _at(call, at) if call.args or at != "0" else call.receiver or Value()
    return run.decoded(how, held, call.line)


@effect("fold")
def _fold(run: Witness, call: Invocation, how: str) -> Value:  # noqa: ARG001
    held = folding.function(how, call)
    return held if held is not None else unknown(*_rest(call))


@effect("unpack")
def _unpack(run: Witness, call: Invocation, form: str = "0", data: str = ".") -> Value:
    """Ruby's and PHP's `unpack`, which decodes by a letter."""
    how = _at(call, form).text().strip("*0123456789")
    held = _at(call, data)
    method = {"m": "base64", "H": "hex", "h": "hex"}.get(how[:1], "")
    if call.ref.endswith(("unpack1", "unpack")) and method == "base64":
        made = run.decoded("base64", held, call.line)
        return made if call.ref.endswith("1") else Value(items=[made], taint=made.taint)
    found = folding.unpacked(how, held)
    return found if found is not None else unknown(held)


@effect("pack")
def _pack(run: Witness, call: Invocation, form: str = "0", data: str = ".") -> Value:
    """…and `pack`, which of letters of hex makes bytes, and of numbers text."""
    how, held = _at(call, form).text().strip("*0123456789"), _at(call, data)
    items = held.items if held.items is not None else [held]
    if how[:1] in {"H", "h"} and items:
        return run.decoded("hex", items[0], call.line)
    found = folding.packed(how, items)
    return found if found is not None else unknown(held)


@effect("same")
def _same(run: Witness, call: Invocation, at: str = "0") -> Value:  # noqa: ARG001
    return _at(call, at)


@effect("self")
def _self(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    return call.receiver or Value()


@effect("later")
def _later(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """What is given is run when somebody asks, and not now."""
    return next((a for a in call.all() if a.func is not None), Value())


@effect("collect")
def _collect(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """What an iterator gives, together: characters as a text."""
    held = call.receiver or Value()
    letters = held.items and all(isinstance(c, str) and len(c) == 1 for i in held.items for c in i.consts or (0,))
    made = folding.chars(held.items) if letters and held.items else None
    return made if made is not None else held


@effect("quiet")
def _quiet(run: Witness, call: Invocation) -> Value:
    """What comes out tells too little of what went in."""
    run.compared([v for v in (call.receiver, *call.args) if v is not None], call.line)
    return Value()


@effect("join")
def _joined(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    return fold.join(_words(_rest(call)))


@effect("format")
def _format(run: Witness, call: Invocation, at: str = "0") -> Value:
    args = call.args[int(at) :]
    names = folding.named(args[0].text()) if args and args[0].consts else ()
    here = {n: run.evaluate(ir.Name(n)) for n in names if n not in call.kwargs}
    return folding.formatted(args, {**call.kwargs, **here})


@effect("length")
def _length(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    held = call.receiver or Value()
    whole = held.whole()
    return const(len(held.items)) if held.items is not None else Value() if whole is None else const(len(whole))


@effect("path")
def _path(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """Parts of a path, put together; of a list, its items."""
    held = call.receiver
    if held is not None and held.items is not None:
        return fold.join(held.items, call.arg(0).text())
    if held is not None and held.taint and not held.consts:
        return unknown(held, *call.args)
    parts = _words(([call.receiver] if call.receiver and call.receiver.consts else []) + _rest(call))
    out = parts[0] if parts else Value()
    out = Value(out.consts or (HOLE,), taint=out.taint)
    for part in parts[1:]:
        texts = [fold.path(a, b.lstrip("/")) for a in out.texts() for b in (list(part.texts()) or [HOLE])]
        out = Value(tuple(dict.fromkeys(texts))[:MAX_PATHS], taint=out.taint | part.taint)
    return out


_FOLDERS = {
    "UserProfile": "~", "ApplicationData": "~/AppData/Roaming", "LocalApplicationData": "~/AppData/Local", "Personal": "~",
    "MyDocuments": "~/Documents", "Desktop": "~/Desktop", "DesktopDirectory": "~/Desktop",
    "Startup": "~/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup", "System": "C:/Windows/System32",
}  # fmt: skip


@effect("folder")
def _folder(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """A folder of Windows by its name there."""
    return const(_FOLDERS.get(call.arg(0).ref.rpartition(".")[2], HOLE))


@effect("convert")
def _convert(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """A text as a number of a base."""
    made = folding.function("number", call)
    return made if made is not None else unknown(*_rest(call))


@effect("pipe_from")
def _pipe_from(run: Witness, call: Invocation) -> Value | None:
    """…the object into its argument."""
    call.args = [call.receiver or Value(), *call.args]
    return _pipe(run, call)


@effect("reversed_in_place")
def _reversed_in_place(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    if (items := call.arg(0).items) is not None:
        items.reverse()
        changed()
    return Value()


@effect("connect_socket")
def _connect_socket(run: Witness, call: Invocation) -> Value:
    """A socket that was made before is connected."""
    made = _connect(run, call)
    if call.receiver is not None:
        call.receiver.ref = "socket"
    return made


@effect("registry")
def _registry(run: Witness, call: Invocation) -> Value:
    """Windows' registry, which is a file like others to whoever wants to be started again."""
    place = fold.path(call.arg(0).text().replace("\\", "/"), call.arg(1).text())
    run.write_file(const(place), call.args[2:3], call.line)
    return Value()


@effect("expand")
def _expand(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """A path, made whole: from another where a second is given."""
    first, second = call.arg(0), call.arg(1)
    if second.consts and not first.text().startswith(("/", "~")):
        return Value((fold.path(second.text(), first.text()),), taint=first.taint | second.taint)
    return first


@effect("text")
def _text(run: Witness, call: Invocation, *words: str) -> Value:  # noqa: ARG001
    """A text that is the same everywhere; `?` in it is what is not known."""
    return const(" ".join(words).replace("?", HOLE))


# names that are computed


def function(run: Witness, name: str) -> Value:
    """A function by its name: one of the file, or of the library."""
    return run.evaluate(ir.Name(name.replace("::", ".").lstrip("\\")))


@effect("named")
def _named(run: Witness, call: Invocation, at: str = "0") -> Value:
    """What stands under a name that is given as a text."""
    name = _at(call, at)
    if not name.consts:
        return Value(taint=name.taint)
    text = run.language.table.spelled(name.text())  # type: ignore[attr-defined]
    if call.receiver is not None and call.receiver.fields:
        return run.attribute(call.receiver, text, call.line)
    return function(run, text)


@effect("callback")
def _callback(run: Witness, call: Invocation, at: str = "0") -> Value:
    """A function that is given, or named by a text, is called with the other arguments."""
    held = _at(call, at)
    place = int(at) if at.isdigit() else 0
    rest = [a for n, a in enumerate(call.args) if n != place]
    if held.items and len(held.items) == 2 and held.items[1].consts:
        held = run.attribute(held.items[0], held.items[1].text(), call.line)
    rest = [i for a in rest for i in (a.items if a.items is not None else [a])]
    target = held if held.func is not None or held.ref else _named(run, call, at)
    return run.call(target, Invocation(target.ref, "", rest, {}, call.line))


@effect("each")
def _each(run: Witness, call: Invocation, at: str = "0", over: str = "1") -> Value:
    """A function is called with each item of a list."""
    held, listed = _at(call, at), _at(call, over)
    target = held if held.func is not None or held.ref else _named(run, call, at)
    items = fold.items(listed)
    known = items if items is not None else [unknown(listed)]
    made = [run.call(target, Invocation(target.ref, "", [i], {}, call.line)) for i in known[:MAX_EACH]]
    return Value(items=made, taint=listed.taint if items is None else CLEAN)


@effect("dispatch")
def _dispatch(run: Witness, call: Invocation) -> Value:
    """A method that is named by a text is called on the object."""
    name, rest = call.arg(0), call.args[1:]
    if not name.consts:
        return unknown(*call.all())
    receiver = call.receiver
    known = receiver is not None and (receiver.fields or receiver.ref or receiver.consts or receiver.items)
    target = run.attribute(receiver, name.text(), call.line) if receiver and known else Value()
    effects_of = run.language.table.effect  # type: ignore[attr-defined]
    if target.func is None and not effects_of(target.ref) and effects_of(name.text()):
        target = Value(ref=name.text())
    return run.call(target, Invocation(target.ref, name.text(), rest, call.kwargs, call.line, receiver))


# machine


@effect("env")
def _env(run: Witness, call: Invocation, at: str = "0") -> Value:
    if not call.args:
        return run.environment(call.line)
    found = run.env(_at(call, at), call.line)
    return merge([found, *call.args[1:2]]) if found.consts or found.taint else found


@effect("environment")
def _environment(run: Witness, call: Invocation) -> Value:
    return run.environment(call.line)


@effect("fact")
def _fact(run: Witness, call: Invocation, name: str) -> Value:
    return run.host(name, call.line)


@effect("sleep")
def _sleep(run: Witness, call: Invocation, per: str = "1") -> Value:
    for text in call.arg(0).consts[:1]:
        if isinstance(text, int | float):
            run.sleep(float(text) / float(per), call.line)
    return Value()


# files


def reached(run: Witness, path: Value, line: int, *, text: bool = True, given: Sequence[Value] = ()) -> Value:
    """What is read from a path, which may be an address."""
    whole = path.text() if path.consts else ""
    if whole.startswith(("http://", "https://", "ftp://")):
        return run.request("GET", path, list(given), line)
    if whole == "php://input":
        return Value(taint=frozenset({"request"}))
    if whole.startswith("data:"):
        head, _, body = whole.partition(",")
        plain = const(body if head.endswith("base64") else decode_form.unquote(body), path.taint)
        return run.decoded("base64", plain, line) if head.endswith("base64") else plain
    return run.read_file(path, line, text=text)


@effect("read")
def _read(run: Witness, call: Invocation, at: str = "0") -> Value:
    return reached(run, _at(call, at), call.line, given=_rest(call, 1))


@effect("write")
def _write(run: Witness, call: Invocation, path: str = "0", content: str = "1") -> Value:
    run.write_file(_at(call, path), [_at(call, content)], call.line)
    return Value()


@effect("open")
def _open(run: Witness, call: Invocation, path: str = "0", mode: str = "1") -> Value:
    """A file is opened, to be read unless it says otherwise."""
    place, how = _at(call, path), _at(call, mode).text()
    if place.text().startswith("|"):  # Ruby's way to a process
        return run.command(const(place.text()[1:], place.taint), call.line)
    if any(letter in how for letter in "wax+c") and not place.text().startswith("http"):
        run.write_file(place, [], call.line)
        return Value(ref="file", items=[place])
    content = reached(run, place, call.line)
    return Value(content.consts, content.ref if "network" in content.taint else "file", content.taint, [place])


@effect("create")
def _create(run: Witness, call: Invocation, path: str = "0") -> Value:
    """A file is made, to be written."""
    run.write_file(_at(call, path), [], call.line)
    return Value(ref="file", items=[_at(call, path)])


@effect("open_flags")
def _open_flags(run: Witness, call: Invocation) -> Value:
    """A file is opened as its flags say; a mode is only given where it may be made."""
    made = bool(call.arg(2).consts and call.arg(2).consts[0])
    return _create(run, call) if made else _open(run, call, "0", "-")


@effect("walk")
def _walk(run: Witness, call: Invocation) -> Value:
    """A function is called with the place of every file below a folder."""
    listed = _list(run, call).items or []
    for given in [a for a in call.args if a.func is not None][:1]:
        run.call(given, Invocation("", "", [*listed, Value(), Value()], {}, call.line))
    return Value()


@effect("pipe_to")
def _pipe_to(run: Witness, call: Invocation) -> Value | None:
    """…the other way round: the first argument gets what the second holds."""
    call.args[:2] = call.args[1::-1]
    return _pipe(run, call)


@effect("copy_stream")
def _copy_stream(run: Witness, call: Invocation) -> Value | None:
    """A stream is put into a file, or a file into another."""
    held = call.arg(0)
    if held.taint or not held.consts or held.text().startswith("http"):
        content = reached(run, held, call.line) if held.text().startswith("http") else held
        run.write_file(call.arg(1), [content], call.line)
        return Value()
    return _copy(run, call)


@effect("fill")
def _fill(run: Witness, call: Invocation, at: str = "0") -> Value:  # noqa: ARG001
    """What is read goes into something that was there before."""
    held, into = call.receiver or Value(), _at(call, at)
    into.take(held.all_taint())
    into.consts = into.consts if not held.consts else held.consts
    return Value()


@effect("pipe")
def _pipe(run: Witness, call: Invocation) -> Value:
    """What one thing holds goes into another."""
    held, into = call.arg(0), call.arg(1)
    if into.ref == "file" and into.items:
        run.write_file(into.items[0], [held], call.line)
    elif into.ref == "socket":
        run.sent([held], call.line)
    into.take(held.all_taint())
    return Value()


@effect("as")
def _as(run: Witness, call: Invocation, ref: str) -> Value:  # noqa: ARG001
    """Something of which only matters what it is."""
    return Value(ref=ref, taint=taints(_rest(call)))


@effect("udp")
def _udp(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    return Value(ref="socket", taint=_NETWORK)


@effect("thread")
def _thread(run: Witness, call: Invocation) -> Value:
    """A function is run beside."""
    for given in call.args[:4]:
        if given.func is not None:
            return run.call(given, Invocation("", "", [], {}, call.line))
    return Value()


@effect("seconds")
def _seconds(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    return call.arg(0)


@effect("put")
def _put(run: Witness, call: Invocation, start: str = "0") -> Value:
    """Something is written to a file that is open, or to a connection."""
    held = (call.receiver or Value()) if start == "0" else call.arg(0)
    given = _rest(call, int(start))
    if start != "0" and given and given[0].consts:
        given += [run.evaluate(ir.Name(name)) for name in folding.named(given[0].text())]
    if held.ref == "file" and held.items:
        run.write_file(held.items[0], given, call.line)
    elif held.ref == "socket":
        run.sent(given, call.line)
    else:
        fed.give(run, held, given, call.line)
    return held


@effect("content")
def _content(run: Witness, call: Invocation, at: str = ".") -> Value:  # noqa: ARG001
    """What was in a file that is open, or came out of a process or a connection."""
    held = _at(call, at)
    return Value(held.consts, "content", held.taint)


@effect("copy")
def _copy(run: Witness, call: Invocation) -> Value:
    content = reached(run, call.arg(0), call.line)
    held = content.taint.union(*(run.written.get(p, CLEAN) for p in call.arg(0).texts()))
    run.write_file(call.arg(1), [Value(taint=held)], call.line)
    return Value()


@effect("delete")
def _delete(run: Witness, call: Invocation, at: str = "0") -> Value:
    for path in _words([_at(call, at)]):
        run.delete_file(path, call.line)
    return Value()


@effect("list")
def _list(run: Witness, call: Invocation, at: str = "0") -> Value:
    """Names of files, of which only the folder is known."""
    held = _at(call, at)
    every = [one for t in held.texts() for one in folding.braces(t)][:MAX_PATHS]
    texts = tuple(t if "*" in t else f"{t.rstrip('/')}/{HOLE}" for t in every)
    return Value(items=[Value(texts or (HOLE,), taint=held.taint)])


# network


@effect("request")
def _request(run: Witness, call: Invocation, verb: str = "GET", url: str = "0", *payload: str) -> Value:
    """A request; what else is given goes with it where the table does not say what does."""
    given = [_at(call, p) for p in payload] if payload else _rest(call, int(url) + 1 if url.isdigit() else 0)
    address = _at(call, url)
    if verb.isdigit():
        verb = _at(call, verb).text().upper() if _at(call, verb).consts else "GET"
    if address.fields and not address.consts:
        address = unknown(address)
    return run.request(verb, address, given, call.line)


@effect("client")
def _client(run: Witness, call: Invocation, host: str = "0", port: str = "1") -> Value:
    """A connection over which requests are made."""
    held = _at(call, host)
    if held.consts and not held.text().startswith("http"):
        run.connect(held, _at(call, port), call.line)
    return Value(ref="http", fields={"": held}, taint=CLEAN)


@effect("talk")
def _talk(run: Witness, call: Invocation, verb: str, path: str = "0", *payload: str) -> Value:
    """A request over such a connection."""
    host = ((call.receiver.fields or {}).get("") if call.receiver else None) or Value()
    where = _at(call, path)
    whole = where.text()
    if host.consts and not whole.startswith("http"):
        base = host.text() if host.text().startswith("http") else f"https://{host.text()}"
        where = Value((base.rstrip("/") + "/" + whole.lstrip("/"),), taint=where.taint | host.taint)
    given = [_at(call, p) for p in payload] if payload else _rest(call, int(path) + 1)
    return run.request(verb, where, given, call.line)


@effect("prepared")
def _prepared(run: Witness, call: Invocation, verb: str, url: str = "0") -> Value:  # noqa: ARG001
    """A request that is sent later; what it is given until then goes with it."""
    where = _at(call, url)
    return Value(ref="prepared", fields={"": where, "verb": const(verb)}, taint=taints([where]))


@effect("prepare")
def _prepare(run: Witness, call: Invocation, verb: str, url: str, body: str) -> Value:  # noqa: ARG001
    """…with its verb and body."""
    where = _at(call, url)
    return Value(ref="prepared", fields={"": where, "verb": _at(call, verb)}, taint=taints([where, _at(call, body)]))


@effect("address")
def _address(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """A prepared request is told where to."""
    held = call.receiver or Value()
    held.fields = {**(held.fields or {}), "": call.arg(0)}
    held.take(call.arg(0).all_taint())
    changed()
    return held


@effect("give")
def _give(run: Witness, call: Invocation) -> Value:
    """More is put into a request that is not sent yet, or that only its end sends."""
    held = call.receiver or Value()
    held.take(taints(_rest(call)))
    if call.name.upper() in _VERBS and held.ref == "prepared":
        held.fields = {**(held.fields or {}), "verb": const(call.name.upper())}
    if held.ref == "response":
        run.sent(_rest(call), call.line)
    return held


@effect("transmit")
def _transmit(run: Witness, call: Invocation, at: str = "0") -> Value:
    """A prepared request is sent."""
    held = _at(call, at)
    fields = held.fields or {}
    url = fields.get("") or Value(taint=held.taint)
    return run.request(fields.get("verb", const("GET")).text() or "GET", url, [held, *_rest(call)], call.line)


@effect("option")
def _option(run: Witness, call: Invocation, name: str = "1", value: str = "2") -> Value:
    """An option of a request that a later call sends (curl's way)."""
    held, what, given = call.arg(0), _at(call, name), _at(call, value)
    option = what.text() if what.consts else what.ref
    held.take(given.all_taint())
    if option.lower().endswith("_url") and held.ref == "prepared":
        held.fields = {**(held.fields or {}), "": given}
        changed()
    elif "_post" in option.lower() and held.ref == "prepared":
        held.fields = {**(held.fields or {}), "verb": const("POST")}
        changed()
    if "readfunction" in option.lower() and given.func is not None:
        run.call(given, Invocation("", "", [], {}, call.line))
    return Value()


@effect("connect")
def _connect(run: Witness, call: Invocation, host: str = "0", port: str = "1") -> Value:
    """A socket to somewhere; `host:port` may be one text."""
    held, number = _at(call, host), _at(call, port)
    if held.items and len(held.items) == 2:
        held, number = held.items
    whole = held.text().split("://")[-1] if held.consts else ""
    if ":" in whole and not number.consts and not whole.startswith("["):
        name, _, end = whole.rpartition(":")
        held, number = const(name, held.taint), const(end)
    run.connect(held, number, call.line)
    return Value(ref="socket", taint=_NETWORK)


@effect("connect_as")
def _connect_as(run: Witness, call: Invocation, at: str) -> Value:
    """…where what sort of connection it is comes first."""
    return _connect(run, call, at, "-")


@effect("property")
def _property(run: Witness, call: Invocation) -> Value:
    """Java's properties: some are places, some facts."""
    name = call.arg(0).text()
    if name in {"user.home", "java.io.tmpdir", "user.dir"}:
        return const({"user.home": "~", "java.io.tmpdir": "/tmp"}.get(name, "."))  # noqa: S108
    if name in {"user.name", "os.name", "os.arch", "os.version"}:
        return run.host("username" if name == "user.name" else "platform", call.line)
    return Value()


@effect("builder")
def _builder(run: Witness, call: Invocation) -> Value:  # noqa: ARG001
    """A text that grows, or one of bytes."""
    held = call.arg(0)
    made = folding.chars(held.items) if held.items is not None else None
    if made is not None:
        return made
    known = held.consts if held.consts and isinstance(held.consts[0], str | bytes) else ("",) if not held.taint else ()
    return Value(known, taint=held.all_taint())


@effect("instance")
def _instance(run: Witness, call: Invocation) -> Value:
    """An object of a class that was looked up by its name."""
    held = call.receiver or Value()
    return run.call(Value(ref=held.ref), Invocation(held.ref, "", call.args, {}, call.line, new=True))


@effect("send")
def _send(run: Witness, call: Invocation, start: str = "0") -> Value:
    run.sent(_rest(call, int(start)), call.line)
    return Value()


@effect("lookup")
def _lookup(run: Witness, call: Invocation, at: str = "0", form: str = "") -> Value:
    return run.lookup(_at(call, at), call.line, form)


@effect("listen")
def _listen(run: Witness, call: Invocation) -> Value:
    words = [v.text() for v in call.args[:2] if v.consts]
    run.see(Kind.NET_LISTEN, ":".join(words) or "?", call.line)
    return Value(ref="socket", taint=_NETWORK)


@effect("told")
def _told(run: Witness, call: Invocation, kind: str, *words: str) -> Value:
    """A behaviour by itself."""
    held = call.arg(0).text() if call.arg(0).consts else "?"
    run.see(Kind(kind), " ".join(words) or held, call.line)
    return Value()


def field_set(run: Witness, obj: Value, name: str, value: Value, line: int) -> None:
    """A field of something that is given more before it starts, or of a request."""
    del run, line
    if obj.ref == "prepared" or obj.ref.endswith("()"):
        obj.take(value.all_taint())
    if obj.items is not None and name.lower() in _COMMANDS:
        obj.items.extend(_words([value]))
        changed()
