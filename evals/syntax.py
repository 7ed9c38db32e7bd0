"""What the edits of the evaluation share: the syntax of JavaScript, and replacing pieces of a text."""

from collections.abc import Iterable, Iterator
from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

JS_SUFFIXES = (".js", ".cjs", ".mjs")


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_javascript.language()))


def parse(source: bytes) -> Node:
    """Return the root of the syntax of a script or module."""
    return _parser().parse(source).root_node


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in the order of the text."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.children))


def replace(source: bytes, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Put new bytes in place of `source[begin:end]`; of edits that overlap, the first one counts."""
    out, place = [], 0
    for begin, end, new in sorted(edits, key=lambda edit: (edit[0], edit[1])):
        if begin < place:
            continue
        out += [source[place:begin], new]
        place = end
    return b"".join((*out, source[place:]))
