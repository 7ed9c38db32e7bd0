"""Shapes of languages that are written at a prompt: commands with options, joined by pipes (PowerShell)."""

from tree_sitter import Node

from biopsy.model.regex import regex
from biopsy.static.code import ir
from biopsy.static.tongues.lower import Lowering, line

MAX_WORDS = 500  # of one command
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_TICK = regex(r"`(.)", 16)
_JOINS = {
    "-join": "join",
    "-split": "split",
    "-replace": "replace",
    "-creplace": "replace",
    "-ireplace": "replace",
}
_BITS = {
    "-bxor": "xor",
    "-band": "&",
    "-bor": "|",
    "-shr": ">>",
    "-shl": "<<",
    "+": "+",
    "-": "-",
    "*": "*",
    "%": "%",
    "/": "/",
}
_QUOTED = frozenset({"variable", "sub_expression", "statement_list"})


def command(low: Lowering, node: Node) -> ir.Expr:
    """`Name -Option value word`: options by name, words by place, and all of it in order as `#words`."""
    name = node.child_by_field_name("command_name")
    elements = node.child_by_field_name("command_elements")
    parts = [
        c for c in (low.inner(elements) if elements is not None else []) if c.type != "command_argument_sep"
    ]
    words, args, named = _parts(low, parts[:MAX_WORDS])
    at = line(node)
    if name is not None and name.type == "command_name_expr":
        operator = next((low.text(c) for c in node.children if c.type == "command_invokation_operator"), "&")
        inner = low.inner(name)
        called: ir.Expr = ir.Const(low.text(name), at)
        if inner and inner[0].type != "command_name":
            called = low.expr(inner[0])
        whole: list[ir.Expr] = [called, *words]
        return ir.Call(ir.Name(operator, at), [called, *args], [*named, ("#words", ir.Seq(whole, at))], at)
    text = low.text(name).strip() if name is not None else ""
    every: list[ir.Expr] = [ir.Const(text, at), *words]
    return ir.Call(ir.Name(text.lower(), at), args, [*named, ("#words", ir.Seq(every, at))], at)


def _parts(
    low: Lowering, parts: list[Node]
) -> tuple[list[ir.Expr], list[ir.Expr], list[tuple[str, ir.Expr]]]:
    words: list[ir.Expr] = []
    args: list[ir.Expr] = []
    named: list[tuple[str, ir.Expr]] = []
    option = ""
    for part in parts:
        if part.type == "command_parameter":
            option, colon, _ = low.text(part).lstrip("-").lower().partition(":")
            words.append(ir.Const(low.text(part), line(part)))
            if not colon and option in low.table.flags:
                option = ""
            continue
        if part.type == "argument_list":  # `(…).Method(…)`, which the grammar takes for two words
            if words and args and isinstance(args[-1], ir.Attr):
                args[-1] = words[-1] = ir.Call(args[-1], arguments(low, part), line=line(part))
            continue
        lowered = _word(low, part)
        words.append(lowered)
        if option:
            named.append((option, lowered))
        else:
            args.append(lowered)
        option = ""
    return words, args, named


def _word(low: Lowering, node: Node) -> ir.Expr:
    if node.type == "generic_token":
        return ir.Const(low.text(node).replace("`", ""), line(node))
    return low.expr(node)


def arguments(low: Lowering, node: Node | None) -> list[ir.Expr]:
    """The arguments of a method."""
    held = node.child_by_field_name("argument_expression_list") if node is not None else None
    return [low.expr(c) for c in low.inner(held)] if held is not None else []


def invoke(low: Lowering, node: Node) -> ir.Expr:
    """`$x.Method(…)`, `[Type]::Method(…)`."""
    inner = low.inner(node)
    given = next((c for c in inner if c.type == "argument_list"), None)
    name = next((c for c in inner if c.type == "member_name"), None)
    obj = low.expr(inner[0] if inner else None)
    called = _member(low, obj, name, line(node))
    return ir.Call(called, arguments(low, given), line=line(node), new=isinstance(called, ir.Name))


def member(low: Lowering, node: Node) -> ir.Expr:
    """`$x.Name`."""
    inner = low.inner(node)
    return _member(
        low, low.expr(inner[0] if inner else None), inner[-1] if len(inner) > 1 else None, line(node)
    )


def _member(low: Lowering, obj: ir.Expr, name: Node | None, at: int) -> ir.Expr:
    if name is None:
        return obj
    text = low.text(name).lower().strip("'\"")
    if text == "new":
        return ir.Attr(obj, "new", at)
    return ir.Index(obj, low.expr(name), at) if text.startswith("$") else ir.Attr(obj, text, at)


def pipe(low: Lowering, node: Node) -> ir.Expr:
    """`a | b`: what comes out of one goes into the next, as `#in`, and as its word where it has none."""
    inner = [c for c in low.inner(node) if c.type not in {"empty_statement", "redirections"}]
    value: ir.Expr = low.expr(inner[0] if inner else None)
    for part in inner[1:]:
        after = low.expr(part)
        if isinstance(after, ir.Call):
            after.args = after.args or [value]
            after.kwargs = [*after.kwargs, ("#in", value)]
        value = after
    return value


def variable(low: Lowering, node: Node) -> ir.Expr:
    """`$x`, `${x}`, `$env:X`."""
    text = low.text(node).replace("{", "").replace("}", "")
    if text.lower() == "$env:comspec":
        return ir.Name("$comspec", line(node))
    if text.lower().startswith("$env:"):
        return ir.Call(ir.Name("#env", line(node)), [ir.Const(text[5:])], line=line(node))
    scope, colon, rest = text.lower().partition(":")
    return ir.Name(
        f"${rest}" if colon and scope in {"$script", "$global", "$local"} else text.lower(), line(node)
    )


def text(low: Lowering, node: Node) -> ir.Expr:
    """A text between double quotes, with what stands inside it; the words between are no nodes."""
    parts: list[ir.Expr] = []
    at, whole = node.start_byte, low.source
    trim = 2 if whole[at : at + 2] == b'@"' else 1
    at += trim
    for child in node.named_children:
        if child.type in _QUOTED:
            parts.append(
                ir.Const(
                    _plain(whole[at : child.start_byte].rstrip(b"(").removesuffix(b"$"), low), line(node)
                )
            )
            parts.append(low.expr(child))
            at = child.end_byte + (child.type != "variable")
    parts.append(ir.Const(_plain(whole[at : node.end_byte - trim], low), line(node)))
    return ir.Join(parts, line(node)) if len(parts) > 1 else parts[0]


def _plain(raw: bytes, low: Lowering) -> str:
    del low
    return _TICK.sub(lambda m: _ESCAPES.get(m[1], m[1]), raw.decode("utf-8", "replace"))


def verbatim(low: Lowering, node: Node) -> ir.Expr:
    """A text between single quotes."""
    held = low.text(node)
    inner = held[2:-2] if held.startswith("@'") else held[1:-1]
    return ir.Const(inner.replace("''", "'"), line(node))


def operator(low: Lowering, node: Node) -> ir.Expr:
    """An operator, many of which are words: `-join`, `-bxor`, `-f`."""
    inner = [c for c in low.inner(node) if not c.type.endswith("_operator")]
    if len(inner) < 2:
        return low.expr(inner[0] if inner else None)
    sign = next(
        (low.text(c).lower() for c in node.children if c.type.endswith("_operator") or not c.is_named), ""
    )
    left, right = low.expr(inner[0]), low.expr(inner[1])
    at = line(node)
    given: list[ir.Expr] = list(right.items) if isinstance(right, ir.Seq) else [right]
    if sign in _JOINS:
        return ir.Call(ir.Attr(left, _JOINS[sign], at), given, line=at)
    if sign == "-f":
        return ir.Call(ir.Name("#format", at), [left, *given], line=at)
    return ir.Bin(_BITS[sign], left, right, at) if sign in _BITS else ir.Blend([left, right], at, sign)


def unary(low: Lowering, node: Node) -> ir.Expr:
    """`-join x`, `-not x`."""
    inner = low.inner(node)
    held = low.expr(inner[-1] if inner else None)
    if low.text(node)[:5].lower() == "-join":
        return ir.Call(ir.Attr(held, "join", line(node)), [ir.Const("")], line=line(node))
    return held


def kind(low: Lowering, node: Node) -> ir.Expr:
    """`[System.Convert]`."""
    return ir.Name(low.text(node).strip("[] ").lower(), line(node))


def block(low: Lowering, node: Node) -> ir.Expr:
    """`{ … }` as a value: a function of `$_`, or of what it says that it takes."""
    params = [ir.Param(ir.Name("$_"))]
    return ir.Lambda(function_of(low, node, "", _params(low, node) or params), line(node))


def func(low: Lowering, node: Node) -> ir.Stmt:
    """`function Name($a) { … }`."""
    name = next((low.text(c).lower() for c in node.named_children if c.type == "function_name"), "")
    made = function_of(low, node, name, _params(low, node))
    return ir.Assign([ir.Name(name, line(node))], ir.Lambda(made, line(node)), line(node))


def function_of(low: Lowering, node: Node, name: str, params: list[ir.Param]) -> ir.Func:
    """A function whose last expression is what it gives."""
    held = next((c for c in node.named_children if c.type in {"script_block", "script_block_body"}), None)
    body = held if held is not None else node
    return ir.Func(
        name, params, ir.Once(lambda: low.give(low.statements(body))), line(node), low.is_hot(node)
    )


def _params(low: Lowering, node: Node) -> list[ir.Param]:
    found: list[ir.Param] = []
    waiting = [node]
    for held in waiting:
        for child in held.named_children:
            if child.type == "script_parameter":
                names = [c for c in child.named_children if c.type == "variable"]
                value = next((c for c in child.named_children if c.type == "script_parameter_default"), None)
                default = low.expr(value) if value is not None else None
                found += [ir.Param(ir.Name(low.text(n).lower()), default) for n in names[:1]]
            elif child.type in {
                "function_parameter_declaration",
                "param_block",
                "parameter_list",
                "script_block",
                "ERROR",
            }:
                waiting.append(child)
    return found


def choice(low: Lowering, node: Node) -> ir.Stmt:
    """`if`, with all its other ways."""
    inner = low.inner(node)
    test = node.child_by_field_name("condition")
    blocks = [low.statement(c) for c in inner if test is None or c.start_byte != test.start_byte]
    return ir.If(low.expr(test), blocks[:1], blocks[1:], line(node))


def each(low: Lowering, node: Node) -> ir.Stmt:
    """`foreach ($a in $b) { … }`."""
    inner = [c for c in low.inner(node) if not c.type.endswith("_parameter")]
    if len(inner) < 3:
        return ir.Block([low.statement(c) for c in inner], line(node))
    return ir.For(low.target(inner[0]), low.expr(inner[1]), low.block(inner[-1]), line(node))


def assign(low: Lowering, node: Node) -> ir.Expr:
    """`$a = b`, `$a += b`."""
    inner = low.inner(node)
    value = node.child_by_field_name("value")
    sign = next((low.text(c) for c in inner if c.type == "assignement_operator"), "=")
    target = low.target(inner[0] if inner else None)
    return ir.Bind(target, low.expr(value), line(node), sign.rstrip("=") if sign != "=" else "")


def entry(low: Lowering, node: Node) -> ir.Expr:
    """`name = value` of a map."""
    inner = low.inner(node)
    name = inner[0] if inner else None
    key = ir.Const(low.text(name)) if name is not None and name.type == "simple_name" else low.expr(name)
    return ir.Pair(key, low.expr(inner[-1] if len(inner) > 1 else None), line(node))


ROLES = {
    "ps_command": command,
    "ps_invoke": invoke,
    "ps_member": member,
    "ps_pipe": pipe,
    "ps_variable": variable,
    "ps_text": text,
    "ps_verbatim": verbatim,
    "ps_operator": operator,
    "ps_unary": unary,
    "ps_type": kind,
    "ps_block": block,
    "ps_func": func,
    "ps_if": choice,
    "ps_each": each,
    "ps_assign": assign,
    "ps_entry": entry,
}
"""What these words of a table's `nodes` mean."""
