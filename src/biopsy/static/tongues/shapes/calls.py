"""Calls, members, items, and what is made."""

from tree_sitter import Node

from biopsy.static.code import ir
from biopsy.static.tongues.lower import Lowering, line
from biopsy.static.tongues.shapes.values import as_map


def _arguments(low: Lowering, node: Node | None) -> tuple[list[ir.Expr], list[tuple[str, ir.Expr]]]:
    """Arguments, and those that are given by name; a map at their end is given both ways."""
    args: list[ir.Expr] = []
    named: list[tuple[str, ir.Expr]] = []
    pairs: list[tuple[ir.Expr | None, ir.Expr]] = []
    for child in low.inner(node) if node is not None else []:
        lowered = low.expr(child)
        if isinstance(lowered, ir.Pair):
            if isinstance(lowered.key, ir.Const) and isinstance(lowered.key.value, str):
                named.append((lowered.key.value, lowered.value))
            else:
                pairs.append((lowered.key, lowered.value))
        else:
            args.append(lowered)
    if pairs:
        args.append(ir.Map(pairs, line(node) if node else 0))
    return args, named


def _argument(low: Lowering, node: Node, name: str = "name") -> ir.Expr:
    given = low.get(node, name)
    value = low.expr(low.inner(node)[-1]) if low.inner(node) else ir.Const(None)
    if given is None:
        return value
    return ir.Pair(ir.Const(low.text(given)), value, line(node))


def _pair(low: Lowering, node: Node, key: str = "key", value: str = "value") -> ir.Expr:
    at, held = low.get(node, key), low.get(node, value)
    if at is not None and held is None and value == "1":
        return low.expr(at)
    name = low.expr(at) if at is not None else None
    if isinstance(name, ir.Name) and key == "name":
        name = ir.Const(low.text(at) if at else "")
    if held is None and at is not None:  # Ruby's `{a:}`
        held_expr: ir.Expr = ir.Name(low.text(at).strip(":"), line(node))
    else:
        held_expr = low.expr(held)
    return ir.Pair(name, held_expr, line(node))


def _call(low: Lowering, node: Node, func: str, args: str = "-", block: str = "-") -> ir.Expr:
    given, named = _arguments(low, low.get(node, args))
    callee = low.get(node, func)
    lowered: ir.Expr = low.expr(callee)
    if isinstance(lowered, ir.Call) and callee is not None and callee.type in low.table.names:
        lowered = lowered.func  # a bare name that would be a call by itself
    if (body := low.get(node, block)) is not None:
        given.append(low.expr(body))
    return ir.Call(lowered, given, named, line(node))


def _method(low: Lowering, node: Node, obj: str, name: str, args: str, block: str = "-") -> ir.Expr:  # noqa: PLR0917 - as a table says it
    receiver, called = low.get(node, obj), low.get(node, name)
    given, named = _arguments(low, low.get(node, args))
    if (body := low.get(node, block)) is not None:
        if low.table.blocks:
            named.append(("#block", low.expr(body)))
        else:
            given.append(low.expr(body))
    return ir.Call(_of(low, receiver, called, line(node)), given, named, line(node))


def _of(low: Lowering, receiver: Node | None, called: Node | None, at: int) -> ir.Expr:
    """`receiver.called`; the name alone where there is no receiver, an index where the name is computed."""
    if called is None:  # Ruby's `f.(x)`
        return low.expr(receiver)
    name = low.name(called)
    plain = called.type in low.table.names and not name.startswith("$")
    if receiver is None or low.text(receiver) in low.table.through:
        return ir.Name(name, at) if plain else low.expr(called)
    if plain:
        return ir.Attr(low.expr(receiver), name, at)
    return ir.Index(low.expr(receiver), low.expr(called), at)


def _member(low: Lowering, node: Node, obj: str, name: str) -> ir.Expr:
    return _of(low, low.get(node, obj), low.get(node, name), line(node))


def _new(  # noqa: PLR0917 - as a table says it
    low: Lowering, node: Node, what: str, args: str = "-", body: str = "-", inside: str = "-"
) -> ir.Expr:
    """`new T(args) { fields }`; an array is its items, a class that is written here is made at once."""
    given, named = _arguments(low, low.get(node, args))
    made = low.get(node, what)
    fields = low.inner(more) if (more := low.get(node, body)) is not None else []
    if more is not None and (made is None or "array" in made.type):
        return ir.Seq([low.expr(c) for c in fields], line(node))
    for field in fields:
        lowered = low.expr(field)
        if isinstance(lowered, ir.Bind) and isinstance(lowered.target, ir.Name):
            named.append((lowered.target.id, lowered.value))
        else:
            given.append(lowered)
    of = low.expr(made)
    if isinstance(of, ir.Call):
        of = of.func
    if (written := low.get(node, inside)) is not None:
        cls = ir.Class("", [of], low.block(written), line(node))
        of = ir.ClassValue(cls, line(node))
    return ir.Call(of, given, named, line(node), new=True)


def _index(low: Lowering, node: Node, obj: str, key: str) -> ir.Expr:
    at = low.get(node, key)
    if at is None:
        return ir.Index(low.expr(low.get(node, obj)), ir.Const(None), line(node))
    lowered = low.expr(at)
    if isinstance(lowered, ir.Call) and isinstance(lowered.func, ir.Name) and lowered.func.id == "#range":
        low_end, high = lowered.args[0], lowered.args[1]
        return ir.Index(low.expr(low.get(node, obj)), ir.Slice(low_end, high, None, line(node)), line(node))
    return ir.Index(low.expr(low.get(node, obj)), lowered, line(node))


def _chained(low: Lowering, node: Node) -> ir.Expr:
    """`a?.b`."""
    inner = low.inner(node)
    if len(inner) < 2:
        return low.expr(inner[0] if inner else None)
    name = inner[1].child_by_field_name("name")
    if name is None:
        return ir.Index(low.expr(inner[0]), low.expr(inner[1]), line(node))
    return ir.Attr(low.expr(inner[0]), low.name(name), line(node))


def _cut(low: Lowering, node: Node, obj: str, start: str, end: str) -> ir.Expr:
    ends = [low.expr(n) if (n := low.get(node, f)) is not None else None for f in (start, end)]
    return ir.Index(low.expr(low.get(node, obj)), ir.Slice(ends[0], ends[1], None, line(node)), line(node))


def _given(low: Lowering, node: Node) -> list[Node]:
    inner = low.inner(node)
    return low.inner(inner[0]) if len(inner) == 1 and inner[0].type == "argument_list" else inner


def _told(low: Lowering, node: Node, name: str) -> ir.Expr:
    """A statement of the language that is a call in all but form: `echo x`, `include x`."""
    return ir.Call(ir.Name(name, line(node)), [low.expr(c) for c in _given(low, node)], line=line(node))


def _macro(low: Lowering, node: Node, name: str, tree: str) -> ir.Expr:
    """A macro: its tokens are not parsed, so each of them, and each call that can be told, is an argument."""
    from biopsy.static.tongues.tokens import arguments  # noqa: PLC0415 - it parses in turn

    held = low.get(node, tree)
    given = arguments(low, held) if held is not None else []
    return ir.Call(ir.Name(low.name(low.get(node, name)) + "!", line(node)), given, line=line(node))


def _struct(low: Lowering, node: Node, name: str, body: str) -> ir.Expr:
    """A value with its fields: `S { a: 1 }`."""
    held = low.get(node, body)
    made = as_map([low.expr(c) for c in low.inner(held)], line(node)) if held is not None else ir.Map([])
    what = low.get(node, name)
    own = what is not None and low.text(what) in low.table.own
    of: ir.Expr = ir.Name("#class") if own else low.expr(what)
    return ir.Call(ir.Name("#struct", line(node)), [of, made], line=line(node))


def _composite(low: Lowering, node: Node, kind: str, body: str) -> ir.Expr:
    """Go's `T{…}`: a list or map by its type, else a struct."""
    of, held = low.get(node, kind), low.get(node, body)
    items = [low.expr(c) for c in low.inner(held)] if held is not None else []
    paired = any(isinstance(i, ir.Pair) for i in items)
    if of is None or of.type in {"slice_type", "array_type", "map_type", "implicit_length_array_type"}:
        return as_map(items, line(node)) if paired else ir.Seq(items, line(node))
    for item in items:
        if isinstance(item, ir.Pair) and isinstance(item.key, ir.Name):
            item.key = ir.Const(item.key.id)
    given = as_map(items, line(node))
    return ir.Call(ir.Name("#struct", line(node)), [low.expr(of), given], line=line(node))
