"""From a tree of tree-sitter to `ir`, by the shapes that a language's table gives to nodes."""

import re
from bisect import bisect_left
from collections.abc import Callable

from tree_sitter import Node

from biopsy.model.regex import regex
from biopsy.static.code import ir
from biopsy.static.tongues.table import Table

MAX_CHAIN = 20_000  # operands of one chain of `a + b + …`
_ESCAPE = regex(
    r"\\(?:x\{?([0-9a-fA-F]{1,2})\}?|u\{?([0-9a-fA-F]{1,6})\}?|([0-7]{1,3})|(\r?\n)|(.))", re.DOTALL
)
_LETTERS = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "s": " ",
    "a": "\a",
}
ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "**", "^", "&", "|", "<<", ">>", ">>>", ".", "xor"})
LOGICAL = frozenset({"&&", "||", "??", "or", "and", "?:"})
_NUMBER = regex(r"(?i)^0x[\da-f]+|^0b[01]+|^0o?[0-7]+$|^\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_COMMENTS = frozenset({"comment", "line_comment", "block_comment", "multiline_comment"})


def line(node: Node) -> int:
    """The line of a node."""
    return int(node.start_point[0]) + 1


def unescape(text: str) -> str:
    """One escape, or a text with some, undone."""

    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        if code:
            return chr(min(int(code, 16), 0x10FFFF))
        if match[3]:
            return chr(int(match[3], 8) & 0xFF)
        return "" if match[4] else _LETTERS.get(match[5], match[5])

    return _ESCAPE.sub(one, text) if "\\" in text else text


def number(text: str) -> object:
    """A number as it is written; None where it is none."""
    plain = text.replace("_", "")
    match = _NUMBER.match(plain)
    if not match:
        return None
    found = match[0].lower()
    try:
        if found.startswith("0") and len(found) > 1 and found[1] in "xbo":
            return int(found, 0)
        if len(found) > 1 and found[0] == "0" and found.isdigit():
            return int(found, 8)
        return float(found) if set(found) & set(".e") else int(found[:400])
    except ValueError:
        return None


class Lowering:
    """Lowers one file of a language."""

    def __init__(self, table: Table, source: bytes, hot: list[int]) -> None:
        """Take the table, the file's bytes, and where in them words stand that are acted on."""
        from biopsy.static.tongues import shapes  # noqa: PLC0415 - it is made of this

        self.table, self.source, self._hot = table, source, hot
        self._plain = source.decode("ascii") if source.isascii() else None
        self.variables: frozenset[str] = frozenset()
        self.macros = self.row = 0
        self.here: dict[int, Node] = {}  # bodies of here-documents, by where they begin
        self._shapes: dict[str, tuple[Callable[..., ir.Expr | ir.Stmt], tuple[str, ...]]] = {}
        for name, shape in table.nodes.items():
            role, *fields = shape.split()
            self._shapes[name] = (shapes.ROLES[role], tuple(fields))

    def text(self, node: Node) -> str:
        """The text of a node."""
        if self._plain is not None:
            return self._plain[node.start_byte : node.end_byte]
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def is_hot(self, node: Node) -> bool:
        """Whether a word that is acted on lies inside a node."""
        at = bisect_left(self._hot, node.start_byte)
        return at < len(self._hot) and self._hot[at] < node.end_byte

    def get(self, node: Node, place: str) -> Node | None:
        """A child: by field, `0` by its number, `%kind` by its kind, `-` none."""
        if place == "-":
            return None
        if place == "last":
            return next(reversed(self.inner(node)), None)
        if place.isdigit():
            inner = self.inner(node)
            return inner[int(place)] if int(place) < len(inner) else None
        if place.startswith("%"):
            return next((c for c in node.children if c.type == place[1:]), None)
        return node.child_by_field_name(place)

    def inner(self, node: Node) -> list[Node]:
        """The named children that are no comments."""
        return [c for c in node.named_children if c.type not in _COMMENTS]

    def name(self, node: Node | None) -> str:
        """A node's text as the name of something, with `.` between its words."""
        if node is None:
            return ""
        text = self.text(node)
        if "\\" in text or "::" in text:
            text = text.replace("\\", ".").replace("::", ".").strip(".")
        if "<" in text:
            text = text.partition("<")[0]
        return text if text.startswith("$") else self.table.spelled(text)

    def node(self, node: Node | None) -> "ir.Expr | ir.Stmt":
        """Lower a node to what it is: an expression or a statement; of what is not known, its children."""
        if node is None:
            return ir.Const(None)
        shape = self._shapes.get(node.type)
        if shape is not None:
            return shape[0](self, node, *shape[1])
        inner = self.inner(node)
        if len(inner) == 1:
            return self.node(inner[0])
        lowered = [self.node(c) for c in inner]
        if any(isinstance(part, _STATEMENTS) for part in lowered):
            return ir.Block([self.as_statement(p, line(node)) for p in lowered], line(node))
        return ir.Blend(lowered, line(node))  # type: ignore[arg-type]

    def expr(self, node: Node | None) -> "ir.Expr":
        """Lower a node to an expression; a statement gives what its last expression does."""
        return self.as_expr(self.node(node), line(node) if node else 0)

    def as_expr(self, lowered: "ir.Expr | ir.Stmt", at: int) -> "ir.Expr":
        """What was lowered, as an expression."""
        match lowered:
            case ir.Do(value=value):
                return value
            case ir.Block(body=body):
                last = self.as_expr(body[-1], at) if body else ir.Const(None)
                return ir.Within(body[:-1], last, at) if len(body) > 1 else last
            case ir.If(test=test, body=body, other=other):
                ways = [self.as_expr(ir.Block(way), at) for way in (body, other)]
                return ir.Within([ir.Do(test, at)], ir.Either(ways, at), at)
            case ir.Assign(targets=targets, value=value):
                return ir.Bind(targets[0], value, at)
            case _ if isinstance(lowered, _STATEMENTS):
                return ir.Within([lowered], ir.Const(None), at)
        return lowered

    def statement(self, node: Node) -> "ir.Stmt":
        """Lower a node to a statement."""
        return self.as_statement(self.node(node), line(node))

    def as_statement(self, lowered: "ir.Expr | ir.Stmt", at: int) -> "ir.Stmt":
        """What was lowered, as a statement."""
        return lowered if isinstance(lowered, _STATEMENTS) else ir.Do(lowered, at)

    def block(self, node: Node | None) -> list[ir.Stmt]:
        """Lower a body: a list of statements, or one."""
        if node is None:
            return []
        lowered = self.node(node)
        return lowered.body if isinstance(lowered, ir.Block) else [self.as_statement(lowered, line(node))]

    def statements(self, node: Node) -> list[ir.Stmt]:
        """Lower the children of a node, with what marks each of them."""
        body: list[ir.Stmt] = []
        late: list[ir.Stmt] = []
        marks: list[str] = []
        for child in self.inner(node):
            if child.type == "attribute_item":
                marks.append(self.text(child))
                continue
            marks += [self.text(c)[:200] for c in child.children if c.type in {"attribute_list", "modifiers"}]
            lowered = self.statement(child)
            if any("cfg(test" in m or m == "#[test]" for m in marks):
                lowered = _tests(lowered)
            body.append(lowered)
            if isinstance(lowered, ir.Assign) and isinstance(lowered.value, ir.Lambda):
                late.extend(self._by_itself(lowered.value, marks))
            elif isinstance(lowered, ir.Do) and isinstance(lowered.value, ir.Bind) and self._marked(marks):
                late.append(_loaded(ir.Call(lowered.value.value, [], line=lowered.line)))
            marks.clear()
        if self.table.hoists:
            body.sort(key=_turn)
        return [*body, *late]

    def _marked(self, marks: list[str]) -> bool:
        """Whether a mark says that something runs when the file is loaded."""
        return any(re.search(rf"\b{m}\b", mark) for m in self.table.runs.marked_load for mark in marks)

    def _by_itself(self, func: ir.Lambda, marks: list[str]) -> list[ir.Stmt]:
        """What runs a function that nobody calls."""
        runs, name = self.table.runs, func.func.name
        call: ir.Stmt = ir.Do(ir.Call(func, [], line=func.line), func.line)
        if name in runs.load or self._marked(marks):
            return [_loaded(ir.Call(func, [], line=func.line))]
        if any(re.search(rf"\b{m}\b", mark) for m in runs.marked_install for mark in marks):
            return [ir.Main([call], func.line, "install")]
        return [ir.Main([call], func.line)] if name in runs.main else []

    def give(self, body: list[ir.Stmt]) -> list[ir.Stmt]:
        """A body whose last expression is what it gives, where the language has it so."""
        if not body:
            return body
        last = body[-1]
        if isinstance(last, ir.Do):
            return [*body[:-1], ir.Return(last.value, last.line)]
        if isinstance(last, ir.If):
            return [*body[:-1], ir.If(last.test, self.give(last.body), self.give(last.other), last.line)]
        if isinstance(last, ir.Block):
            return [*body[:-1], ir.Block(self.give(last.body), last.line)]
        return body

    def target(self, node: Node | None) -> "ir.Target":
        """Lower what is assigned to."""
        lowered = self.expr(node)
        if isinstance(lowered, ir.Call):  # Ruby's `a.b = 1`, and names that are not known to be variables
            lowered = lowered.func
        if isinstance(lowered, ir.Blend):
            lowered = ir.Seq(list(lowered.parts), lowered.line)
        known = ir.Name | ir.Attr | ir.Index | ir.Seq | ir.Map | ir.Star
        return lowered if isinstance(lowered, known) else ir.Name("_")

    def func(self, node: Node, name: str, params: Node | None, body: Node | None) -> ir.Func:
        """A function."""
        given = self.inner(params) if params is not None else []
        taken = [p for p in given if p.type == "block_parameter"] if self.table.blocks else []
        lowered = [self.param(p) for p in given if p not in taken]
        if params is not None and not lowered and params.type in self.table.names:
            lowered = [ir.Param(ir.Name(self.name(params)))]
        named = "__init__" if name in self.table.makers else name
        hot = body is not None and self.is_hot(body)
        shape = self.table.nodes.get(body.type, "") if body is not None else ""
        gives = self.table.gives_last or shape.split(" ")[0] not in {"block", "open", "guarded"}
        lower = ir.Once(lambda: self.give(self.block(body)) if gives else self.block(body))
        if self.table.blocks and name:
            lowered.append(ir.Param(ir.Name("#block")))
            lower = self._taking(taken, lower)
        return ir.Func(named, lowered, lower, line(node), hot)

    def _taking(self, taken: list[Node], lower: ir.Once) -> ir.Once:
        """A function that has a name for the block that it is given."""
        names: list[ir.Stmt] = [ir.Assign([self.target(p)], ir.Name("#block"), line(p)) for p in taken]
        return ir.Once(lambda: [*names, *lower()]) if names else lower

    def param(self, node: Node) -> ir.Param:
        """A parameter."""
        inner = next(
            (n for f in ("name", "pattern", "declarator") if (n := node.child_by_field_name(f))), None
        )
        rest = "*" if "splat" in node.type or "variadic" in node.type or "spread" in node.type else ""
        if node.type.startswith(("hash_splat", "block_parameter")):
            rest = "**" if node.type.startswith("hash") else ""
        value = next((v for f in ("value", "default_value") if (v := node.child_by_field_name(f))), None)
        if inner is None:
            many = self.inner(node)
            inner = many[-1] if many and node.type not in self.table.names else node
        name = ir.Name(self.name(inner)) if inner.type in self.table.names else self.target(inner)
        return ir.Param(name, self.expr(value) if value is not None else None, rest)


def _loaded(call: ir.Call) -> "ir.Stmt":
    """A call that is made when the file is loaded, also where the rest of it waits to be called."""
    return ir.Main([ir.Do(call, call.line)], call.line, "import")


def _turn(statement: "ir.Stmt") -> int:
    """What is known wherever it stands comes first: what is imported, then functions, then classes."""
    match statement:
        case ir.Import():
            return 0
        case ir.Assign(value=ir.Lambda()):
            return 1
        case ir.Class():
            return 2
    return 3


def _tests(lowered: "ir.Stmt") -> "ir.Stmt":
    """What only a test run compiles, with calls of all its functions."""
    held = lowered.body if isinstance(lowered, ir.Class) else []
    funcs = [s.value.func for s in held if isinstance(s, ir.Assign) and isinstance(s.value, ir.Lambda)]
    name = ir.Name(lowered.name) if isinstance(lowered, ir.Class) else ir.Name("_")
    calls: list[ir.Stmt] = [ir.Do(ir.Call(ir.Attr(name, f.name), [], line=f.line), f.line) for f in funcs]
    if isinstance(lowered, ir.Assign) and isinstance(lowered.value, ir.Lambda):
        calls = [ir.Do(ir.Call(lowered.value, [], line=lowered.line), lowered.line)]
    return ir.Main([lowered, *calls], when="test")


_STATEMENTS = (
    ir.Assign, ir.Do, ir.Return, ir.If, ir.For, ir.Block, ir.Main, ir.Class, ir.Import, ir.Outer,
)  # fmt: skip
"""What is no expression."""
