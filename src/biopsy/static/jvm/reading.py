"""One class file, followed as if it were Java."""

from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.static.code import ir
from biopsy.static.code.link import Linker, finished
from biopsy.static.code.witness import Witness
from biopsy.static.jvm import bytecode
from biopsy.static.jvm.classfile import ClassFile, Method, parse
from biopsy.static.sight import Layer, Sight, Source
from biopsy.static.tongues.library import Tongue
from biopsy.static.tongues.table import tables

MAX_FILE = 4 * 1024**2
MAX_STEPS = 200_000
MAX_STRINGS = 256 * 1024  # characters of all strings of a class


def read(source: Source) -> Iterator[Sight]:
    """Yield what a class does, and leave its strings to the other readers."""
    file = parse(source.data) if len(source.data) <= MAX_FILE else None
    if file is None:
        why = "ClassFormat" if len(source.data) <= MAX_FILE else "too-large"
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} {why}")
        return
    told = "\n".join(s for s in file.strings() if len(s) > 3)[:MAX_STRINGS]
    if told:
        yield Layer(told, "text", 1, source.when)
    if next(tables()["java"].hot(source.data), None) is None:
        source.package.budget.looked(len(source.data))
        return
    linker = source.package.kept("class linker", Linker, lambda: Linker(source.package, _start))
    module = linker.read(source)
    if module is not None:
        yield from finished(module, source)


def _start(source: Source, linker: Linker) -> "tuple[Witness, list[ir.Stmt]] | None":
    file = parse(source.data)
    if file is None:
        return None
    witness = Witness(
        Tongue(tables()["java"]), source, linker.steps(min(MAX_STEPS, 20_000 + 4 * len(source.data))), linker
    )
    return witness, [_class(file)]


def _class(file: ClassFile) -> ir.Class:
    body: list[ir.Stmt] = []
    late: list[ir.Stmt] = []
    runs = tables()["java"].runs
    for method in file.methods:
        if not method.code:
            continue
        made = _function(file, method)
        value = ir.Lambda(made, made.line)
        if method.name == "<clinit>":
            late.append(ir.Do(ir.Call(value, [], line=made.line), made.line))
            continue
        body.append(ir.Assign([ir.Name(made.name, made.line)], value, made.line))
        if method.name in runs.load or method.name in runs.main:
            call: ir.Stmt = ir.Do(ir.Call(value, [], line=made.line), made.line)
            late.append(call if method.name in runs.load else ir.Main([call], made.line))
    above = [ir.Name(file.above)] if file.above not in {"", "java.lang.Object"} else []
    return ir.Class(file.name, list(above), body, late=late)


def _function(file: ClassFile, method: Method) -> ir.Func:
    name = "__init__" if method.name == "<init>" else method.name
    line = min(method.lines.values(), default=0)
    return ir.Func(name, bytecode.parameters(method), ir.Once(lambda: bytecode.lower(file, method)), line)
