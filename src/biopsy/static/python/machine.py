"""Effects of Python's library functions on the environment, the host and its files."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.static.code.state import Invocation
from biopsy.static.code.value import HOLE, Value, as_text, merge
from biopsy.static.code.witness import Witness
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
        return Value()
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
    "open", "os.open", "gzip.open", "bz2.open", "lzma.open", "zipfile.ZipFile", "tarfile.open",
    "shelve.open", "sqlite3.connect", "aiofiles.open", "pathlib.Path().open",
)  # fmt: skip
def _open(run: Witness, call: Invocation) -> Value:
    on_path = call.name == "open" and call.receiver is not None and call.receiver.ref.startswith("pathlib.")
    path = call.receiver if on_path and call.receiver else call.arg(0, "file")
    mode = call.arg(0 if on_path else 1, "mode")
    opened = mode.text() if mode.consts else "r"
    if call.ref == "os.open":
        opened = "r"
    if any(c in opened for c in "wax+"):
        run.write_file(path, [], call.line)
        return Value(consts=path.consts, ref="file()")
    content = run.read_file(path, call.line)
    return Value(ref="file()", taint=content.taint | (path.taint & {"data:self"}))


@effect("file().write", "file().writelines", "file().writestr")
def _write(run: Witness, call: Invocation) -> Value:
    if call.receiver is not None:
        for text in call.receiver.texts():
            taint = frozenset(t for a in call.args for t in a.all_taint()) & {"network", "decoded"}
            if taint:
                run.written[as_text(text)] = run.written.get(as_text(text), frozenset()) | taint
    return Value()


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
    run.read_file(source, call.line)
    held = frozenset(t for p in source.texts() for t in run.written.get(p, ()))
    run.write_file(target, [Value(taint=held)], call.line)
    return Value()


@effect(
    "os.listdir", "os.scandir", "os.walk", "glob.glob", "glob.iglob",
)  # fmt: skip
def _list(run: Witness, call: Invocation) -> Value:
    path = call.arg(0)
    return Value(
        consts=path.consts if "glob" in call.ref else (HOLE,) if path.consts else (), taint=frozenset()
    )


@effect(
    "os.path.exists", "os.path.isfile", "os.path.isdir", "os.access", "os.stat", "os.path.getsize",
    "os.path.getmtime", "os.makedirs", "os.mkdir", "isinstance", "len", "print", "type", "super",
    "hasattr", "callable",
)  # fmt: skip
def _nothing(run: Witness, call: Invocation) -> Value:
    return Value()
