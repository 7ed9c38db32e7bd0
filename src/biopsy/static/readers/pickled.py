"""Pickles, bare or inside a model archive: which functions their opcodes call. Nothing is loaded."""

import io
import pickletools
import zipfile
from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.static.sight import Layer, Sight, Source

NAME = "pickle"
MAX_PICKLE = 32 * 1024**2  # bytes of one pickle
MAX_OPS = 200_000
MAX_MEMBERS = 200

_SUFFIXES = (
    ".pkl",
    ".pickle",
    ".pt",
    ".pth",
    ".bin",
    ".joblib",
    ".ckpt",
    ".model",
    ".dat",
    ".p",
    ".npy",
    ".pth.tar",
)
_RUNNERS = frozenset(
    {"system", "popen", "Popen", "call", "run", "check_call", "check_output", "getoutput", "spawn", "execv"}
)
_MODULES = frozenset({
    "os", "posix", "nt", "subprocess", "commands", "pty", "asyncio", "multiprocessing",
})  # fmt: skip
_EVALUATORS = frozenset(
    {"exec", "eval", "compile", "execfile", "__import__", "getattr", "runcode", "run_path", "import_module"}
)
_HOLDERS = frozenset(
    {"builtins", "__builtin__", "runpy", "importlib", "code", "types", "marshal", "__builtins__"}
)


def wants(source: Source) -> bool:
    """Files that are named or begin like pickles or model archives."""
    head = source.data[:4]
    if head[:1] == b"\x80" and len(head) > 1 and head[1] <= 5:
        return True
    return source.path.lower().endswith(_SUFFIXES) and (head == b"PK\x03\x04" or head[:1] in b"(c]}")


def read(source: Source) -> Iterator[Sight]:
    """Yield what loading would run."""
    if source.data[:4] == b"PK\x03\x04":
        yield from _archive(source)
    else:
        yield from _pickle(source, source.data)


def _archive(source: Source) -> Iterator[Sight]:
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            for member in archive.infolist()[:MAX_MEMBERS]:
                if member.filename.endswith((".pkl", ".pickle")) and member.file_size <= MAX_PICKLE:
                    with archive.open(member) as file:
                        yield from _pickle(source, file.read(MAX_PICKLE))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} zip")


def _pickle(source: Source, data: bytes) -> Iterator[Sight]:
    texts: list[str] = []
    called = ""
    try:
        for count, (op, arg, _) in enumerate(pickletools.genops(data[:MAX_PICKLE])):
            if count >= MAX_OPS:
                return
            if op.name in {"GLOBAL", "INST"}:
                called = str(arg).replace(" ", ".")
                yield from _named(source, called)
            elif op.name == "STACK_GLOBAL" and len(texts) >= 2:
                called = ".".join(texts[-2:])
                yield from _named(source, called)
            elif op.name in {"REDUCE", "OBJ", "NEWOBJ", "BUILD"} and called:
                yield from _called(source, called, texts[-1] if texts else "?")
                called = ""
            elif isinstance(arg, str):
                texts = [*texts[-8:], arg]
    except Exception as error:  # pickletools raises whatever it meets in broken data
        if isinstance(error, MemoryError):
            raise
        return


def _split(called: str) -> tuple[str, str]:
    module, _, name = called.rpartition(".")
    return module.partition(".")[0], name


def _named(source: Source, called: str) -> Iterator[Sight]:
    module, name = _split(called)
    if (module in _MODULES and name in _RUNNERS) or (module in _HOLDERS and name in _EVALUATORS):
        yield source.see(Kind.CODE_EVAL, f"pickle {called}")


def _called(source: Source, called: str, text: str) -> Iterator[Sight]:
    module, name = _split(called)
    if module in _MODULES and name in _RUNNERS:
        yield source.see(Kind.PROCESS_EXEC, text)
        yield Layer(text, "shell", 0, source.when)
    elif module in _HOLDERS and name in {"exec", "eval", "compile"}:
        yield Layer(text, "python", 0, source.when)
