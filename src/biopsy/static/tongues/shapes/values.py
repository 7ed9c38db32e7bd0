"""Operators, assignments, lists and maps."""

from tree_sitter import Node

from biopsy.static.code import ir
from biopsy.static.tongues.lower import ARITHMETIC, LOGICAL, MAX_CHAIN, Lowering, line


def _operator(low: Lowering, node: Node, op: str) -> str:
    given = low.get(node, op)
    if given is None:
        given = next((c for c in node.children if not c.is_named), None)
    return low.text(given) if given is not None else ""


def _binary(
    low: Lowering, node: Node, left: str = "left", op: str = "operator", right: str = "right"
) -> ir.Expr:
    sign = _operator(low, node, op)
    if sign in {"+", "."}:
        return _chain(low, node, left, op, right)
    pair = [low.expr(low.get(node, left)), low.expr(low.get(node, right))]
    if sign == "<<" and low.table.bare_calls:  # Ruby's way to add to something
        return ir.Call(ir.Attr(pair[0], "<<", line(node)), pair[1:], line=line(node))
    if sign in ARITHMETIC:
        return ir.Bin({"^": "xor", ">>>": ">>"}.get(sign, sign), pair[0], pair[1], line(node))
    if sign in LOGICAL:
        return ir.Either(pair, line(node))
    return ir.Blend(pair, line(node), sign)


def _chain(low: Lowering, node: Node, left: str, op: str, right: str) -> ir.Expr:
    operands: list[ir.Expr] = []
    at: Node | None = node
    while at is not None and at.type == node.type and _operator(low, at, op) in {"+", "."}:
        if len(operands) < MAX_CHAIN:
            operands.append(low.expr(low.get(at, right)))
        at = low.get(at, left)
    operands.append(low.expr(at))
    return ir.balanced(operands[::-1], line(node))


def _unary(low: Lowering, node: Node, operand: str = "operand") -> ir.Expr:
    inner = low.get(node, operand) or (low.inner(node)[-1] if low.inner(node) else None)
    text = low.text(node)
    if text.startswith(("++", "--")) or text.endswith(("++", "--")):
        return _update(low, node, "-")
    if operand == "after":
        return low.expr(inner)
    match text[:1]:
        case "-":
            return ir.Bin("-", ir.Const(0), low.expr(inner), line(node))
        case "+" | "*" | "&":
            return low.expr(inner)
    return ir.Blend([low.expr(inner)], line(node))


def _assign(low: Lowering, node: Node, left: str = "left", right: str = "right") -> "ir.Expr | ir.Stmt":
    value, target = low.get(node, right), low.get(node, left)
    if value is None:
        kept = _is_static(low, node) and target is not None
        return ir.Bind(low.target(target), ir.Blend([]), line(node)) if kept else ir.Blend([], line(node))
    lowered = low.expr(value)
    if (
        target is not None
        and target.type in low.table.append_to
        and (inner := low.inner(target))
        and len(inner) == 1
    ):
        held = low.expr(inner[0])  # PHP's `$a[] = x`
        return ir.Call(ir.Attr(held, "push", line(node)), [lowered], line=line(node))
    return ir.Bind(low.target(target), lowered, line(node))


def _is_static(low: Lowering, node: Node) -> bool:
    """Whether a field that is declared without a value is one of the class itself."""
    around = (
        node.parent.parent
        if node.parent is not None and node.parent.type != "field_declaration"
        else node.parent
    )
    if around is None or around.type != "field_declaration":
        return False
    return any("static" in low.text(c)[:200] for c in around.children if c.type in {"modifier", "modifiers"})


def _augment(
    low: Lowering, node: Node, left: str = "left", op: str = "operator", right: str = "right"
) -> ir.Expr:
    target, value = low.target(low.get(node, left)), low.expr(low.get(node, right))
    sign = _operator(low, node, op).rstrip("=").strip()
    if sign in LOGICAL:
        return ir.Bind(target, ir.Either([target, value], line(node)), line(node))
    sign = {".": "+", "^": "xor"}.get(sign, sign)
    return ir.Bind(target, value, line(node), sign if sign in ARITHMETIC else "")


def _update(low: Lowering, node: Node, argument: str = "argument") -> ir.Expr:
    inner = low.get(node, argument) or (low.inner(node)[0] if low.inner(node) else None)
    return ir.Bind(low.target(inner), ir.Const(1), line(node), "-" if "--" in low.text(node) else "+")


def _seq(low: Lowering, node: Node) -> ir.Expr:
    items = [low.expr(c) for c in low.inner(node)]
    if any(isinstance(i, ir.Pair) for i in items):
        return as_map(items, line(node))
    return ir.Seq(items, line(node))


def as_map(items: list[ir.Expr], at: int) -> ir.Expr:
    """A map of pairs; what is none stands under its number."""
    pairs: list[tuple[ir.Expr | None, ir.Expr]] = []
    for count, item in enumerate(items):
        if isinstance(item, ir.Pair):
            pairs.append((item.key, item.value))
        else:
            pairs.append((None, item) if isinstance(item, ir.Star) else (ir.Const(str(count)), item))
    return ir.Map(pairs, at)


def _map(low: Lowering, node: Node) -> ir.Expr:
    return as_map([low.expr(c) for c in low.inner(node)], line(node))


def _star(low: Lowering, node: Node) -> ir.Expr:
    inner = low.inner(node)
    return ir.Star(low.expr(inner[0]) if inner else ir.Const(None), line(node))


def _single(low: Lowering, node: Node) -> ir.Expr:
    """A list of expressions that mostly has one."""
    inner = low.inner(node)
    return low.expr(inner[0]) if len(inner) == 1 else ir.Seq([low.expr(c) for c in inner], line(node))


def _several(low: Lowering, node: Node, left: str, op: str, right: str) -> ir.Expr:
    """`a, err := f()`: what a library gives is bound to the first name."""
    bound = _augment(low, node, left, op, right)
    if (
        isinstance(bound, ir.Bind)
        and isinstance(bound.target, ir.Seq)
        and not isinstance(bound.value, ir.Seq)
    ):
        bound.value = ir.Call(ir.Name("#first"), [bound.value], line=line(node))
    return bound


def _spec(low: Lowering, node: Node, name: str, value: str) -> ir.Expr:
    """`var a, b = x`."""
    names = node.children_by_field_name(name)
    held = low.get(node, value)
    if held is None:
        return ir.Blend([], line(node))
    targets: list[ir.Expr] = [ir.Name(low.name(n), line(n)) for n in names if n.type in low.table.names]
    lowered = low.expr(held)
    if len(targets) == 1:
        return ir.Bind(ir.Name(low.name(names[0]), line(node)), lowered, line(node))
    whole = lowered if isinstance(lowered, ir.Seq) else ir.Call(ir.Name("#first"), [lowered], line=line(node))
    return ir.Bind(ir.Seq(targets, line(node)), whole, line(node))


def _cast(low: Lowering, node: Node, kind: str, value: str) -> ir.Expr:
    """A cast to a character makes one of a number; any other is looked through."""
    held, of = low.expr(low.get(node, value)), low.get(node, kind)
    if of is not None and low.table.prompts and low.text(of).lower() == "[char[]]":
        return ir.Call(ir.Name("#letters"), [held], line=line(node))
    if of is not None and low.text(of).strip("[]").lower() in {"char", "rune"}:
        return ir.Call(ir.Name("#char"), [held], line=line(node))
    return held


def _range(low: Lowering, node: Node, *ends: str) -> ir.Expr:
    inner = low.inner(node)
    if len(inner) == 1 and len(node.children) == 1:
        return low.expr(inner[0])
    if ends:
        pair = [low.get(node, e) for e in ends]
    else:
        at_start = bool(node.children) and node.children[0].is_named
        pair = [inner[0] if at_start else None, inner[-1] if inner and node.children[-1].is_named else None]
    values: list[ir.Expr] = [low.expr(p) if p is not None else ir.Const(None) for p in pair]
    inclusive = (
        ".." in (text := low.text(node)) and "..." not in text and low.table.bare_calls
    ) or "..=" in text
    if inclusive and pair[1] is not None:
        values[1] = ir.Bin("+", values[1], ir.Const(1), line(node))
    if pair[0] is None:
        values[0] = ir.Const(0)
    return ir.Call(ir.Name("#range"), values, line=line(node))


def _pattern(low: Lowering, node: Node) -> ir.Expr:
    """A pattern around one name binds that name to all of it."""
    inner = [
        c for c in low.inner(node) if node.field_name_for_named_child(node.named_children.index(c)) != "type"
    ]
    if len(inner) == 1:
        return low.target(inner[0])
    return ir.Seq([low.target(c) for c in inner], line(node))
