"""Statements: ways, loops, blocks."""

from tree_sitter import Node

from biopsy.static.code import ir
from biopsy.static.tongues.lower import Lowering, line


def _inner(low: Lowering, node: Node, field: str = "0") -> "ir.Expr | ir.Stmt":
    return low.node(low.get(node, field))


def _either(low: Lowering, node: Node, test: str, *ways: str) -> ir.Expr:
    held = [low.expr(n) for w in ways if (n := low.get(node, w)) is not None]
    return ir.Within([ir.Do(low.expr(low.get(node, test)))], ir.Either(held, line(node)), line(node))


def _if(low: Lowering, node: Node, test: str, body: str, other: str = "-") -> ir.Stmt:
    ways = node.children_by_field_name(other) if other != "-" else []
    lowered: list[ir.Stmt] = []
    for way in reversed(ways):  # `elseif` and `else`, one behind the other
        inside = low.block(way)
        first = inside[0] if inside else None
        if len(inside) == 1 and isinstance(first, ir.If) and not first.other:
            inside = [ir.If(first.test, first.body, lowered, first.line)]
        lowered = inside
    return ir.If(low.expr(low.get(node, test)), low.block(low.get(node, body)), lowered, line(node))


def _while(low: Lowering, node: Node, test: str, body: str) -> ir.Stmt:
    held = low.get(node, test)
    return ir.For(None, low.expr(held), low.block(low.get(node, body)), line(node))


def _for(low: Lowering, node: Node, target: str, over: str, body: str) -> ir.Stmt:
    bound = low.target(low.get(node, target))
    held = low.get(node, over)
    lowered = low.expr(held)
    name = low.get(node, target)
    if isinstance((pair := low.expr(name)), ir.Pair):  # `as $k => $v`
        lowered = ir.Call(ir.Attr(lowered, "items", line(node)), [], line=line(node))
        bound = ir.Seq([p for p in (pair.key, pair.value) if p is not None])
    return ir.For(bound, lowered, low.block(low.get(node, body)), line(node))


def _go_for(low: Lowering, node: Node, body: str) -> ir.Stmt:
    """A loop whose form stands in a child of its own."""
    clause = next((c for c in low.inner(node) if c.type in {"for_clause", "range_clause"}), None)
    inside = low.block(low.get(node, body))
    if clause is None:
        test = next((c for c in low.inner(node) if c.type != "block"), None)
        return ir.For(None, low.expr(test) if test else ir.Const(value=True), inside, line(node))
    if clause.type == "for_clause":
        parts = {f: clause.child_by_field_name(f) for f in ("initializer", "condition", "update")}
        begin = [low.statement(n)] if (n := parts["initializer"]) else []
        tail = [low.statement(n)] if (n := parts["update"]) else []
        loop = ir.For(None, low.expr(parts["condition"]), [*inside, *tail], line(node))
        return ir.Block([*begin, loop], line(node))
    names = low.inner(left) if (left := clause.child_by_field_name("left")) else []
    over = low.expr(clause.child_by_field_name("right"))
    if len(names) > 1:
        over = ir.Call(ir.Name("#pairs"), [over], line=line(node))
    target = (
        ir.Seq([low.target(n) for n in names]) if len(names) > 1 else low.target(names[0] if names else None)
    )
    return ir.For(target, over, inside, line(node))


def _counted(low: Lowering, node: Node, first: str, test: str, step: str, body: str) -> ir.Stmt:  # noqa: PLR0917 - as a table says it
    begin = [low.statement(n)] if (n := low.get(node, first)) is not None else []
    tail = [low.statement(n)] if (n := low.get(node, step)) is not None else []
    held = low.get(node, test)
    inside = [*low.block(low.get(node, body)), *tail]
    return ir.Block([*begin, ir.For(None, low.expr(held), inside, line(node))], line(node))


def _block(low: Lowering, node: Node, *places: str) -> ir.Stmt:
    if places:
        parts = [n for p in places for n in node.children_by_field_name(p)]
        return ir.Block([low.statement(p) for p in parts], line(node))
    return ir.Block(low.statements(node), line(node))


def _guarded(low: Lowering, node: Node, *handlers: str) -> ir.Stmt:
    """Statements, and what is done instead where they fail: either gives what the whole does."""
    inner = low.inner(node)
    other = [low.statement(c) for c in inner if c.type in handlers]
    always = [low.statement(c) for c in inner if c.type == "ensure"]
    if not other and not always:
        return ir.Block(low.statements(node), line(node))
    main = [low.statement(c) for c in inner if c.type not in {*handlers, "ensure"}]
    return ir.Block([*always, ir.If(ir.Const(None), main, other, line(node))], line(node))


def _return(low: Lowering, node: Node) -> ir.Stmt:
    inner = low.inner(node)
    return ir.Return(low.expr(inner[0]) if inner else ir.Const(None), line(node))


def _skip(low: Lowering, node: Node) -> ir.Expr:  # noqa: ARG001
    return ir.Const(None, line(node))


def _arm(low: Lowering, node: Node, pattern: str, value: str) -> ir.Stmt:
    return ir.Block([
        ir.Assign([low.target(low.get(node, pattern))], ir.Name("#matched"), line(node)),
        *low.block(low.get(node, value)),
    ])  # fmt: skip


def _match(low: Lowering, node: Node, value: str, body: str) -> ir.Expr:
    """One of several ways, each of which binds what is looked at."""
    over = ir.Bind(ir.Name("#matched"), low.expr(low.get(node, value)), line(node))
    held = low.get(node, body)
    arms = [low.expr(c) for c in low.inner(held)] if held is not None else []
    return ir.Within([ir.Do(over, line(node))], ir.Either(arms, line(node)), line(node))


def _only(low: Lowering, node: Node, *kinds: str) -> ir.Stmt:
    """Of the children those of some kinds."""
    return ir.Block([low.statement(c) for c in low.inner(node) if c.type in kinds], line(node))


def _open(low: Lowering, node: Node, body: str) -> ir.Stmt:
    """What stands inside belongs to what stands around it."""
    return ir.Block(low.block(low.get(node, body)), line(node))
