"""Effects of Python's library functions on the environment, the host and its files."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.static.code import fed, fold, handed
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value, changed, const, merge, unknown
from biopsy.static.code.witness import RUNNABLE, Witness
from biopsy.static.python.effects import TABLE, effect

ENVIRON = frozenset({"get", "items", "copy", "keys", "values", "pop", "setdefault", "update", "__getitem__"})


@effect(
    "os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault", "os.environ.__getitem__",
    "os.getenvb",
)  # fmt: skip
def _getenv(run: Witness, call: Invocation) -> Value:
    value = run.env(call.arg(0, "key"), call.line)
    default = call.args[1:2]
    return merge([value, *default]) if default else value


@effect(
    "os.environ.items", "os.environ.copy", "os.environ.values", "os.environ.keys",
)  # fmt: skip
def _environ(run: Witness, call: Invocation) -> Value:
    if call.name == "keys":
        return Value(taint=frozenset({"keys env:*"}))
    return Value(taint=run.environment(call.line).taint)


_FACTS = {
    "socket.gethostname": "hostname",
    "platform.node": "hostname",
    "socket.getfqdn": "hostname",
    "platform.uname": "hostname",
    "os.uname": "hostname",
    "getpass.getuser": "username",
    "os.getlogin": "username",
    "os.getuid": "uid",
    "pwd.getpwuid": "username",
    "psutil.users": "username",
    "uuid.getnode": "mac",
    "platform.system": "platform",
    "platform.platform": "platform",
    "platform.machine": "platform",
    "platform.release": "platform",
    "platform.version": "platform",
    "platform.processor": "platform",
    "os.cpu_count": "cpus",
    "multiprocessing.cpu_count": "cpus",
    "psutil.cpu_count": "cpus",
    "psutil.virtual_memory": "memory",
    "psutil.boot_time": "uptime",
    "psutil.net_if_addrs": "ip",
    "psutil.process_iter": "processes",
}
for _name, _fact in _FACTS.items():
    TABLE[_name] = lambda run, call, fact=_fact: run.host(fact, call.line)  # type: ignore[misc]


# files


@effect(
    "open", "os.open", "gzip.open", "bz2.open", "lzma.open", "shelve.open", "sqlite3.connect",
    "aiofiles.open", "pathlib.Path().open",
)  # fmt: skip
def opened(run: Witness, call: Invocation) -> Value:
    """A file is opened: to be written, or read at once."""
    on_path = call.name == "open" and call.receiver is not None and call.receiver.ref.startswith("pathlib.")
    path = call.receiver if on_path and call.receiver else call.arg(0, "file")
    given = call.arg(0 if on_path else 1, "mode")
    mode = given.text() if given.consts and call.ref != "os.open" else "r"
    if any(c in mode for c in "wax+"):
        run.write_file(path, [], call.line)
        return Value(consts=path.consts, ref="file()")
    content = read(run, path, call.line, text="b" not in mode)
    held = content if call.ref in _PLAIN else Value(taint=content.taint)
    return Value(ref="file()", fields={"#content": held}, made=True, taint=content.taint)


_PLAIN = frozenset({"open", "aiofiles.open", "pathlib.Path().open"})


def read(run: Witness, path: Value, line: int, *, text: bool) -> Value:
    """A file is read; what the package itself wrote there is known."""
    content = run.read_file(path, line, text=text)
    written = handed.content(run, path) if not content.consts else None
    if written is None:
        return content
    if isinstance(written, bytes) and text:
        written = written.decode("utf-8", "replace")
    elif isinstance(written, str) and not text:
        written = written.encode("utf-8", "replace")
    return Value((written,), content.ref, content.taint)


@effect("os.fdopen")
def _fdopen(_: Witness, call: Invocation) -> Value:
    return Value(consts=call.arg(0).consts, ref="file()", taint=call.arg(0).taint)


@effect("file().read", "file().readline", "file().readall", "file().__enter__().read")
def _content(run: Witness, call: Invocation) -> Value:
    return _held(call)


def _held(call: Invocation) -> Value:
    """What an open file holds."""
    held = (call.receiver.fields or {}).get("#content") if call.receiver is not None else None
    taint = call.receiver.taint if call.receiver is not None else frozenset()
    if held is None or taint - held.taint:  # something was put into it since
        return unknown(Value(taint=taint), *([held] if held is not None else []))
    return held


@effect("file().readlines")
def _lines(run: Witness, call: Invocation) -> Value:
    held = _held(call)
    whole = held.whole()
    if isinstance(whole, bytes | str) and len(whole) < 1_000_000:
        return Value(
            items=[const(one, held.taint) for one in whole.splitlines(keepends=True)], taint=held.taint
        )
    return unknown(held)


@effect("pkgutil.get_data", "importlib.resources.read_text", "importlib.resources.read_binary",
        "importlib.resources.open_binary", "importlib.resources.open_text", "pkg_resources.resource_string",
        "pkg_resources.resource_stream")  # fmt: skip
def _resource(run: Witness, call: Invocation) -> Value:
    package, name = call.arg(0), call.arg(1)
    text = call.ref.endswith("text")
    named = package.text().split(".") if package.consts else []
    for folder in ("/".join(named), "/".join(named[1:]), "."):
        path = const(f"{folder}/{name.text()}".lstrip("/"))
        content = run.read_file(path, call.line, text=text) if name.consts else Value()
        if content.consts:
            break
    else:
        content = run.read_file(name, call.line, text=text)
    if "open_" in call.ref or "stream" in call.ref:
        return Value(ref="file()", fields={"#content": content}, made=True, taint=content.taint)
    return content


@effect("importlib.resources.files", "importlib.resources.path", "pkg_resources.resource_filename")
def _resources(run: Witness, call: Invocation) -> Value:
    if call.ref.endswith("files"):
        return Value(consts=(".",), ref="pathlib.Path()")
    return Value(consts=call.arg(1).consts, ref="pathlib.Path()")


@effect("file().extractall", "shutil.unpack_archive", "file().extract")
def unpacked(run: Witness, call: Invocation) -> Value:
    """What is unpacked is as trustworthy as the archive."""
    held = run.read_file(call.arg(0), call.line).taint if "unpack" in call.ref else frozenset()
    taint = call.receiver.taint if call.receiver is not None and not held else held
    target = call.arg(1 if "unpack" in call.ref or call.ref.endswith("extract") else 0, "path")
    run.write_file(target if target.consts else const("./"), [Value(taint=taint)], call.line)
    return Value()


@effect("file().write", "file().writelines", "os.write")
def _write(run: Witness, call: Invocation) -> Value:
    into = call.arg(0) if call.ref == "os.write" else call.receiver
    content = call.args[1:] if call.ref == "os.write" else call.args
    if into is not None and content:
        put(run, into, content, call)
    return Value()


def put(run: Witness, into: Value, content: list[Value], call: Invocation) -> None:
    """Something is written to what is open."""
    taint = frozenset(t for a in content for t in a.all_taint())
    if not into.consts:
        into.take(taint)
        if into.fields is not None:
            into.fields["#content"] = _added(into.fields.get("#content"), content[0])
            changed()
        return
    handed.copied(run, Value(into.consts), Value(taint=taint))
    for text in into.texts():
        fed.kept(run, text, content, call.line)
        if taint & RUNNABLE and isinstance(text, str):
            run.written[text] = run.written.get(text, frozenset()) | (taint & RUNNABLE)
    if call.name == "write" and isinstance(into.consts[0], str):
        handed.keep(run, Value(into.consts), content[0])


def _added(before: Value | None, more: Value) -> Value:
    """What a buffer holds after something was written to it."""
    if before is None or not before.consts:
        return more if before is None or not before.taint else unknown(before, more)
    return fold.binary("+", before, more)


@effect("json.dump", "pickle.dump", "yaml.dump", "yaml.safe_dump", "toml.dump", "marshal.dump", "ujson.dump")
def _dumped(run: Witness, call: Invocation) -> Value:
    """Something is written to an open file in a form of its own; without one, YAML's gives it."""
    content = unknown(call.arg(0) if call.arg(0).ref != "os.environ" else run.environment(call.line))
    if len(call.args) > 1 or "fp" in call.kwargs or "stream" in call.kwargs:
        into = call.arg(1, "fp" if "fp" in call.kwargs else "stream")
        put(run, into, [content], call)
        return Value()
    return content


@effect(
    "os.remove", "os.unlink", "os.rmdir", "shutil.rmtree", "os.removedirs", "send2trash.send2trash",
)  # fmt: skip
def _delete(run: Witness, call: Invocation) -> Value:
    run.delete_file(call.arg(0), call.line)
    return Value()


@effect(
    "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.move", "os.rename", "os.replace",
    "shutil.copytree", "os.link", "os.symlink",
)  # fmt: skip
def _copy(run: Witness, call: Invocation) -> Value:
    source, target = call.arg(0), call.arg(1)
    content = run.read_file(source, call.line)
    handed.copied(run, target, content)
    held = frozenset(t for p in source.texts() for t in run.written.get(p, ()))
    run.write_file(target, [Value(taint=held)], call.line)
    return Value()


@effect(
    "os.path.exists", "os.path.isfile", "os.path.isdir", "os.access", "os.stat", "os.path.getsize",
    "os.path.getmtime", "os.makedirs", "os.mkdir", "isinstance", "print", "super",
    "hasattr", "callable",
)  # fmt: skip
def _nothing(run: Witness, call: Invocation) -> Value:
    return Value()
