"""Functions, classes, properties."""

from tree_sitter import Node

from biopsy.static.code import ir
from biopsy.static.tongues.lower import Lowering, line


def _func(low: Lowering, node: Node, name: str, params: str, body: str) -> ir.Stmt:
    made = low.func(node, low.name(low.get(node, name)), low.get(node, params), low.get(node, body))
    return ir.Assign([ir.Name(made.name, line(node))], ir.Lambda(made, line(node)), line(node))


def _lambda(low: Lowering, node: Node, params: str, body: str) -> ir.Expr:
    made = low.func(node, "", low.get(node, params), low.get(node, body))
    return ir.Lambda(made, line(node))


def _class(low: Lowering, node: Node, name: str, bases: str, body: str, also: str = "-") -> ir.Stmt:  # noqa: PLR0917
    every = [above for place in (bases, also) if (above := low.get(node, place)) is not None]
    lowered = [low.as_expr(low.node(c), line(c)) for above in every for c in low.inner(above)]
    lowered = [b.func if isinstance(b, ir.Call) else b for b in lowered]
    held = low.get(node, name)
    if low.table.reopens and held is not None:
        lowered.append(ir.Name(low.name(held), line(node)))
    inside = low.block(low.get(node, body))
    late = [s for s in inside if not _declares(s)]
    return ir.Class(low.name(held), lowered, [s for s in inside if _declares(s)], line(node), late=late)


def _declares(statement: ir.Stmt) -> bool:
    """Whether a part of a class only says what it has; what it does comes once it is known by its name."""
    match statement:
        case ir.Block(body=body):
            return all(map(_declares, body))
        case ir.Do(value=value):
            return isinstance(value, ir.Bind)
    return isinstance(statement, ir.Assign | ir.Class | ir.Import | ir.Outer)


def _method_of(low: Lowering, node: Node, receiver: str, name: str, params: str, body: str) -> ir.Stmt:  # noqa: PLR0917 - as a table says it
    """A method that is written outside its type: the type is opened again for it."""
    held = low.get(node, receiver)
    of = held
    while of is not None and of.type != "type_identifier":
        inner = low.inner(of)
        of = next(
            (
                c
                for c in inner
                if c.type in {"parameter_declaration", "pointer_type", "generic_type", "type_identifier"}
            ),
            None,
        )
    given = low.inner(held)[0].child_by_field_name("name") if held is not None and low.inner(held) else None
    made = low.func(node, low.name(low.get(node, name)), low.get(node, params), low.get(node, body))
    if given is not None:
        this, before = ir.Name(low.name(given)), made.body
        bind: ir.Stmt = ir.Assign([this], ir.Name("this"), line(node))
        made.body = ir.Once(lambda: [bind, *before()])
    owner = low.name(of)
    inside: list[ir.Stmt] = [ir.Assign([ir.Name(made.name)], ir.Lambda(made, line(node)), line(node))]
    return ir.Class(owner, [ir.Name(owner)], inside, line(node))


def _maker(low: Lowering, node: Node, params: str, body: str) -> ir.Stmt:
    """A constructor; a static one runs when its class is first used."""
    if any(low.text(c) == "static" for c in node.children if c.type == "modifier"):
        return ir.Block(low.block(low.get(node, body)), line(node))
    made = low.func(node, "__init__", low.get(node, params), low.get(node, body))
    return ir.Assign([ir.Name("__init__", line(node))], ir.Lambda(made, line(node)), line(node))


def _property(low: Lowering, node: Node, name: str, value: str, accessors: str) -> ir.Stmt:
    held, called = low.get(node, value), low.name(low.get(node, name))
    body: list[ir.Stmt] = (
        [ir.Assign([ir.Name(called)], low.expr(held), line(node))] if held is not None else []
    )
    for accessor in low.inner(n) if (n := low.get(node, accessors)) is not None else []:
        if (inside := accessor.child_by_field_name("body")) is not None:
            made = low.func(accessor, called, None, inside)
            body.append(
                ir.Assign([ir.Name(f"{called} {len(body)}")], ir.Lambda(made, line(accessor)), line(accessor))
            )
    return ir.Block(body, line(node))


def _global(low: Lowering, node: Node) -> ir.Stmt:
    return ir.Outer([low.name(c) for c in low.inner(node)], line(node))
