"""One file of a language that has a table, followed by the interpreter of `code`."""

from collections.abc import Iterator

from tree_sitter import Tree

from biopsy.model.behaviour import Kind
from biopsy.static.code import ir
from biopsy.static.code.link import Linker, finished
from biopsy.static.code.value import Value
from biopsy.static.code.witness import Witness
from biopsy.static.sight import Package, Sight, Source
from biopsy.static.tongues import grammar
from biopsy.static.tongues.library import Tongue
from biopsy.static.tongues.lower import Lowering
from biopsy.static.tongues.table import Table, tables

MAX_PARSE = 2 * 1024**2  # bytes of one file that is parsed
MAX_STEPS = 300_000  # of a large file; a small one gets fewer
MAX_STATICS = 2000  # names of one file that outlive its functions


def worth(source: Source) -> bool:
    """Whether a file has any word that its language's table acts on."""
    return next(tables()[source.language].hot(source.data), None) is not None


def read(source: Source) -> Iterator[Sight]:
    """Yield what the code does, of a file that is worth it."""
    if len(source.data) > MAX_PARSE:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} too-large")
        return
    module = linker_of(source.package, source.language).read(source)
    if module is not None:
        yield from finished(module, source)


def linker_of(package: Package, language: str) -> Linker:
    """The files of a package in one language."""

    def start(source: Source, linker: Linker) -> "tuple[Witness, list[ir.Stmt]] | None":
        return _start(tables()[language], source, linker)

    return package.kept(f"{language} linker", Linker, lambda: Linker(package, start))


def _start(table: Table, source: Source, linker: Linker) -> "tuple[Witness, list[ir.Stmt]] | None":
    data = source.data
    if len(data) > MAX_PARSE or source.binary:
        return None
    tree = grammar.parse(table, data, layer=b"<?" not in data)
    witness = Witness(Tongue(table), source, linker.steps(min(MAX_STEPS, 50_000 + 3 * len(data))), linker)
    if tree.root_node.type == "ERROR" and not source.depth:
        witness.limits["SyntaxError"] = 0
    lowering = Lowering(table, data, sorted(table.hot(data)))
    if table.variables:
        _variables(table, tree, data, lowering, witness)
    return witness, lowering.statements(tree.root_node)


def _variables(table: Table, tree: Tree, data: bytes, lowering: Lowering, witness: Witness) -> None:
    """What is a variable and no call; what outlives a function; and where here-documents stand."""
    spans = grammar.found(table, tree, table.variables, "variable")
    lowering.variables = frozenset(table.spelled(data[a:b].decode("utf-8", "replace")) for a, b in spans)
    for start, end in grammar.found(table, tree, table.variables, "static")[:MAX_STATICS]:
        witness.scope.names.setdefault(data[start:end].decode("utf-8", "replace"), Value())
    begins = grammar.found(table, tree, table.variables, "begin")
    bodies = grammar.found(table, tree, table.variables, "body")
    for (start, _), (body, end) in zip(begins, bodies, strict=False):
        node = tree.root_node.descendant_for_byte_range(body, end)
        if node is not None:
            lowering.here[start] = node
