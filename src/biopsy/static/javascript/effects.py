"""Effects of JavaScript's library functions, by dotted name. A new one is a line or a function here."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from collections.abc import Callable

from biopsy.model.behaviour import Kind
from biopsy.static.code import decode_form, fed, fold, handed, project
from biopsy.static.code.data import parsed
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import CLEAN, HOLE, Value, changed, const
from biopsy.static.code.witness import Witness
from biopsy.static.javascript import modules
from biopsy.static.javascript.callbacks import run_all

Effect = Callable[[Witness, Invocation], Value | None]
TABLE: dict[str, Effect] = {}


def effect(*names: str) -> Callable[[Effect], Effect]:
    """Register an effect under library paths."""

    def register(function: Effect) -> Effect:
        for name in names:
            TABLE[name] = function
        return function

    return register


def find(ref: str) -> Effect | None:
    """The effect of a library path."""
    return TABLE.get(ref)


# running


@effect(
    "child_process.exec", "child_process.execSync", "shelljs.exec", "execa.command",
    "execa.commandSync", "execa.execaCommand", "execa.execaCommandSync", "@actions/exec.exec",
    "@actions/exec.getExecOutput",
)  # fmt: skip
def _exec(run: Witness, call: Invocation) -> Value:
    output = run.command(call.arg(0), call.line)
    fed.dictated(run, call.arg(0), call.line)
    _given(run, call, output)
    run_all(run, call, [Value(), output, Value()], 1)
    return output


def _given(run: Witness, call: Invocation, process: Value) -> None:
    """What options say is given to a process on its standard input."""
    for option in call.args[1:]:
        if option.fields and (given := option.fields.get("input")) is not None:
            fed.give(run, process, [given], call.line)


@effect(
    "child_process.spawn", "child_process.spawnSync", "child_process.execFile",
    "child_process.execFileSync", "cross-spawn", "cross-spawn.sync", "cross-spawn.spawn", "execa",
    "execa.sync", "execa.execa", "execa.execaSync", "child_process.fork", "Deno.run",
    "worker_threads.Worker", "Worker",
)  # fmt: skip
def _spawn(run: Witness, call: Invocation) -> Value:
    if call.ref == "child_process.fork":
        rest = call.arg(1).items or []
        return run.command(Value(items=[const("node"), call.arg(0), *rest]), call.line)
    if call.ref in {"worker_threads.Worker", "Worker"}:
        options = call.arg(1).fields or {}
        if "eval" in options or call.arg(0).text().startswith("data:"):
            run.evaluated("Worker", inline(run, call.arg(0), call.line), call.line)
        return Value(ref="worker")
    rest_ = call.arg(1)
    output = run.command(call.arg(0), call.line, rest_ if rest_.items is not None else None)
    if any((a.fields or {}).get("detached", Value()).consts == (True,) for a in call.args[1:]):
        run.see(Kind.PROCESS_DOES, "detached background", call.line)
    _given(run, call, output)
    run_all(run, call, [Value(), output, Value()], 1)
    return output


@effect("Bun.spawn", "Bun.spawnSync")
def _bun(run: Witness, call: Invocation) -> Value:
    return run.command(call.arg(0), call.line)


_DATA = frozenset({"json", "node", "css", "html", "wasm", "txt", "md"})


def inline(run: Witness, url: Value, line: int) -> Value:
    """The code that a `data:` URL holds."""
    head, comma, body = url.text().partition(",")
    if not comma or not head.startswith("data:"):
        return url
    if head.endswith(";base64"):
        return run.decoded("base64", const(body, url.taint), line)
    return const(decode_form.unquote(body), url.taint | {"decoded"})


@effect(
    "require.resolve", "module.createRequire().resolve", "import.meta.resolve",
)  # fmt: skip
def _resolved(run: Witness, call: Invocation) -> Value | None:
    """Where another package's file lies."""
    whole = call.arg(0).whole()
    if not isinstance(whole, str):
        return None
    name = modules.NAME.match(whole)
    own = modules.manifest(run.source.package, "package.json")
    if name is None or modules.builtin(name[0]) or (own is not None and own.name == name[0]):
        return None
    return const(f"{HOLE}/node_modules/{whole}" + (f"/{HOLE}" if name[0] == whole else ""))


def _written(run: Witness, path: Value, line: int) -> None:
    """A file is loaded that the package wrote itself."""
    taint = frozenset(t for p in path.texts() for t in run.written.get(p, ()))
    run.flow("execution", [Value(taint=taint)], line)
    if "network" in taint:
        run.see(Kind.CODE_EVAL, f"import {path.text()}", line)
    if (code := handed.content(run, path)) is not None:
        run.see(Kind.CODE_IMPORT, path.text(), line)
        run.peel(code, line, "javascript")


@effect(
    "require", "import", "module.createRequire()", "require.call",
)  # fmt: skip
def _require(run: Witness, call: Invocation) -> Value:
    name = call.arg(0)
    whole = name.whole()
    if not isinstance(whole, str):
        run.flow("execution", [Value(taint=name.taint & {"decoded"})], call.line)
        _written(run, name, call.line)
        if call.args:
            run.see(Kind.CODE_IMPORT, name.text() if name.consts else "?", call.line)
        return Value()
    if whole.startswith("data:"):
        run.evaluated("import", inline(run, name, call.line), call.line)
        return Value()
    if whole.endswith(".node"):
        run.see(Kind.CODE_NATIVE, f"require {whole}", call.line)
    if "decoded" in name.taint:
        run.see(Kind.CODE_IMPORT, whole, call.line)
    _written(run, name, call.line)
    if run.linker is not None and (path := modules.resolve(whole, run.source.path, run.source.package)):
        if path.endswith(modules.CODE) or (
            path.rpartition("/")[2].partition(".")[2] not in _DATA and call.ref == "require"
        ):
            if not path.endswith(modules.CODE):
                whole = run.source.package.load(path) or b""
                run.opened_files.append(whole)
                run.peel(whole, call.line, "javascript")
            return Value(link=path)
        if path.endswith(".json"):
            return modules.data(path, run.source.package)
    return Value(ref=whole.removeprefix("node:"))


@effect(
    "process.dlopen", "WebAssembly.instantiate", "WebAssembly.compile", "WebAssembly.Module",
)  # fmt: skip
def _native(run: Witness, call: Invocation) -> Value:
    run.see(Kind.CODE_NATIVE, call.ref, call.line)
    if call.ref == "process.dlopen":
        _written(run, call.arg(1), call.line)
    return Value()


# time and control


@effect(
    "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "process.nextTick",
)  # fmt: skip
def _later(run: Witness, call: Invocation) -> Value:
    after = call.arg(1).consts[:1]
    if call.ref in {"setTimeout", "setInterval"} and after and isinstance(after[0], int | float):
        run.sleep(float(after[0]) / 1000, call.line)
    first = call.arg(0)
    if first.consts and isinstance(first.consts[0], str):
        run.evaluated(call.ref, first, call.line)
    if first.func is not None:
        own = 2 if call.ref in {"setTimeout", "setInterval"} else 1  # only these are told a time
        run.call(first, Invocation("", "", call.args[own:], {}, call.line))
    return Value()


@effect("Promise")
def _promise(run: Witness, call: Invocation) -> Value:
    given = Value()
    resolve = Value(ref="promise resolve", fields={"": given})
    run_all(run, call, [resolve, Value(ref="promise reject")])
    return given


@effect("promise resolve")
def _resolve(run: Witness, call: Invocation) -> Value:
    given = (call.target.fields or {}).get("") if call.target else None
    if given is not None:
        value = call.arg(0)
        given.taint |= value.all_taint()
        given.consts = given.consts or value.consts
        given.ref = given.ref or value.ref
        given.items = given.items or value.items
        given.fields = given.fields or value.fields
        changed()
    return Value()


@effect(
    "util.promisify", "Promise.resolve", "Promise.all", "Promise.race", "Object.freeze", "Promise.any",
    "Promise.allSettled", "module.createRequire",
)  # fmt: skip
def _same(run: Witness, call: Invocation) -> Value:
    if call.ref == "module.createRequire":
        return Value(ref="require")
    return call.arg(0)


# machine

_FACTS = {
    "os.hostname": "hostname",
    "os.userInfo": "username",
    "os.platform": "platform",
    "os.type": "platform",
    "os.release": "platform",
    "os.arch": "platform",
    "os.version": "platform",
    "os.cpus": "cpus",
    "os.totalmem": "memory",
    "os.freemem": "memory",
    "os.uptime": "uptime",
    "process.uptime": "uptime",
    "os.loadavg": "load",
    "os.networkInterfaces": "ip",
    "process.getuid": "uid",
    "username": "username",
    "systeminformation.system": "hardware",
}
for _name, _fact in _FACTS.items():
    TABLE[_name] = lambda run, call, fact=_fact: run.host(fact, call.line)  # type: ignore[misc]


@effect(
    "os.homedir", "os.tmpdir", "process.cwd", "untildify",
)  # fmt: skip
def _place(run: Witness, call: Invocation) -> Value:
    named = {"os.homedir": "~", "os.tmpdir": "/tmp", "process.cwd": "."}  # noqa: S108
    return const(named.get(call.ref, HOLE), project.HERE if call.ref == "process.cwd" else CLEAN)


# files


@effect(
    "fs.readFile", "fs.readFileSync", "fs.createReadStream", "fs.open", "fs.openSync",
    "Deno.readTextFile", "fs.readJson", "fs.readJsonSync", "Bun.file", "fs.readJSONSync",
)  # fmt: skip
def _read(run: Witness, call: Invocation) -> Value:
    form = call.arg(1)
    named = (form.fields or {}).get("encoding", form)
    text = named.consts[:1] not in ((), (None,)) or "Text" in call.ref
    content = run.read_file(call.arg(0), call.line, text=text)
    if "Json" in call.ref or "JSON" in call.ref:
        whole = content.whole()
        content = parsed(whole, content.taint) if whole is not None else content
    run_all(run, call, [Value(), content], 1)
    return content


@effect(
    "fs.writeFile", "fs.writeFileSync", "fs.appendFile", "fs.appendFileSync", "fs.outputFile",
    "fs.outputFileSync", "fs.createWriteStream", "Bun.write", "Deno.writeTextFile", "fs.writeJson",
    "fs.writeJsonSync",
)  # fmt: skip
def _write(run: Witness, call: Invocation) -> Value:
    run.write_file(call.arg(0), call.args[1:2], call.line)
    handed.keep(run, call.arg(0), call.arg(1))
    run_all(run, call, [], 1)
    return Value(consts=call.arg(0).consts, ref="file()")


@effect(
    "fs.copyFile", "fs.copyFileSync", "fs.rename", "fs.renameSync", "fs.copy", "fs.copySync", "fs.cp",
    "fs.cpSync", "fs.symlink", "fs.symlinkSync", "fs.move", "fs.moveSync", "fs.link", "fs.linkSync",
)  # fmt: skip
def _copy(run: Witness, call: Invocation) -> Value:
    run.read_file(call.arg(0), call.line)
    held = frozenset(t for p in call.arg(0).texts() for t in run.written.get(p, ()))
    run.write_file(call.arg(1), [Value(taint=held)], call.line)
    run_all(run, call, [], 2)
    return Value()


@effect(
    "fs.unlink", "fs.unlinkSync", "fs.rm", "fs.rmSync", "fs.rmdir", "fs.rmdirSync", "rimraf",
    "rimraf.sync", "fs.remove", "fs.removeSync", "fs.emptyDirSync", "del", "del.sync",
)  # fmt: skip
def _delete(run: Witness, call: Invocation) -> Value:
    run.delete_file(call.arg(0), call.line)
    run_all(run, call, [], 1)
    return Value()


@effect(
    "fs.readdir", "fs.readdirSync", "fs.opendirSync", "fast-glob", "glob.sync", "fs.existsSync",
    "fs.statSync", "fs.exists", "fs.mkdirSync", "fs.mkdir", "fs.access", "fs.accessSync", "fs.stat",
    "fs.chmod", "fs.chmodSync", "fs.lstatSync",
)  # fmt: skip
def _list(run: Witness, call: Invocation) -> Value:
    result = Value(items=[const(HOLE)]) if "dir" in call.ref and "mk" not in call.ref else Value()
    run_all(run, call, [Value(), result], 1)
    return result


@effect(
    "path.join", "path.resolve", "path.normalize", "url.fileURLToPath",
)  # fmt: skip
def _join(run: Witness, call: Invocation) -> Value:
    first = call.arg(0)
    out = Value(first.consts or (HOLE,), taint=first.taint)
    for arg in call.args[1:]:
        texts = [fold.path(a, b.lstrip("/") if call.ref == "path.join" else b)
                 for a in out.texts() for b in (list(arg.texts()) or [HOLE])]  # fmt: skip
        out = Value(tuple(dict.fromkeys(texts))[:12], taint=out.taint | arg.taint)
    return out


@effect("incoming.get", "incoming.header", "incoming.param", "incoming.text", "incoming.json")
def _asked(run: Witness, call: Invocation) -> Value:
    """What a request says when it is asked, rather than looked at."""
    return Value(taint=call.target.taint if call.target is not None else frozenset())


@effect("url.pathToFileURL")
def _file_url(run: Witness, call: Invocation) -> Value:
    path = call.arg(0)
    return Value(fields=dict.fromkeys(("href", "pathname", "toString"), path), taint=path.taint)


@effect("path.dirname")
def _dirname(run: Witness, call: Invocation) -> Value:
    return _folder(call.arg(0))


def _folder(path: Value) -> Value:
    return Value(tuple(t.rpartition("/")[0] or "." for t in path.texts()), taint=path.taint)


@effect("path.extname", "path.basename", "path.parse")
def _named(run: Witness, call: Invocation) -> Value:
    path = call.arg(0)
    names = [t.rpartition("/")[2] for t in path.texts()]
    if call.name == "extname":
        return Value(tuple(f".{n.rpartition('.')[2]}" if "." in n else "" for n in names), taint=path.taint)
    cut = call.arg(1).text() if call.arg(1).consts else ""
    stems = tuple(n.removesuffix(cut) if cut else n for n in names)
    if call.name == "parse":
        bare = Value(tuple(n.rpartition(".")[0] or n for n in names))
        return Value(fields={"name": bare, "base": Value(stems), "dir": _folder(path)})
    return Value(stems, taint=path.taint)
