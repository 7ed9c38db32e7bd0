"""One assembly, followed as if it were C#."""

from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.static.clr import il
from biopsy.static.clr.assembly import MAX_FILE, Assembly, Damaged, Method, parse
from biopsy.static.code import ir
from biopsy.static.code.link import Linker, finished
from biopsy.static.code.witness import Witness
from biopsy.static.sight import Layer, Sight, Source
from biopsy.static.tongues.library import Tongue
from biopsy.static.tongues.table import tables

MAX_STEPS = 250_000
MAX_TEXT = 256 * 1024  # characters of all texts of an assembly
_TELLING = frozenset(
    {
        "VirtualAlloc",
        "VirtualAllocEx",
        "VirtualProtect",
        "CreateRemoteThread",
        "WriteProcessMemory",
        "ReadProcessMemory",
        "CreateThread",
        "QueueUserAPC",
        "NtCreateThreadEx",
        "SetWindowsHookEx",
        "SetWindowsHookExA",
        "SetWindowsHookExW",
        "GetAsyncKeyState",
        "CryptUnprotectData",
        "MiniDumpWriteDump",
        "LoadLibrary",
        "LoadLibraryA",
        "LoadLibraryW",
        "dlopen",
        "GetProcAddress",
        "dlsym",
        "mmap",
        "mprotect",
        "ptrace",
        "system",
        "WinExec",
        "ShellExecute",
        "CreateProcess",
        "BitBlt",
    }
)


def read(source: Source) -> Iterator[Sight]:
    """Yield what an assembly does, and leave its texts to the other readers."""
    if len(source.data) > MAX_FILE:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} too-large")
        return
    held = parse(source.data)
    if held is None:
        return
    if isinstance(held, Damaged):
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} {held.why}")
        return
    try:
        yield from _told(held, source)
    except Exception as error:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} {type(error).__name__}")
        return
    linker = Linker(source.package, lambda source, linker: _start(held, source, linker))
    module = linker.run(source)
    if module is not None:
        yield from finished(module, source)


def _told(held: Assembly, source: Source) -> Iterator[Sight]:
    for library, function in held.imported():
        if function in _TELLING:
            yield source.see(Kind.CODE_NATIVE, f"imports {library} {function}")
    told = "\n".join(s for s in held.strings() if len(s) > 3)[:MAX_TEXT]
    if told:
        yield Layer(told, "text", 1, source.when)


def _start(held: Assembly, source: Source, linker: Linker) -> "tuple[Witness, list[ir.Stmt]] | None":
    try:
        methods = held.methods()
        owned: dict[str, list[Method]] = {}
        for method in methods:
            owned.setdefault(method.owner, []).append(method)
        body = [_class(held, name, of) for name, of in owned.items()]
    except Exception:
        return None
    steps = linker.steps(min(MAX_STEPS, 20_000 + 4 * len(source.data)))
    return Witness(Tongue(tables()["csharp"]), source, steps, linker), list(body)


def _class(held: Assembly, name: str, methods: list[Method]) -> ir.Class:
    body: list[ir.Stmt] = []
    late: list[ir.Stmt] = []
    for method in methods:
        made = _function(held, method)
        value = ir.Lambda(made, 0)
        if method.name == ".cctor":  # of a type, or of the module: when it is first used
            late.append(ir.Do(ir.Call(value, [])))
            continue
        body.append(ir.Assign([ir.Name(made.name)], value))
        if method.name == "Main" and method.static:
            late.append(ir.Main([ir.Do(ir.Call(value, []))]))
    return ir.Class(name, [], body, late=late)


def _function(held: Assembly, method: Method) -> ir.Func:
    name = "__init__" if method.name == ".ctor" else method.name

    def body() -> list[ir.Stmt]:
        try:
            return il.lower(held, method)
        except Exception:
            return []

    return ir.Func(name, il.parameters(method), ir.Once(body), 0)
