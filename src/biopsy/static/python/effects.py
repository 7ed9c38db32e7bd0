"""Effects of Python's library functions, by dotted name. A new one is a line or a function here."""

from collections.abc import Callable

from biopsy.model.behaviour import Kind
from biopsy.static.code import fold
from biopsy.static.code.interpret import Invocation
from biopsy.static.code.value import HOLE, Value, as_text, const, merge, unknown
from biopsy.static.code.witness import Witness

Effect = Callable[[Witness, Invocation], Value | None]

ENVIRON = frozenset({"get", "items", "copy", "keys", "values", "pop", "setdefault", "update", "__getitem__"})
INVOKERS = frozenset({"threading.Thread", "threading.Timer", "multiprocessing.Process", "atexit.register", "asyncio.run",
                      "asyncio.create_task", "asyncio.ensure_future", "map", "_thread.start_new_thread",
                      "concurrent.futures.ThreadPoolExecutor().submit", "asyncio.get_event_loop().run_until_complete"})  # fmt: skip

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
    "exec", "eval", "execfile", "runpy.run_path", "timeit.timeit", "code.InteractiveInterpreter().runsource"
)
def _exec(run: Witness, call: Invocation) -> Value:
    code = call.arg(0)
    if code.ref == "compiled":
        run.see(Kind.CODE_EVAL, call.ref, call.line)
        run.flow("execution", [code], call.line)
    else:
        run.evaluated(call.ref, code, call.line)
    return unknown(code)


@effect("compile")
def _compile(run: Witness, call: Invocation) -> Value:
    run.evaluated("compile", call.arg(0), call.line)
    return Value(ref="compiled", taint=call.arg(0).taint)


@effect("types.FunctionType", "types.CodeType", "marshal.loads")
def _code_object(run: Witness, call: Invocation) -> Value:
    if call.ref != "marshal.loads":
        run.see(Kind.CODE_EVAL, call.ref, call.line)
        run.flow("execution", call.args, call.line)
        return Value(ref="compiled", taint=call.arg(0).taint)
    run.decoded("marshal", call.arg(0), call.line)
    data = call.arg(0)
    decoded = frozenset({"decoded"}) if data.consts or "data" in data.taint else frozenset()
    return Value(ref="compiled", taint=data.taint | decoded)


@effect("pickle.loads", "pickle.load", "pickle.Unpickler")
def _unpickle(run: Witness, call: Invocation) -> Value:
    run.see(Kind.CODE_DECODE, "pickle", call.line)
    if {"network", "decoded"} & call.arg(0).taint:
        run.flow("execution", [call.arg(0)], call.line)
    return unknown(call.arg(0))


@effect(
    "os.system", "os.popen", "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output",
    "subprocess.Popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput", "os.startfile",
    "asyncio.create_subprocess_shell", "pty.spawn", "pexpect.spawn", "os.popen2", "os.popen3", "sh.bash",
    "popen2.popen3", "platform.popen",
)  # fmt: skip
def _command(run: Witness, call: Invocation) -> Value:
    return run.command(call.arg(0, "args"), call.line, call.kwargs.get("input"))


@effect("asyncio.create_subprocess_exec")
def _command_words(run: Witness, call: Invocation) -> Value:
    return run.command(Value(items=call.args), call.line)


@effect("os.execv", "os.execve", "os.execvp", "os.execvpe", "os.execl", "os.execlp", "os.execle", "os.spawnl",
        "os.spawnv", "os.spawnlp", "os.spawnvp", "os.spawnle", "os.spawnve", "os.posix_spawn", "os.posix_spawnp")  # fmt: skip
def _replace(run: Witness, call: Invocation) -> Value:
    at = 1 if ".spawn" in call.ref else 0
    rest = call.args[at + 1 :]
    words = rest[0].items if rest and rest[0].items is not None else rest
    return run.command(Value(items=list(words)) if words else call.arg(at), call.line)


# importing


@effect(
    "__import__", "importlib.import_module", "importlib.__import__", "imp.load_module", "runpy.run_module"
)
def _import(run: Witness, call: Invocation) -> Value:
    name = call.arg(0)
    whole = name.whole()
    if not isinstance(whole, str):
        run.see(Kind.CODE_IMPORT, name.text() if name.consts else "?", call.line)
        run.flow("execution", [name], call.line)
        return Value()
    if name.taint & {"decoded"} or call.ref == "__import__":
        run.see(Kind.CODE_IMPORT, whole, call.line)
    top = (
        whole
        if call.ref != "__import__" or call.args[3:4] or "fromlist" in call.kwargs
        else whole.partition(".")[0]
    )
    return Value(ref=top)


@effect("importlib.machinery.SourceFileLoader", "importlib.machinery.SourcelessFileLoader",
        "importlib.util.spec_from_file_location", "imp.load_source", "imp.load_compiled",
        "importlib.machinery.ExtensionFileLoader", "imp.load_dynamic")  # fmt: skip
def _load(run: Witness, call: Invocation) -> Value:
    path = call.arg(1, "path")
    run.see(Kind.CODE_IMPORT, path.text() if path.consts else "?", call.line)
    taint = frozenset(t for p in path.texts() for t in run.written.get(p, ()))
    run.flow("execution", [Value(taint=taint)], call.line)
    return Value(ref="loader")


@effect("getattr")
def _getattr(run: Witness, call: Invocation) -> Value | None:
    name = call.arg(1).whole()
    if isinstance(name, str) and call.args:
        return run.attribute(call.args[0], name, call.line)
    return Value(taint=call.arg(0).taint)


@effect("setattr")
def _setattr(run: Witness, call: Invocation) -> Value:
    name, obj = call.arg(1).whole(), call.arg(0)
    if isinstance(name, str) and obj.ref and not obj.ref.endswith("()"):
        run.language.patched(run, obj, name, call.arg(2), call.line)
    elif isinstance(name, str) and obj.fields is not None:
        obj.fields[name] = call.arg(2)
    return Value()


@effect("globals", "locals", "vars")
def _namespace(run: Witness, call: Invocation) -> Value:
    return call.args[0] if call.args else Value(ref="globals()")


@effect("ctypes.CDLL", "ctypes.cdll.LoadLibrary", "ctypes.WinDLL", "ctypes.PyDLL", "ctypes.OleDLL",
        "cffi.FFI().dlopen", "ctypes.windll.LoadLibrary")  # fmt: skip
def _native(run: Witness, call: Invocation) -> Value:
    path = call.arg(0)
    run.see(Kind.CODE_NATIVE, f"{call.ref} {path.text() if path.consts else '?'}", call.line)
    run.flow(
        "execution",
        [Value(taint=frozenset(t for p in path.texts() for t in run.written.get(p, ())))],
        call.line,
    )
    return Value(ref="native")


@effect("ctypes.windll.kernel32.VirtualAlloc", "ctypes.windll.kernel32.CreateThread", "mmap.mmap",
        "ctypes.windll.kernel32.RtlMoveMemory")  # fmt: skip
def _memory(run: Witness, call: Invocation) -> Value | None:
    if call.ref != "mmap.mmap":
        run.see(Kind.CODE_NATIVE, call.ref, call.line)
        run.flow("execution", call.all(), call.line)
    return None


# environment and host


@effect(
    "os.getenv",
    "os.environ.get",
    "os.environ.pop",
    "os.environ.setdefault",
    "os.environ.__getitem__",
    "os.getenvb",
)
def _getenv(run: Witness, call: Invocation) -> Value:
    value = run.env(call.arg(0, "key"), call.line)
    default = call.args[1:2]
    return merge([value, *default]) if default else value


@effect("os.environ.items", "os.environ.copy", "os.environ.values", "os.environ.keys")
def _environ(run: Witness, call: Invocation) -> Value:
    if call.name == "keys":
        return Value()
    return Value(taint=run.environment(call.line).taint)


def _whole(run: Witness, value: Value, line: int) -> Value:
    """The environment itself, where it is used as a value."""
    return run.environment(line) if value.ref == "os.environ" else value


def _facts(**names: str) -> None:
    for name, fact in names.items():
        TABLE[name.replace("__", ".")] = lambda run, call, fact=fact: run.host(fact, call.line)  # type: ignore[misc]


_facts(socket__gethostname="hostname", platform__node="hostname", socket__getfqdn="hostname", getpass__getuser="username",
       os__getlogin="username", platform__uname="hostname", os__uname="hostname", uuid__getnode="mac",
       platform__system="platform", platform__platform="platform", platform__machine="platform",
       platform__release="platform", platform__version="platform", platform__processor="platform",
       os__cpu_count="cpus", multiprocessing__cpu_count="cpus", psutil__cpu_count="cpus",
       psutil__virtual_memory="memory", os__getuid="username", pwd__getpwuid="username", psutil__boot_time="uptime",
       psutil__net_if_addrs="ip", psutil__process_iter="processes", psutil__users="username")  # fmt: skip


# files


@effect("open", "os.open", "gzip.open", "bz2.open", "lzma.open", "zipfile.ZipFile", "tarfile.open", "shelve.open",
        "sqlite3.connect", "aiofiles.open", "pathlib.Path().open")  # fmt: skip
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


@effect("os.remove", "os.unlink", "os.rmdir", "shutil.rmtree", "os.removedirs", "send2trash.send2trash")
def _delete(run: Witness, call: Invocation) -> Value:
    run.delete_file(call.arg(0), call.line)
    return Value()


@effect("shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.move", "os.rename", "os.replace", "shutil.copytree",
        "os.link", "os.symlink")  # fmt: skip
def _copy(run: Witness, call: Invocation) -> Value:
    source, target = call.arg(0), call.arg(1)
    run.read_file(source, call.line)
    held = frozenset(t for p in source.texts() for t in run.written.get(p, ()))
    run.write_file(target, [Value(taint=held)], call.line)
    return Value()


@effect("os.listdir", "os.scandir", "os.walk", "glob.glob", "glob.iglob")
def _list(run: Witness, call: Invocation) -> Value:
    path = call.arg(0)
    return Value(
        consts=path.consts if "glob" in call.ref else (HOLE,) if path.consts else (), taint=frozenset()
    )


@effect("os.path.exists", "os.path.isfile", "os.path.isdir", "os.access", "os.stat", "os.path.getsize", "os.path.getmtime",
        "os.makedirs", "os.mkdir", "isinstance", "len", "print", "type", "super", "hasattr", "callable")  # fmt: skip
def _nothing(run: Witness, call: Invocation) -> Value:
    return Value()


# network

_HTTP = ("get", "post", "put", "patch", "delete", "head", "options")
for _library in (
    "requests",
    "httpx",
    "aiohttp",
    "grequests",
    "curl_cffi.requests",
    "cloudscraper.create_scraper()",
):
    for _verb in _HTTP:
        TABLE[f"{_library}.{_verb}"] = lambda run, call: run.request(
            call.name.upper(), call.arg(0, "url"), [*call.args[1:], *call.kwargs.values()], call.line
        )
    TABLE[f"{_library}.request"] = lambda run, call: run.request(
        call.arg(0, "method").text().upper(),
        call.arg(1, "url"),
        [*call.args[2:], *call.kwargs.values()],
        call.line,
    )
    TABLE[f"{_library}.stream"] = TABLE[f"{_library}.request"]
TABLE["urllib3.request"] = TABLE["requests.request"]
TABLE["urllib3.urlopen"] = TABLE["requests.request"]


@effect("urllib.request.Request")
def _url_request(run: Witness, call: Invocation) -> Value:
    fields = {"url": call.arg(0, "url"), "data": call.arg(1, "data"), "headers": call.arg(2, "headers"),
              "method": call.arg(9, "method")}  # fmt: skip
    return Value(ref="urllib.request.Request()", fields=fields)


@effect(
    "urllib.request.urlopen",
    "urllib.request.build_opener().open",
    "urllib.request.urlretrieve",
    "wget.download",
)
def _urlopen(run: Witness, call: Invocation) -> Value:
    target = call.arg(0, "url")
    fields = target.fields or {}
    url = fields.get("url", target)
    data = [fields.get("data", Value()), fields.get("headers", Value())]
    file = call.arg(1, "filename") if call.ref.endswith(("urlretrieve", "download")) else None
    if file is None:
        data += [call.arg(1, "data")]
    verb = fields.get("method", Value())
    has_data = any(d.consts or d.taint or d.fields for d in (data[0], *data[2:]))
    response = run.request(
        verb.text() if verb.consts else "POST" if has_data else "GET", url, data, call.line
    )
    if file is not None:
        run.write_file(file, [response], call.line)
        return Value(items=[file, Value()])
    return response


@effect("http.client.HTTPSConnection", "http.client.HTTPConnection")
def _http_connection(run: Witness, call: Invocation) -> Value:
    return Value(consts=call.arg(0, "host").consts, ref="http.client.HTTPConnection()")


@effect("http.client.HTTPConnection().request")
def _http_request(run: Witness, call: Invocation) -> Value:
    host = call.receiver.text() if call.receiver and call.receiver.consts else HOLE
    url = const(f"http://{host}{call.arg(1).text()}")
    if call.receiver is not None:
        call.receiver.taint |= {"network"}
    return run.request(
        call.arg(0).text(), url, [call.arg(1), *call.args[2:], *call.kwargs.values()], call.line
    )


@effect(
    "socket.socket().connect",
    "socket.create_connection",
    "socket.socket().connect_ex",
    "asyncio.open_connection",
)
def _connect(run: Witness, call: Invocation) -> Value:
    pair = call.arg(0).items
    host, port = (pair[0], pair[1]) if pair and len(pair) > 1 else (call.arg(0), call.arg(1))
    run.connect(host, port, call.line)
    if call.receiver is not None and "connect" in call.name and "create" not in call.name:
        call.receiver.taint |= {"network"}
    return Value(ref="socket.socket()", taint=frozenset({"network"}))


@effect("socket.socket().send", "socket.socket().sendall", "socket.socket().sendto", "websocket.create_connection().send",
        "smtplib.SMTP().sendmail", "smtplib.SMTP_SSL().sendmail", "ftplib.FTP().storbinary", "smtplib.SMTP().send_message")  # fmt: skip
def _send(run: Witness, call: Invocation) -> Value:
    run.sent(call.all(), call.line)
    return Value()


@effect("socket.gethostbyname", "socket.getaddrinfo", "socket.gethostbyname_ex", "dns.resolver.resolve",
        "dns.resolver.query", "dns.resolver.Resolver().resolve")  # fmt: skip
def _lookup(run: Witness, call: Invocation) -> Value:
    form = call.arg(1).text() if call.ref.startswith("dns.") and call.arg(1).consts else ""
    return run.lookup(call.arg(0), call.line, form)


@effect("time.sleep", "asyncio.sleep")
def _sleep(run: Witness, call: Invocation) -> Value:
    seconds = call.arg(0).consts[:1]
    if seconds and isinstance(seconds[0], int | float):
        run.sleep(float(seconds[0]), call.line)
    return Value()


def by_method(run: Witness, call: Invocation) -> Value | None:
    """Methods that say what they do whatever they are called on: pathlib's, and a response's."""
    obj = call.receiver
    if obj is None:
        return None
    from biopsy.static.python.forms import path_method  # noqa: PLC0415 - it registers forms here

    if obj.ref == "os.environ":
        return None
    if obj.consts and isinstance(obj.consts[0], str) and (result := path_method(run, obj, call)) is not None:
        return result
    return None


__all__ = ["TABLE", "by_method", "find", "fold"]
