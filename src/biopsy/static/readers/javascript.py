"""JavaScript and TypeScript source, through tree-sitter, which reads whatever it is given."""

import warnings
from collections.abc import Iterator
from functools import cache

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Parser

from biopsy.model.behaviour import Kind
from biopsy.static.code.interpret import Exhausted
from biopsy.static.code.witness import Witness
from biopsy.static.javascript import forms, web  # noqa: F401 - they register their effects
from biopsy.static.javascript.library import JavaScript
from biopsy.static.javascript.lower import Lowering
from biopsy.static.javascript.names import HOT, STRONG
from biopsy.static.sight import Sight, Source
from biopsy.static.words import read_words

NAME = "javascript"
MAX_PARSE = 4 * 1024**2  # bytes of one file that is parsed
MAX_STEPS = 400_000  # of a large file; a small one gets fewer


@cache
def _parser(language: str) -> Parser:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        match language:
            case "typescript":
                grammar = tree_sitter_typescript.language_typescript()
            case "tsx":
                grammar = tree_sitter_typescript.language_tsx()
            case _:
                grammar = tree_sitter_javascript.language()
        return Parser(Language(grammar))


def wants(source: Source) -> bool:
    """JavaScript and TypeScript files."""
    return source.language in {"javascript", "typescript", "tsx"}


def read(source: Source) -> Iterator[Sight]:
    """Yield what the code does."""
    data = source.data
    if not STRONG.search(data):
        return
    if len(data) > MAX_PARSE:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} too-large")
        yield from read_words(source)
        return
    tree = _parser(source.language).parse(data)
    root = tree.root_node
    if root.has_error and root.type == "ERROR" and not source.depth:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} SyntaxError")
    witness = Witness(JavaScript(), source, min(MAX_STEPS, 100_000 + 3 * len(source.data)))
    lowering = Lowering(data, [m.start() for m in HOT.finditer(data)])
    try:
        witness.run(lowering.block(root))
    except Exhausted:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} too-complex")
    except RecursionError:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} too-deep")
    yield from witness.sights
