"""What a macro is given: its tokens, read as if they were the arguments of a call."""

from tree_sitter import Node

from biopsy.static.code import ir
from biopsy.static.tongues import grammar
from biopsy.static.tongues.lower import Lowering

MAX_TOKENS = 64 * 1024  # bytes of one macro
MAX_MACROS = 2000  # of a file
_HEAD, _TAIL = b"fn _(){f(", b");}"


def arguments(low: Lowering, tree: Node) -> list[ir.Expr]:
    """The arguments of a macro; nothing where they are too many."""
    if tree.end_byte - tree.start_byte > MAX_TOKENS or low.macros >= MAX_MACROS:
        return []
    low.macros += 1
    inner = low.source[tree.start_byte + 1 : tree.end_byte - 1]
    column = max(tree.start_point[0] - low.row, 0)
    data = b"\n" * min(column, MAX_TOKENS) + _HEAD + inner + _TAIL
    root = grammar.parse(low.table, data).root_node
    inside = Lowering(low.table, data, [0] if low.is_hot(tree) else [])
    inside.macros = low.macros
    node: Node | None = root
    while node is not None and node.type != "arguments":
        node = next((c for c in node.named_children if c.type not in {"parameters", "identifier"}), None)
    found = [inside.expr(c) for c in inside.inner(node)] if node is not None else []
    low.macros = inside.macros
    return found
