"""Names, texts, numbers."""

from tree_sitter import Node

from biopsy.static.code import ir
from biopsy.static.tongues.lower import Lowering, line, number, unescape

_TEXT_MARKS = ("r", "b", "c", "@", "$", "u8", "L")


def _name(low: Lowering, node: Node) -> ir.Expr:
    name = low.name(node)
    if name in low.table.self:
        return ir.Name("this", line(node))
    if low.table.bare_calls and node.type == "identifier" and name not in low.variables:
        return ir.Call(ir.Name(name, line(node)), [], line=line(node))
    return ir.Name(name, line(node))


def _text(low: Lowering, node: Node) -> ir.Expr:
    """A literal, with what stands inside it."""
    if (body := low.here.get(node.start_byte)) is not None:
        return _inside(low, body, body.start_byte, body.end_byte)
    content, escapes = low.table.content, low.table.escapes
    if any(c.type in content or c.type in escapes or c.is_named for c in node.children):
        return _inside(low, node, node.start_byte, node.end_byte)
    text = low.text(node)
    for mark in _TEXT_MARKS:
        text = text.removeprefix(mark) if text[len(mark) : len(mark) + 1] in {'"', "'", "#"} else text
    return ir.Const(text.strip("#").strip("\"'`"), line(node))


def _inside(low: Lowering, node: Node, _start: int, _end: int) -> ir.Expr:
    parts: list[ir.Expr] = []
    for child in node.named_children:
        if child.type in low.table.content:
            parts.append(ir.Const(low.text(child), line(child)))
        elif child.type in low.table.escapes:
            parts.append(ir.Const(unescape(low.text(child)), line(child)))
        elif child.type in {"heredoc_end", "heredoc_start"}:
            continue
        else:
            parts.append(low.expr(child))
    parts = [p for p in parts if not (isinstance(p, ir.Const) and p.value is None)]
    if all(isinstance(p, ir.Const) for p in parts):
        return ir.Const("".join(str(p.value) for p in parts if isinstance(p, ir.Const)), line(node))
    return ir.Join(parts, line(node))


def _lines(low: Lowering, node: Node) -> ir.Expr:
    """A literal that holds others, one behind the other."""
    return ir.Join([low.expr(c) for c in low.inner(node)], line(node))


def _raw(low: Lowering, node: Node) -> ir.Expr:
    text = low.text(node)
    return ir.Const(text[1:-1] if len(text) > 1 and text[0] in "\"'`" else text, line(node))


def _symbol(low: Lowering, node: Node) -> ir.Expr:
    return ir.Const(low.text(node).strip(":'\""), line(node))


def _number(low: Lowering, node: Node) -> ir.Expr:
    return ir.Const(number(low.text(node)), line(node))


def _char(low: Lowering, node: Node) -> ir.Expr:
    return ir.Const(unescape(low.text(node).strip("'?b")), line(node))


def _constant(low: Lowering, node: Node, word: str = "") -> ir.Expr:  # noqa: ARG001
    return ir.Const({"true": True, "false": False}.get(word), line(node))


def _shell(low: Lowering, node: Node) -> ir.Expr:
    """A command between backticks."""
    command = _inside(low, node, node.start_byte, node.end_byte)
    return ir.Call(ir.Name("`", line(node)), [command], line=line(node))
