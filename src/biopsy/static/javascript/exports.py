"""`export` of ECMAScript modules, lowered to attributes of `exports`."""

from collections.abc import Iterator

from tree_sitter import Node

from biopsy.static.code import ir
from biopsy.static.javascript.lower import Lowering, line, unescape

_EXPORTS = ir.Name("exports")


def lower(low: Lowering, node: Node) -> ir.Stmt:
    """Lower what an `export` declares; what it names is exported by `names`, when all is bound."""
    from biopsy.static.javascript.statements import statement  # noqa: PLC0415 - it is built on this

    at = line(node)
    value = node.child_by_field_name("value")
    declared = node.child_by_field_name("declaration")
    if declared is not None:
        return statement(low, declared)
    if value is not None:
        return _put("default", low.expr(value), at)
    held = next((c for c in node.named_children if c.type.endswith(("_expression", "identifier"))), None)
    if held is not None and any(c.type == "=" for c in node.children):  # TypeScript's `export = x`
        return ir.Assign([ir.Attr(ir.Name("module"), "exports", at)], low.expr(held), at)
    return ir.Block([])


def names(low: Lowering, node: Node) -> Iterator[ir.Stmt]:
    """The exports by name of one statement."""
    at = line(node)
    declared = node.child_by_field_name("declaration")
    if declared is not None:
        default = any(c.type == "default" for c in node.children)
        for name in _declared(low, declared):
            yield _put("default" if default else name, ir.Name(name, at), at)
        return
    source = node.child_by_field_name("source")
    module = unescape(low.text(source)[1:-1]).removeprefix("node:") if source is not None else ""
    listed = False
    for child in node.named_children:
        if child.type == "export_clause":
            listed = True
            for item in child.named_children:
                yield from _one(low, item, module, at)
        elif child.type == "namespace_export":
            listed = True
            yield _put(low.text(child.named_children[0]), _required(module, at), at)
    if module and not listed:
        yield ir.Do(ir.Call(ir.Name("__exportStar"), [_required(module, at), _EXPORTS], line=at), at)


def _one(low: Lowering, item: Node, module: str, at: int) -> Iterator[ir.Stmt]:
    name, alias = item.child_by_field_name("name"), item.child_by_field_name("alias")
    if name is None:
        return
    local = low.text(name).strip("'\"")
    value: ir.Expr = ir.Attr(_required(module, at), local, at) if module else ir.Name(local, at)
    yield _put(low.text(alias or name).strip("'\""), value, at)


def _required(module: str, at: int) -> ir.Expr:
    return ir.Call(ir.Name("require", at), [ir.Const(module, at)], line=at)


def _put(name: str, value: ir.Expr, at: int) -> ir.Stmt:
    return ir.Assign([ir.Attr(_EXPORTS, name, at)], value, at)


def _declared(low: Lowering, node: Node) -> Iterator[str]:
    named = node.child_by_field_name("name")
    if named is not None and node.type != "variable_declarator":
        yield low.text(named)
        return
    for child in node.named_children:
        target = child.child_by_field_name("name") if child.type == "variable_declarator" else None
        if target is not None and target.type == "identifier":
            yield low.text(target)
        elif target is not None:
            for inner in target.named_children:
                yield low.text(inner.child_by_field_name("value") or inner)
