"""Python source, through its syntax tree; what does not parse is read by its words."""

import ast
from bisect import bisect_right
from collections.abc import Iterator

from biopsy.model.behaviour import Kind, When
from biopsy.static.code import ir
from biopsy.static.code.interest import Interest, Look
from biopsy.static.code.link import Linker, Module, finished
from biopsy.static.code.state import Exhausted
from biopsy.static.code.value import const
from biopsy.static.code.witness import Witness
from biopsy.static.python import blocks, build, parse, programs, strong
from biopsy.static.python.late import Late, line_starts
from biopsy.static.python.library import Python
from biopsy.static.python.lower import Lowering
from biopsy.static.sight import Package, Sight, Source
from biopsy.static.words import read_words

MAX_PARSE = 4 * 1024**2  # bytes of one file that is parsed
MAX_STEPS = 400_000  # of a large file; a small one gets fewer


def read(source: Source) -> Iterator[Sight]:
    """Yield what the code does."""
    if not source.depth and not interest(source.package).worth(source):
        return
    if len(source.data) > MAX_PARSE:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} too-large")
        yield from read_words(source)
        return
    module = linker_of(source.package).read(source)
    if module is None or source.path in _broken(source.package):
        why = _broken(source.package).get(source.path, "unread")
        if not source.depth:
            yield source.see(Kind.PKG_MALFORMED, f"{source.path} {why}")
        yield from read_words(source)
    if module is not None:
        if source.when is When.INSTALL and not module.failed:
            _early(module)
        yield from finished(module, source)


def _early(module: Module) -> None:
    try:
        build.early(module.witness)
    except Exhausted:
        module.failed = "too-complex"
    except RecursionError:
        module.failed = "too-deep"


def _broken(package: Package) -> dict[str, str]:
    """Files that did not parse as they are, and why."""
    return package.kept("python broken", dict, dict)


def interest(package: Package) -> Interest:
    """What of a package is worth running, looked at once."""
    return package.kept(
        "python interest", Interest, lambda: Interest(package, _scan, "python", strong.stands)
    )


def linker_of(package: Package) -> Linker:
    """The modules of a package."""
    return package.kept("python linker", Linker, lambda: Linker(package, _start))


def _scan(source: Source) -> Look:
    if source.language != "python":
        return Look(uses=())
    return blocks.look(parse.text(source), source.path, source.paths, _known(source.package))


def _known(package: Package) -> blocks.Known:
    """The words of the file that was looked at last."""
    return package.kept("python words", blocks.Known, blocks.Known)


def _start(source: Source, linker: Linker) -> "tuple[Witness, list[ir.Stmt]] | None":
    if len(source.data) > MAX_PARSE:
        return None
    text = parse.text(source)
    parsed = parse.parse(text)
    if parsed.why and not source.depth:
        _broken(source.package)[source.path] = parsed.why
    tree = parsed.tree
    if tree is None:
        return None
    names = interest(source.package).names(source) if linker.deep else None
    starts = line_starts(text)
    lines = sorted({bisect_right(starts, at) for at in blocks.words(text, _known(source.package)).hot(names)})
    witness = Witness(Python(), source, linker.steps(min(MAX_STEPS, 100_000 + 3 * len(source.data))), linker)
    if source.when is When.INSTALL and programs.only_imported(source):
        witness.main_when = witness.call_when
    name = source.path.rpartition("/")[2]
    witness.scope.names["__file__"] = const(f"./{name}", frozenset({"data:self"}))
    witness.scope.names["__doc__"] = const(ast.get_docstring(tree, clean=False))
    return witness, Lowering(lines, None if parsed.why else Late(text, starts)).module(tree)
