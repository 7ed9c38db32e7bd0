"""Pickles, bare or in a layer: which functions loading them would call. Nothing is loaded.

Those inside archives (PyTorch, joblib) are read as members; Keras's Lambda layers are marshalled code.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from biopsy.model.behaviour import Kind, When
from biopsy.model.regex import regex
from biopsy.static.sight import Layer, Part, Sight, Source

if TYPE_CHECKING:
    from biopsy.static import pickles

NAME = "pickle"
MAX_INNER = 3  # pickles inside pickles

_SUFFIXES = (
    ".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".ckpt", ".model", ".dat", ".p", ".npy", ".pth.tar",
)  # fmt: skip
_RUNNERS = frozenset({
    "system", "popen", "Popen", "call", "run", "check_call", "check_output", "getoutput", "getstatusoutput",
    "spawn", "spawnl", "spawnv", "execv", "execve", "execl", "execvp", "posix_spawn", "startfile",
    "create_subprocess_shell", "create_subprocess_exec",
})  # fmt: skip
_MODULES = frozenset({
    "os", "posix", "nt", "subprocess", "commands", "pty", "asyncio", "multiprocessing", "_posixsubprocess",
})  # fmt: skip
_EVALUATORS = frozenset({
    "exec", "eval", "compile", "execfile", "__import__", "getattr", "runcode", "run_path", "run_module",
    "import_module", "runsource", "runstring", "interact", "loads", "FunctionType", "CodeType", "run",
    "runctx",
    "lambdify", "debug",
})  # fmt: skip
_HOLDERS = frozenset({
    "builtins", "__builtin__", "runpy", "importlib", "code", "types", "marshal", "__builtins__", "codeop",
    "timeit",
    "cProfile", "profile", "pdb", "bdb", "trace", "doctest", "pip", "idlelib", "numpy.testing", "test",
})  # fmt: skip
_REACHES = regex(
    r"^(?:socket\.(?:socket|create_connection)|urllib\.request\.url\w+|urllib\.urlopen|requests\.\w+|http\.client\.\w+"
    r"|httpx\.\w+|webbrowser\.open|ftplib\.FTP|smtplib\.\w+|aiohttp\.\w+|shutil\.(?:rmtree|move|copy\w*)|ctypes\.\w+)"
)
_OLD = regex(rb"c(?:__builtin__|builtins|os|posix|nt|subprocess|pty|runpy|marshal|socket|commands)\n\w+\n")
_LAMBDA = regex(rb'"class_name"\s*:\s*"(?:Lambda|TFOpLambda)"')
_MARSHALLED = regex(rb'"((?:4w|YwA|4wE|4wA)[A-Za-z0-9+/\\n]{40,100000}={0,2}(?:\\n)?)"')


def wants(source: Source) -> bool:
    """What begins like a pickle, is named like one and may be one, or is a model of Keras."""
    data = source.data
    if _OLD.match(data):
        return True
    if data[:1] == b"\x80" and 2 <= (data[1] if len(data) > 1 else 9) <= 5:
        return True
    if source.path.lower().endswith(_SUFFIXES) and data[:1] in (b"(", b"c", b"]", b"}", b"\x93"):
        return True
    return source.path.endswith((".h5", ".hdf5", ".keras", "config.json")) and bool(
        _LAMBDA.search(data[:4_000_000])
    )


def read(source: Source) -> Iterator[Sight]:
    """Yield what loading would run."""
    if _LAMBDA.search(source.data[:4_000_000]) and not source.data.startswith(b"\x80"):
        yield from _keras(source)
        return
    data = source.data
    if data.startswith(b"\x93NUMPY"):  # an array of objects is a pickle behind a header of one line
        if b"'|O'" not in data[:400]:
            return
        data = data[data.find(b"\n", 0, 70_000) + 1 :]
    yield from _pickle(source, data, 0)


def _pickle(source: Source, data: bytes, depth: int) -> Iterator[Sight]:
    from biopsy.static import pickles  # noqa: PLC0415 - few packages have any

    loaded = pickles.read(data)
    for name in loaded.names:
        module, _, last = name.rpartition(".")
        top = module.partition(".")[0]
        if (
            (top in _MODULES and last in _RUNNERS)
            or ((top in _HOLDERS or module in _HOLDERS) and last in _EVALUATORS)
            or _REACHES.match(name)
        ):
            yield source.see(Kind.CODE_EVAL, f"pickle {name}")
    for call in loaded.calls:
        yield from _called(source, call)
    for inner in loaded.inner:
        if depth < MAX_INNER and inner[:1] in (b"\x80", b"c", b"("):
            yield from _pickle(source, inner, depth + 1)


def _called(source: Source, call: "pickles.Call") -> Iterator[Sight]:
    from biopsy.static import bytecode, pickles  # noqa: PLC0415

    module, _, name = call.name.rpartition(".")
    top = module.partition(".")[0]
    words = list(pickles.texts(call))
    if top in _MODULES and name in _RUNNERS and words:
        text = " ".join(words)
        yield source.see(Kind.PROCESS_EXEC, text)
        yield Layer(text, "shell", 0, source.when)
    elif (
        top in _HOLDERS
        and name in {"exec", "eval", "compile", "execfile", "runsource", "runctx", "run"}
        and words
    ):
        yield Layer(words[0], "python", 0, source.when)
    elif top == "marshal":
        for one in call.args:
            if isinstance(one, bytes) and bytecode.read(one):
                yield Part("code.marshal", one, source.when)


def _keras(source: Source) -> Iterator[Sight]:
    """Lambda layers: Python's byte code in base64, which loading the model runs."""
    from biopsy.static import bytecode, decode  # noqa: PLC0415

    yield source.see(Kind.CODE_EVAL, "keras Lambda")
    for match in list(_MARSHALLED.finditer(source.data))[:50]:
        data = decode.decode("base64", match[1].replace(b"\\n", b""))
        if data and (code := bytecode.read(data)):
            for name in sorted(code.all_names())[:100]:
                if name in _RUNNERS or name in _EVALUATORS:
                    yield source.see(Kind.CODE_EVAL, f"keras Lambda {name}")
            words = (t if isinstance(t, str) else t.decode("latin-1") for t in code.texts())
            yield Layer("\n".join(words), "", 0, When.UNKNOWN)
