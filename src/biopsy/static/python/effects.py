"""Effects of Python's library functions, by dotted name: those that run and load code.

A new effect is a line or a function here, in `machine`, `web` or `forms`.
"""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

import sys
from collections.abc import Callable
from typing import TypeVar

from biopsy.model.behaviour import Kind
from biopsy.static.code import handed, ir
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value, unknown
from biopsy.static.code.witness import Witness

Effect = Callable[[Witness, Invocation], Value | None]
_Kept = TypeVar("_Kept", bound=Effect)


TABLE: dict[str, Effect] = {}


def effect(*names: str) -> Callable[[_Kept], _Kept]:
    """Register an effect under library paths."""

    def register(function: _Kept) -> _Kept:
        for name in names:
            TABLE[name] = function
        return function

    return register


def find(ref: str) -> Effect | None:
    """The effect of a library path."""
    return TABLE.get(ref)


# Running.


@effect(
    "exec", "eval", "timeit.timeit", "code.InteractiveInterpreter().runsource",
    "code.InteractiveInterpreter().runcode",
)  # fmt: skip
def _exec(run: Witness, call: Invocation) -> Value:
    code = call.arg(0)
    asked(run, [code], call.line)
    if code.ref == "compiled":
        run.see(Kind.CODE_EVAL, call.ref, call.line)
        run.flow("execution", [code], call.line)
    else:
        run.evaluated(call.ref, code, call.line)
    whole = code.whole()
    if call.ref == "eval" and isinstance(whole, str) and whole.isidentifier():
        return run.evaluate(ir.Name(whole))  # what stands under a name
    return unknown(code)


@effect("runpy.run_path", "execfile")
def _run_path(run: Witness, call: Invocation) -> Value:
    path = call.arg(0)
    run.see(Kind.CODE_EVAL, call.ref, call.line)
    handed.run_file(run, path, call.line)
    run.flow("execution", [handed.held(run, path), path], call.line)
    return Value()


def asked(run: Witness, values: list[Value], line: int) -> None:
    """Say so where a request from outside decides what is run."""
    if any("request" in v.all_taint() for v in values):
        run.see(Kind.CODE_FLOW, "request > execution", line)


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
    whole = call.arg(0).whole()
    if isinstance(whole, bytes):
        run.carried(f"pickle-{call.line}.pkl", whole, call.line)
    if {"network", "decoded"} & call.arg(0).taint:
        run.flow("execution", [call.arg(0)], call.line)
    return unknown(call.arg(0))


# Importing.


@effect(
    "__import__", "importlib.import_module", "importlib.__import__", "imp.load_module",
    "runpy.run_module",
)  # fmt: skip
def _import(run: Witness, call: Invocation) -> Value:
    name = call.arg(0)
    whole = name.whole()
    if not isinstance(whole, str):
        run.see(Kind.CODE_IMPORT, name.text() if name.consts else "?", call.line)
        run.flow("execution", [name], call.line)
        return Value()
    if name.taint & {"decoded"} or call.ref == "__import__":
        run.see(Kind.CODE_IMPORT, whole, call.line)
    fetched(run, whole, call.line)
    top = (
        whole
        if call.ref != "__import__" or call.args[3:4] or "fromlist" in call.kwargs
        else whole.partition(".")[0]
    )
    return Value(ref=top)


_ON_PATH = "* on sys.path"  # what modules that nobody else has come from
_OF_INSTALLERS = frozenset({"setuptools", "pkg_resources"})
"""Old installers bring these themselves, by an archive that they put on the path (`ez_setup`)."""


def fetched(run: Witness, name: str, line: int) -> None:
    """A module is imported by its name: perhaps one that was fetched."""
    taint = run.written.get(name) or (run.written.get(_ON_PATH) if name not in _OF_INSTALLERS else None)
    if taint and name not in sys.stdlib_module_names:
        run.flow("execution", [Value(taint=taint)], line)
        if "network" in taint:
            run.see(Kind.CODE_EVAL, f"import {name}", line)


@effect(
    "importlib.machinery.SourceFileLoader", "importlib.machinery.SourcelessFileLoader",
    "importlib.util.spec_from_file_location", "imp.load_source", "imp.load_compiled",
    "importlib.machinery.ExtensionFileLoader", "imp.load_dynamic", "zipimport.zipimporter",
)  # fmt: skip
def _load(run: Witness, call: Invocation) -> Value:
    path = call.kwargs.get("location") or call.arg(0 if call.name == "zipimporter" else 1, "path")
    run.see(Kind.CODE_IMPORT, path.text() if path.consts else "?", call.line)
    handed.run_file(run, path, call.line)
    run.flow("execution", [handed.held(run, path)], call.line)
    if "network" in handed.held(run, path).taint:
        run.see(Kind.CODE_EVAL, call.ref.rpartition(".")[2], call.line)
    return Value(ref="loader")


@effect("getattr")
def _getattr(run: Witness, call: Invocation) -> Value | None:
    name = call.arg(1).whole()
    if isinstance(name, str) and call.args:
        return bound(call.args[0], name, run.attribute(call.args[0], name, call.line))
    return Value(taint=call.arg(0).taint)


def bound(obj: Value, name: str, found: Value) -> Value:
    """A method that was taken from its object and keeps it, for when it is called."""
    library = obj.ref and not obj.ref.endswith("()") and not obj.consts and not obj.taint
    known = found.func or found.link or found.made or found.consts or found.items is not None
    if library or known or found.fields is not None or not name.isidentifier():
        return found
    ref = found.ref or f"str().{name}"
    return Value(ref=ref, taint=found.taint, fields={"": obj}, made=True)


@effect("setattr")
def _setattr(run: Witness, call: Invocation) -> Value:
    name, obj = call.arg(1).whole(), call.arg(0)
    if isinstance(name, str) and obj.ref and not obj.ref.endswith("()"):
        run.language.patched(run, obj, name, call.arg(2), call.line)
    elif isinstance(name, str):
        run.put(obj, name, call.arg(2), call.line)
    return Value()


@effect("globals", "locals", "vars")
def _namespace(run: Witness, call: Invocation) -> Value:
    return call.args[0] if call.args else Value(ref="globals()")


@effect(
    "ctypes.CDLL", "ctypes.cdll.LoadLibrary", "ctypes.WinDLL", "ctypes.PyDLL", "ctypes.OleDLL",
    "cffi.FFI().dlopen", "ctypes.windll.LoadLibrary",
)  # fmt: skip
def _native(run: Witness, call: Invocation) -> Value:
    path = call.arg(0)
    run.see(Kind.CODE_NATIVE, f"{call.ref} {path.text() if path.consts else '?'}", call.line)
    held = handed.held(run, path)
    run.flow("execution", [held], call.line)
    if "network" in held.taint:
        run.see(Kind.CODE_EVAL, call.ref, call.line)
    return Value(ref="native")


@effect(
    "ctypes.windll.kernel32.VirtualAlloc", "ctypes.windll.kernel32.CreateThread",
    "ctypes.windll.kernel32.RtlMoveMemory", "ctypes.CFUNCTYPE()", "ctypes.PYFUNCTYPE()",
    "ctypes.WINFUNCTYPE()",
)  # fmt: skip
def _memory(run: Witness, call: Invocation) -> Value | None:
    """Bytes in memory are made a program, or are the function that is called."""
    if "FUNCTYPE" not in call.ref:
        run.see(Kind.CODE_NATIVE, call.ref, call.line)
    elif any("network" in v.all_taint() for v in call.all()):
        run.see(Kind.CODE_EVAL, call.ref.removesuffix("()"), call.line)
    run.flow("execution", call.all(), call.line)
    return None


@effect("mmap.mmap().write", "ctypes.memmove")
def _filled(run: Witness, call: Invocation) -> Value:
    into = call.receiver if call.name == "write" else call.arg(0)
    if into is not None:
        into.take(call.arg(0 if call.name == "write" else 1).all_taint())
    return Value()


@effect("sys.path.insert", "sys.path.append", "sys.path.extend", "site.addsitedir")
def _path(run: Witness, call: Invocation) -> Value:
    """What was fetched into a folder or archive can be imported from now on."""
    put_on_path(run, call.args)
    return Value()


def put_on_path(run: Witness, values: list[Value]) -> None:
    """Let what was fetched to these places, or lists of them, be imported by its name."""
    every = [one for v in values for one in (v.items if v.items is not None else [v])]
    folders = [t for a in every for t in a.texts() if len(t) > 2]
    for place in folders:
        if "network" in run.written.get(place, ()):
            run.written[_ON_PATH] = frozenset({"network"})
    for path, taint in list(run.written.items()):
        folder, _, name = path.rpartition("/")
        if folder in folders and name.endswith(".py"):
            run.written[name.removesuffix(".py")] = taint


@effect("time.sleep", "asyncio.sleep")
def _sleep(run: Witness, call: Invocation) -> Value:
    seconds = call.arg(0).consts[:1]
    if seconds and isinstance(seconds[0], int | float):
        run.sleep(float(seconds[0]), call.line)
    return Value()
