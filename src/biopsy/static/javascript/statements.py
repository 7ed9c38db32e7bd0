"""Statements of JavaScript and TypeScript, lowered."""

from tree_sitter import Node

from biopsy.static.code import ir
from biopsy.static.javascript import exports
from biopsy.static.javascript.lower import Lowering, line, sets, unescape

_HOISTED = frozenset({"function_declaration", "generator_function_declaration"})


def lower_block(low: Lowering, node: Node) -> list[ir.Stmt]:
    """Lower a block; functions come first, as they are hoisted."""
    first: list[ir.Stmt] = []
    rest: list[ir.Stmt] = []
    last: list[ir.Stmt] = []
    for child in node.named_children:
        if child.type == "comment":
            continue
        try:
            lowered = statement(low, child)
        except RecursionError:
            continue
        if child.type == "export_statement":
            last.extend(exports.names(low, child))
        hoisted = child.type in _HOISTED or (
            child.type == "export_statement"
            and (held := child.child_by_field_name("declaration")) is not None
            and held.type in _HOISTED
        )
        (first if hoisted else rest).append(lowered)
    return first + rest + last


def statement(low: Lowering, node: Node) -> ir.Stmt:
    """Lower one statement."""
    at = line(node)
    match node.type:
        case "expression_statement":
            return ir.Do(low.expr(node.named_children[0] if node.named_children else None), at)
        case "variable_declaration" | "lexical_declaration":
            return ir.Block(
                [_declarator(low, c) for c in node.named_children if c.type == "variable_declarator"], at
            )
        case "function_declaration" | "generator_function_declaration":
            func = low.func(node)
            return ir.Assign([ir.Name(func.name, at)], ir.Lambda(func, at), at)
        case "class_declaration" | "abstract_class_declaration":
            return lower_class(low, node)
        case "if_statement":
            ways = [_body(low, node.child_by_field_name(f)) for f in ("consequence", "alternative")]
            return ir.If(low.expr(node.child_by_field_name("condition")), ways[0], ways[1], at)
        case "return_statement" | "throw_statement":
            value = low.expr(node.named_children[0] if node.named_children else None)
            return ir.Return(value, at) if node.type == "return_statement" else ir.Do(value, at)
        case "import_statement":
            return _import(low, node)
        case "export_statement":
            return exports.lower(low, node)
        case "statement_block" | "program":
            return ir.Block(lower_block(low, node), at)
        case _:
            return _loop(low, node)


def _loop(low: Lowering, node: Node) -> ir.Stmt:
    at = line(node)
    match node.type:
        case "for_statement":
            return _for(low, node)
        case "for_in_statement":
            target = low.target(node.child_by_field_name("left"))
            over = low.expr(node.child_by_field_name("right"))
            operator = node.child_by_field_name("operator")
            keys = operator is not None and low.text(operator) == "in"
            return ir.For(target, over, _body(low, node.child_by_field_name("body")), at, keys=keys)
        case "while_statement" | "do_statement":
            test = low.expr(node.child_by_field_name("condition"))
            return ir.For(None, test, _body(low, node.child_by_field_name("body")), at)
        case "try_statement":
            parts = (node.child_by_field_name(f) for f in ("body", "handler", "finalizer"))
            return ir.Block(
                [s for p in parts if p for s in _body(low, p.child_by_field_name("body") or p)], at
            )
        case "switch_statement":
            cases = node.child_by_field_name("body")
            inside = [s for c in (cases.named_children if cases else []) for s in _case(low, c)]
            return ir.Block([ir.Do(low.expr(node.child_by_field_name("value")), at), *inside], at)
        case "labeled_statement":
            return ir.Block(_body(low, node.child_by_field_name("body")), at)
        case "ERROR":
            return ir.Block(lower_block(low, node), at)
        case kind if kind.endswith(("_expression", "identifier", "string", "function", "array", "object")):
            return ir.Do(low.expr(node), at)
    return ir.Block([])


def _case(low: Lowering, node: Node) -> list[ir.Stmt]:
    return [statement(low, c) for c in node.children_by_field_name("body")]


def _body(low: Lowering, node: Node | None) -> list[ir.Stmt]:
    if node is None:
        return []
    if node.type == "else_clause":
        return [statement(low, c) for c in node.named_children]
    return lower_block(low, node) if node.type == "statement_block" else [statement(low, node)]


def _declarator(low: Lowering, node: Node) -> ir.Stmt:
    target = low.target(node.child_by_field_name("name"))
    value = node.child_by_field_name("value")
    if value is None:
        return ir.Assign([target], ir.Blend([]), line(node))
    large = value.end_byte - value.start_byte > 4000 and value.type in {"array", "object"}
    lazy = (large and not low.is_hot(value)) or _is_module(low, value)
    parts = _parts(target) if lazy else []
    if parts:
        taken = [(t, ir.Attr(low.expr(value), name, line(node))) for name, t in parts]
        return ir.Block([ir.Assign([t], held, line(node), lazy=True) for t, held in taken])
    return ir.Assign([target], low.expr(value), line(node), lazy=lazy)


def _parts(target: ir.Target) -> list[tuple[str, ir.Name]]:
    """The names of `{a, b: c}`, where that is all there is."""
    pairs = target.pairs if isinstance(target, ir.Map) else []
    parts = [(str(k.value), t) for k, t in pairs if isinstance(k, ir.Const) and isinstance(t, ir.Name)]
    return parts if len(parts) == len(pairs) else []


def _is_module(low: Lowering, node: Node) -> bool:
    """Whether a value is a module of the package, or a part of one: `require("./x").y`."""
    for _ in range(4):
        if node.type == "member_expression" and (inner := node.child_by_field_name("object")) is not None:
            node = inner
            continue
        called = node.child_by_field_name("function")
        given = node.child_by_field_name("arguments")
        if (
            node.type != "call_expression"
            or called is None
            or given is None
            or len(given.named_children) != 1
        ):
            return False
        first = given.named_children[0]
        if low.text(called) == "require":
            return first.type == "string" and low.text(first)[1:2] == "."
        node = first
    return False


def _for(low: Lowering, node: Node) -> ir.Stmt:
    """`for (;;)`; one that counts becomes a loop over its numbers."""
    parts = {f: node.child_by_field_name(f) for f in ("initializer", "condition", "increment", "body")}
    first = parts["initializer"]
    begin = [statement(low, first)] if first is not None else []
    body = _body(low, parts["body"])
    test, step = parts["condition"], parts["increment"]
    if (
        test is not None
        and step is not None
        and len(begin) == 1
        and (counted := _counted(low, begin[0], test, step))
    ):
        return ir.Block([*begin, ir.For(counted[0], counted[1], body, line(node))], line(node))
    tail = [ir.Do(low.expr(step), line(node))] if step is not None else []
    return ir.Block([*begin, ir.For(None, low.expr(test), [*body, *tail], line(node))], line(node))


def _counted(low: Lowering, begin: ir.Stmt, test: Node, step: Node) -> tuple[ir.Target, ir.Expr] | None:
    if test.type != "binary_expression" or not isinstance(begin, ir.Block) or not begin.body:
        return None
    left, right = test.child_by_field_name("left"), test.child_by_field_name("right")
    name = low.text(left) if left else ""
    starts = [s for s in begin.body if isinstance(s, ir.Assign)]
    start = next(
        (s.value for s in starts if isinstance(s.targets[0], ir.Name) and s.targets[0].id == name), None
    )
    operator = test.child_by_field_name("operator")
    compare = low.text(operator) if operator else ""
    if start is None or compare not in {"<", "<="} or not low.text(step).startswith((name, "++")):
        return None
    by = 1
    if step.type == "augmented_assignment_expression":
        text = low.text(step).split("=")[-1].strip()
        if not text.isdigit():
            return None
        by = max(1, int(text))
    end = low.expr(right)
    if compare == "<=":
        end = ir.Bin("+", end, ir.Const(1))
    return ir.Name(name), ir.Call(ir.Name("#range"), [start, end, ir.Const(by)], line=line(test))


def lower_class(low: Lowering, node: Node) -> ir.Class:
    """Lower a class: its methods and fields."""
    named = node.child_by_field_name("name")
    bases = [low.expr(c) for h in node.named_children if h.type == "class_heritage" for c in h.named_children]
    body: list[ir.Stmt] = []
    inside = node.child_by_field_name("body")
    for member in inside.named_children if inside else []:
        at = line(member)
        if member.type == "method_definition":
            func = low.func(member)
            bound = f"set {func.name}" if sets(member) else func.name
            body.append(ir.Assign([ir.Name(bound, at)], ir.Lambda(func, at), at))
        elif member.type in {"field_definition", "public_field_definition"}:
            name = member.child_by_field_name("property") or member.child_by_field_name("name")
            value = member.child_by_field_name("value")
            if value is not None and name is not None:
                body.append(ir.Assign([ir.Name(low.text(name), at)], low.expr(value), at))
        elif member.type == "class_static_block":
            body.extend(_body(low, member.child_by_field_name("body")))
    return ir.Class(low.text(named) if named else "", bases, body, line(node))


def module_name(low: Lowering, node: Node) -> str:
    """The module that the text of an import names."""
    return unescape(low.text(node)[1:-1]).removeprefix("node:")


def unquoted(name: str) -> str:
    """A name of an export, which may be written as a text."""
    return name.strip("'\"")


def _import(low: Lowering, node: Node) -> ir.Stmt:
    source = node.child_by_field_name("source")
    if source is None:
        return ir.Block([])
    module = module_name(low, source)
    own = module.startswith(".")
    names: list[tuple[str, str]] = []
    clause = next((c for c in node.named_children if c.type == "import_clause"), None)
    for child in clause.named_children if clause else []:
        if child.type == "identifier":
            names.append((low.text(child), f"{module}#default" if own else module))
        elif child.type == "namespace_import":
            names.append((low.text(child.named_children[0]), module))
        elif child.type == "named_imports":
            for item in child.named_children:
                name, alias = item.child_by_field_name("name"), item.child_by_field_name("alias")
                if name is not None:
                    member = unquoted(low.text(name))
                    whole = member == "default" and not own
                    ref = module if whole else f"{module}{'#' if own else '.'}{member}"
                    names.append((low.text(alias or name), ref))
    return ir.Import(names, line(node))
