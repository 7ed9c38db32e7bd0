"""JavaScript and TypeScript source, through tree-sitter, which reads whatever it is given."""

import warnings
from collections.abc import Iterator
from functools import cache

from tree_sitter import Language, Parser

from biopsy.model.behaviour import Kind
from biopsy.static.code import ir
from biopsy.static.code.link import Linker, finished
from biopsy.static.code.value import Value
from biopsy.static.code.witness import Witness
from biopsy.static.javascript import compiled, devices, forms, hosts, objects, octets, web  # noqa: F401 - they register their effects
from biopsy.static.javascript.library import JavaScript
from biopsy.static.javascript.lower import Lowering
from biopsy.static.javascript.names import hot
from biopsy.static.javascript.shuffled import restored
from biopsy.static.javascript.worth import interest
from biopsy.static.sight import SCRIPTS, Package, Sight, Source, lines_fed
from biopsy.static.words import read_words

MAX_PARSE = 4 * 1024**2  # bytes of one file that is parsed
MAX_STEPS = 400_000  # of a large file; a small one gets fewer


@cache
def _parser(language: str) -> Parser:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        match language:
            case "typescript" | "tsx":
                import tree_sitter_typescript as typescript  # noqa: PLC0415 - each grammar is large

                grammar = typescript.language_tsx() if language == "tsx" else typescript.language_typescript()
            case _:
                import tree_sitter_javascript as javascript  # noqa: PLC0415

                grammar = javascript.language()
        return Parser(Language(grammar))


def read(source: Source) -> Iterator[Sight]:
    """Yield what the code does, of a file that is worth it."""
    if len(source.data) > MAX_PARSE:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} too-large")
        yield from read_words(source)
        return
    linker = linker_of(source.package)
    module = linker.read(source)
    if module is not None:
        yield from finished(module, source)


def linker_of(package: Package) -> Linker:
    """The modules of a package."""
    return package.kept("javascript linker", Linker, lambda: Linker(package, _start))


def _start(source: Source, linker: Linker) -> "tuple[Witness, list[ir.Stmt]] | None":
    data = lines_fed(source.data)  # the grammar knows no lone carriage returns between statements
    language = source.language or "javascript"  # Node runs what has no known ending as JavaScript
    if len(data) > MAX_PARSE or language not in SCRIPTS or source.binary:
        return None
    parser = _parser(language)
    data = restored(data, lambda code: parser.parse(code).root_node)
    root = parser.parse(data).root_node
    witness = Witness(JavaScript(), source, linker.steps(min(MAX_STEPS, 100_000 + 3 * len(data))), linker)
    if root.has_error and root.type == "ERROR" and not source.depth:
        witness.limits["SyntaxError"] = 0
    looked = interest(source.package)
    names = {name.encode() for name in looked.names(source)} if linker.deep else set()
    lowering = Lowering(data, sorted(hot(data, names)))
    exports = Value(ref="exports", fields={})
    witness.scope.names["exports"] = exports
    witness.scope.names["module"] = Value(ref="module", fields={"exports": exports})
    return witness, [*lowering.block(root), *hosts.called(source)]
