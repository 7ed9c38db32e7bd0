"""Python source, through its syntax tree; what does not parse is read by its words."""

import ast
import re
import warnings
from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.static.code.interpret import Exhausted
from biopsy.static.code.witness import Witness
from biopsy.static.python.library import Python
from biopsy.static.python.lower import Lowering
from biopsy.static.python.names import hot
from biopsy.static.sight import Sight, Source
from biopsy.static.words import read_words

NAME = "python"
MAX_PARSE = 4 * 1024**2  # bytes of one file that is parsed
MAX_STEPS = 400_000  # of a large file; a small one gets fewer

_PRINT = re.compile(r"(?m)^(\s*)print\s+(?![(=.])(.*)$")
_EXCEPT = re.compile(r"(?m)^(\s*except\s+[\w.()\s,]+?),\s*(\w+)\s*:")
_EXEC = re.compile(r"(?m)^(\s*(?:.*;\s*)?)exec\s+(?![(=.])(.+)$")
_OLD = re.compile(r"(?<![\w\"'])(0)([0-7]+)\b(?![.])|(?<=\d)[lL]\b|\bur(?=[\"'])|`([^`\n]*)`|<>")


def wants(source: Source) -> bool:
    """Python files."""
    return source.language == "python"


def read(source: Source) -> Iterator[Sight]:
    """Yield what the code does."""
    text = source.text.lstrip("\ufeff")
    lines = sorted({source.line_at(at) for at in hot(text)})
    if not lines and not source.depth:
        return
    if len(source.data) > MAX_PARSE:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} too-large")
        yield from read_words(source)
        return
    tree, why = parse(text)
    if why and not source.depth:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} {why}")
    if tree is None:
        yield from read_words(source)
        return
    witness = Witness(Python(), source, min(MAX_STEPS, 100_000 + 3 * len(source.data)))
    lowering = Lowering(lines)
    try:
        body = lowering.module(tree)
        witness.run(body)
    except Exhausted:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} too-complex")
    except RecursionError:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} too-deep")
    yield from witness.sights


def parse(text: str) -> tuple[ast.Module | None, str]:
    """A syntax tree and what was wrong. Python 2's statements are mended where that is all that is wrong."""
    why = ""
    for mend in (str, _mend):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(mend(text)), why
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            why = why or type(error).__name__
    return None, why


def _mend(text: str) -> str:
    text = _PRINT.sub(r"\1print(\2)", text)
    text = _EXEC.sub(r"\1exec(\2)", text)
    text = _EXCEPT.sub(r"\1 as \2:", text)
    text = text.replace("\0", "").expandtabs()
    return _OLD.sub(
        lambda m: f"0o{m[2]}" if m[2] else f"repr({m[3]})" if m[3] else "!=" if m[0] == "<>" else "", text
    )
