"""The shapes that nodes may have: each is a word of a table, followed by the places of its parts."""

from collections.abc import Callable

from tree_sitter import Node

from biopsy.static.code import ir
from biopsy.static.tongues import imports, prompt
from biopsy.static.tongues.lower import _ARITHMETIC, _LOGICAL, MAX_CHAIN, Lowering, line, number, unescape

Shape = Callable[..., "ir.Expr | ir.Stmt"]
_BLOCKS = frozenset({"block", "do_block", "lambda_literal"})
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


def _argument(low: Lowering, node: Node, name: str = "name") -> ir.Expr:
    given = low.get(node, name)
    value = low.expr(low.inner(node)[-1]) if low.inner(node) else ir.Const(None)
    if given is None:
        return value
    return ir.Pair(ir.Const(low.text(given)), value, line(node))


def _call(low: Lowering, node: Node, func: str, args: str = "-", block: str = "-") -> ir.Expr:
    given, named = _arguments(low, low.get(node, args))
    callee = low.get(node, func)
    lowered: ir.Expr = low.expr(callee)
    if isinstance(lowered, ir.Call) and callee is not None and callee.type in low.table.names:
        lowered = lowered.func  # a bare name that would be a call by itself
    if (body := low.get(node, block)) is not None:
        given.append(low.expr(body))
    return ir.Call(lowered, given, named, line(node))


def _method(low: Lowering, node: Node, obj: str, name: str, args: str, block: str = "-") -> ir.Expr:
    receiver, called = low.get(node, obj), low.get(node, name)
    given, named = _arguments(low, low.get(node, args))
    if (body := low.get(node, block)) is not None:
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


def _new(
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
    if sign in _ARITHMETIC:
        return ir.Bin({"^": "xor", ">>>": ">>"}.get(sign, sign), pair[0], pair[1], line(node))
    if sign in _LOGICAL:
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
    if sign in _LOGICAL:
        return ir.Bind(target, ir.Either([target, value], line(node)), line(node))
    sign = {".": "+", "^": "xor"}.get(sign, sign)
    return ir.Bind(target, value, line(node), sign if sign in _ARITHMETIC else "")


def _update(low: Lowering, node: Node, argument: str = "argument") -> ir.Expr:
    inner = low.get(node, argument) or (low.inner(node)[0] if low.inner(node) else None)
    return ir.Bind(low.target(inner), ir.Const(1), line(node), "-" if "--" in low.text(node) else "+")


def _seq(low: Lowering, node: Node) -> ir.Expr:
    items = [low.expr(c) for c in low.inner(node)]
    if any(isinstance(i, ir.Pair) for i in items):
        return _as_map(items, line(node))
    return ir.Seq(items, line(node))


def _as_map(items: list[ir.Expr], at: int) -> ir.Expr:
    pairs: list[tuple[ir.Expr | None, ir.Expr]] = []
    for count, item in enumerate(items):
        if isinstance(item, ir.Pair):
            pairs.append((item.key, item.value))
        else:
            pairs.append((None, item) if isinstance(item, ir.Star) else (ir.Const(str(count)), item))
    return ir.Map(pairs, at)


def _map(low: Lowering, node: Node) -> ir.Expr:
    return _as_map([low.expr(c) for c in low.inner(node)], line(node))


def _struct(low: Lowering, node: Node, name: str, body: str) -> ir.Expr:
    """A value with its fields: `S { a: 1 }`."""
    held = low.get(node, body)
    made = _as_map([low.expr(c) for c in low.inner(held)], line(node)) if held is not None else ir.Map([])
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
        return _as_map(items, line(node)) if paired else ir.Seq(items, line(node))
    for item in items:
        if isinstance(item, ir.Pair) and isinstance(item.key, ir.Name):
            item.key = ir.Const(item.key.id)
    given = _as_map(items, line(node))
    return ir.Call(ir.Name("#struct", line(node)), [low.expr(of), given], line=line(node))


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


def _method_of(low: Lowering, node: Node, receiver: str, name: str, params: str, body: str) -> ir.Stmt:
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


def _only(low: Lowering, node: Node, *kinds: str) -> ir.Stmt:
    """Of the children those of some kinds."""
    return ir.Block([low.statement(c) for c in low.inner(node) if c.type in kinds], line(node))


def _chained(low: Lowering, node: Node) -> ir.Expr:
    """`a?.b`."""
    inner = low.inner(node)
    if len(inner) < 2:
        return low.expr(inner[0] if inner else None)
    name = inner[1].child_by_field_name("name")
    if name is None:
        return ir.Index(low.expr(inner[0]), low.expr(inner[1]), line(node))
    return ir.Attr(low.expr(inner[0]), low.name(name), line(node))


def _cast(low: Lowering, node: Node, kind: str, value: str) -> ir.Expr:
    """A cast to a character makes one of a number; any other is looked through."""
    held, of = low.expr(low.get(node, value)), low.get(node, kind)
    if of is not None and low.text(of).strip("[]").lower() in {"char", "rune"}:
        return ir.Call(ir.Name("#char"), [held], line=line(node))
    return held


def _cut(low: Lowering, node: Node, obj: str, start: str, end: str) -> ir.Expr:
    ends = [low.expr(n) if (n := low.get(node, f)) is not None else None for f in (start, end)]
    return ir.Index(low.expr(low.get(node, obj)), ir.Slice(ends[0], ends[1], None, line(node)), line(node))


def _star(low: Lowering, node: Node) -> ir.Expr:
    inner = low.inner(node)
    return ir.Star(low.expr(inner[0]) if inner else ir.Const(None), line(node))


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
        lowered = inside if len(ways) > 1 else inside
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


def _counted(low: Lowering, node: Node, first: str, test: str, step: str, body: str) -> ir.Stmt:
    begin = [low.statement(n)] if (n := low.get(node, first)) is not None else []
    tail = [low.statement(n)] if (n := low.get(node, step)) is not None else []
    held = low.get(node, test)
    inside = [*low.block(low.get(node, body)), *tail]
    return ir.Block([*begin, ir.For(None, low.expr(held), inside, line(node))], line(node))


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


def _func(low: Lowering, node: Node, name: str, params: str, body: str) -> ir.Stmt:
    made = low.func(node, low.name(low.get(node, name)), low.get(node, params), low.get(node, body))
    return ir.Assign([ir.Name(made.name, line(node))], ir.Lambda(made, line(node)), line(node))


def _lambda(low: Lowering, node: Node, params: str, body: str) -> ir.Expr:
    made = low.func(node, "", low.get(node, params), low.get(node, body))
    return ir.Lambda(made, line(node))


def _class(low: Lowering, node: Node, name: str, bases: str, body: str) -> ir.Stmt:
    above = low.get(node, bases)
    lowered = [low.as_expr(low.node(c), line(c)) for c in low.inner(above)] if above is not None else []
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


def _open(low: Lowering, node: Node, body: str) -> ir.Stmt:
    """What stands inside belongs to what stands around it."""
    return ir.Block(low.block(low.get(node, body)), line(node))


def _skip(low: Lowering, node: Node) -> ir.Expr:  # noqa: ARG001
    return ir.Const(None, line(node))


def _global(low: Lowering, node: Node) -> ir.Stmt:
    return ir.Outer([low.name(c) for c in low.inner(node)], line(node))


def _told(low: Lowering, node: Node, name: str) -> ir.Expr:
    """A statement of the language that is a call in all but form: `echo x`, `include x`."""
    return ir.Call(ir.Name(name, line(node)), [low.expr(c) for c in low.inner(node)], line=line(node))


def _macro(low: Lowering, node: Node, name: str, tree: str) -> ir.Expr:
    """A macro: its tokens are not parsed, so each of them, and each call that can be told, is an argument."""
    from biopsy.static.tongues.tokens import arguments  # noqa: PLC0415 - it parses in turn

    held = low.get(node, tree)
    given = arguments(low, held) if held is not None else []
    return ir.Call(ir.Name(low.name(low.get(node, name)) + "!", line(node)), given, line=line(node))


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


def _pattern(low: Lowering, node: Node) -> ir.Expr:
    """A pattern around one name binds that name to all of it."""
    inner = [
        c for c in low.inner(node) if node.field_name_for_named_child(node.named_children.index(c)) != "type"
    ]
    if len(inner) == 1:
        return low.target(inner[0])
    return ir.Seq([low.target(c) for c in inner], line(node))


ROLES: dict[str, Shape] = {
    "name": _name, "text": _text, "raw": _raw, "lines": _lines, "symbol": _symbol, "number": _number,
    "char": _char, "constant": _constant, "shell": _shell, "call": _call, "method": _method,
    "member": _member, "new": _new, "index": _index, "binary": _binary, "unary": _unary,
    "assign": _assign, "augment": _augment, "update": _update, "seq": _seq, "map": _map, "pair": _pair,
    "struct": _struct, "star": _star, "inner": _inner, "either": _either, "if": _if, "while": _while,
    "for": _for, "counted": _counted, "range": _range, "block": _block, "guarded": _guarded, "return": _return,
    "func": _func, "lambda": _lambda, "class": _class, "open": _open, "skip": _skip, "global": _global,
    "told": _told, "macro": _macro, "arm": _arm, "match": _match, "pattern": _pattern,
    "composite": _composite, "single": _single, "several": _several, "spec": _spec, "go_for": _go_for,
    "method_of": _method_of, "maker": _maker, "property": _property, "only": _only, "chained": _chained,
    "cast": _cast, "cut": _cut, "argument": _argument, "import": imports.lower,
    **prompt.ROLES,
}  # fmt: skip
"""What each word of a table's `nodes` means."""
