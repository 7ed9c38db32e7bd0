"""From tree-sitter's JavaScript and TypeScript trees to `ir`."""

import re
from bisect import bisect_left
from collections.abc import Callable

from tree_sitter import Node

from biopsy.model.regex import regex
from biopsy.static.code import ir

_ARITHMETIC = frozenset({
    "+", "-", "*", "/", "%", "**", "^", "&", "|", "<<", ">>", ">>>",
})  # fmt: skip
_LOGICAL = frozenset({"&&", "||", "??"})
_ESCAPE = regex(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|([0-7]{1,3})|(\r?\n)|(.))", re.DOTALL
)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_INTEROP = frozenset({
    "__importStar", "__importDefault", "__toESM", "_interopRequireDefault", "_interopRequireWildcard",
    "_interop_require_default", "_interop_require_wildcard", "_interopNamespaceDefault",
})  # fmt: skip
"""What compilers put round a module that they take for one of the other kind."""
_EXTENDS = frozenset({"__extends", "_inherits", "_inheritsLoose", "_inherits_loose"})
"""Helpers of compilers that put one function's prototype below another's."""
MAX_CHAIN = 50_000  # operands of one `a + b + …`


def unescape(text: str) -> str:
    """A string literal's inside with its escapes undone."""
    if "\\" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code:
            return chr(min(int(code, 16), 0x10FFFF))
        if match[4]:
            return chr(int(match[4], 8))
        return "" if match[5] else _LETTERS.get(match[6], match[6])

    return _ESCAPE.sub(one, text)


class Lowering:
    """Lowers one file. `hot` are the offsets, sorted, of words that somebody acts on."""

    def __init__(self, source: bytes, hot: list[int]) -> None:
        """Take the file's bytes and the hot offsets in them."""
        self.source, self._hot = source, hot
        self._plain = source.decode("ascii") if source.isascii() else None
        self._names: dict[str, ir.Name] = {}
        self._expr: dict[str, Callable[[Node], ir.Expr]] = {
            "identifier": self._name,
            "property_identifier": self._name,
            "shorthand_property_identifier": self._name,
            "shorthand_property_identifier_pattern": self._name,
            "super": lambda n: ir.Name("super", line(n)),
            "meta_property": self._meta,
            "this": lambda n: ir.Name("this", line(n)),
            "string": lambda n: ir.Const(unescape(self.text(n)[1:-1]), line(n)),
            "template_string": self._template,
            "number": lambda n: ir.Const(_number(self.text(n)), line(n)),
            "true": lambda n: ir.Const(value=True, line=line(n)),
            "false": lambda n: ir.Const(value=False, line=line(n)),
            "regex": lambda n: ir.Map([(ir.Const("source"), ir.Const(self.text(n)[1:], line(n)))], line(n)),
            "binary_expression": self._binary,
            "unary_expression": self._unary,
            "update_expression": self._update,
            "call_expression": self._call,
            "new_expression": self._new,
            "member_expression": self._member,
            "subscript_expression": self._subscript,
            "assignment_expression": self._assignment,
            "augmented_assignment_expression": self._augmented,
            "object": self._object,
            "array": lambda n: ir.Seq(self.exprs(n), line(n)),
            "arrow_function": self._function,
            "function_expression": self._function,
            "function": self._function,
            "generator_function": self._function,
            "class": self._class_value,
            "sequence_expression": self._sequence,
            "parenthesized_expression": self._inner,
            "await_expression": self._inner,
            "yield_expression": self._yield,
            "as_expression": self._inner,
            "satisfies_expression": self._inner,
            "non_null_expression": self._inner,
            "spread_element": lambda n: ir.Star(self._inner(n), line(n)),
            "ternary_expression": self._ternary,
            "object_pattern": self._pattern,
            "array_pattern": lambda n: ir.Seq(self.exprs(n), line(n)),
            "assignment_pattern": self._default,
            "object_assignment_pattern": self._default,
            "rest_pattern": lambda n: ir.Star(self._inner(n), line(n)),
        }

    def text(self, node: Node) -> str:
        """The text of a node."""
        if self._plain is not None:
            return self._plain[node.start_byte : node.end_byte]
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def is_hot(self, node: Node) -> bool:
        """Whether a hot word lies inside a node."""
        at = bisect_left(self._hot, node.start_byte)
        return at < len(self._hot) and self._hot[at] < node.end_byte

    # expressions

    def expr(self, node: Node | None) -> ir.Expr:
        """Lower an expression; what is not known is looked through."""
        if node is None:
            return ir.Const(None)
        make = self._expr.get(node.type)
        if make:
            return make(node)
        return ir.Blend([self.expr(c) for c in node.named_children if c.type != "comment"], line(node))

    def exprs(self, node: Node) -> list[ir.Expr]:
        """Lower the children of a node."""
        return [self.expr(c) for c in node.named_children if c.type != "comment"]

    def _name(self, node: Node) -> ir.Expr:
        name = self.text(node)
        if name == "undefined":
            return ir.Const(None, line(node))
        held = self._names.get(name)  # one for all places: they are most of all nodes
        if held is None:
            held = self._names[name] = ir.Name(name, line(node))
        return held

    def _meta(self, node: Node) -> ir.Expr:
        """`import.meta`."""
        at = line(node)
        here, whole = ir.Name("__dirname", at), ir.Name("__filename", at)
        held = {"dirname": here, "filename": whole, "url": whole, "dir": here, "path": whole}
        return ir.Map([(ir.Const(name), value) for name, value in held.items()], at)

    def _inner(self, node: Node) -> ir.Expr:
        return self.expr(next((c for c in node.named_children if c.type != "comment"), None))

    def _yield(self, node: Node) -> ir.Expr:
        """A value that a generator gives; also what `await` waits for, where that is compiled to this."""
        at, held = line(node), ir.Name("#yielded", line(node))
        every = any(c.type == "*" for c in node.children)
        body: list[ir.Stmt] = [ir.Assign([held], self._inner(node), at), ir.Return(held, at, each=not every)]
        return ir.Within(body, held, at)

    def _template(self, node: Node) -> ir.Expr:
        parts: list[ir.Expr] = []
        at = node.start_byte + 1
        for child in node.named_children:
            if child.type == "template_substitution":
                before = self.source[at : child.start_byte].decode("utf-8", "replace")
                parts += [ir.Const(unescape(before)), self._inner(child)]
                at = child.end_byte
        rest = self.source[at : node.end_byte - 1].decode("utf-8", "replace")
        if not parts:
            return ir.Const(unescape(rest), line(node))
        return ir.Join([*parts, ir.Const(unescape(rest))], line(node))

    def _binary(self, node: Node) -> ir.Expr:
        op = self._operator(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if op == "+" and left is not None and left.type == "binary_expression":
            return self._chain(node)
        pair = [self.expr(left), self.expr(right)]
        if op in _ARITHMETIC:
            return ir.Bin(">>" if op == ">>>" else op, pair[0], pair[1], line(node))
        return ir.Either(pair, line(node)) if op in _LOGICAL else ir.Blend(pair, line(node), op)

    def _operator(self, node: Node) -> str:
        operator = node.child_by_field_name("operator")
        return self.text(operator) if operator else ""

    def _chain(self, node: Node) -> ir.Expr:
        """`a + b + c + …` of any length, as a tree that is not deep."""
        operands: list[ir.Expr] = []
        at: Node | None = node
        while at is not None and at.type == "binary_expression" and self._operator(at) == "+":
            if len(operands) < MAX_CHAIN:
                operands.append(self.expr(at.child_by_field_name("right")))
            at = at.child_by_field_name("left")
        operands.append(self.expr(at))
        return ir.balanced(operands[::-1], line(node))

    def _unary(self, node: Node) -> ir.Expr:
        inner = self.expr(node.child_by_field_name("argument"))
        match self._operator(node):
            case "-":
                return ir.Bin("-", ir.Const(0), inner, line(node))
            case "+":
                return inner
        return ir.Blend([inner], line(node))

    def _call(self, node: Node) -> ir.Expr:
        func, args = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        callee = ir.Name("import") if func is not None and func.type == "import" else self.expr(func)
        if args is None or args.type == "template_string":
            whole = self._template(args) if args else None
            given = _parted(whole) if whole is not None else []
            return ir.Call(callee, given, [("#template", whole)] if whole else [], line(node))
        given = self.exprs(args)
        made = ir.Call(callee, given, line=line(node))
        if given and isinstance(callee, ir.Name) and callee.id in _INTEROP:
            return ir.Call(ir.Name("#interop"), [given[0], made], line=line(node))
        if isinstance(callee, ir.Name) and callee.id in _EXTENDS:
            return ir.Call(ir.Name("#extends"), given, line=line(node))
        if len(given) > 3 and isinstance(given[3], ir.Lambda) and isinstance(callee, ir.Name | ir.Attr):
            called = callee.name if isinstance(callee, ir.Attr) else callee.id
            if (
                called == "__awaiter"
            ):  # TypeScript's form of an async function; whatever it is here, it runs it
                body = ir.Call(ir.Attr(given[3], "call", line(node)), [given[0]], line=line(node))
                awaited = ir.Attr(ir.Call(ir.Attr(body, "next"), []), "value", line(node))
                return ir.Either([awaited, made], line(node))
        return made

    def _new(self, node: Node) -> ir.Expr:
        args = node.child_by_field_name("arguments")
        callee = self.expr(node.child_by_field_name("constructor"))
        return ir.Call(callee, self.exprs(args) if args else [], line=line(node), new=True)

    def _member(self, node: Node) -> ir.Expr:
        named = node.child_by_field_name("property")
        obj = self.expr(node.child_by_field_name("object"))
        return ir.Attr(obj, self.text(named) if named else "", line(named or node))

    def _subscript(self, node: Node) -> ir.Expr:
        obj = self.expr(node.child_by_field_name("object"))
        return ir.Index(obj, self.expr(node.child_by_field_name("index")), line(node))

    def _assignment(self, node: Node) -> ir.Expr:
        target = self.target(node.child_by_field_name("left"))
        return ir.Bind(target, self.expr(node.child_by_field_name("right")), line(node))

    def _augmented(self, node: Node) -> ir.Expr:
        target = self.target(node.child_by_field_name("left"))
        op = self._operator(node).rstrip("=")
        value = self.expr(node.child_by_field_name("right"))
        return ir.Bind(target, value, line(node), op if op in _ARITHMETIC else "")

    def _update(self, node: Node) -> ir.Expr:
        """`x++`: what it was before, and then one more."""
        inner = node.child_by_field_name("argument")
        if inner is None:
            return ir.Blend([], line(node))
        op = self._operator(node)[:1]
        changed = ir.Bind(self.target(inner), ir.Const(1), line(node), op)
        if node.children[0].type in {"++", "--"}:
            return changed
        return ir.Index(ir.Seq([self.expr(inner), changed]), ir.Const(0), line(node))

    def _object(self, node: Node) -> ir.Expr:
        pairs: list[tuple[ir.Expr | None, ir.Expr]] = []
        for child in node.named_children:
            match child.type:
                case "pair":
                    pairs.append((self._key(child), self.expr(child.child_by_field_name("value"))))
                case "spread_element":
                    pairs.append((None, self._inner(child)))
                case "shorthand_property_identifier":
                    pairs.append((ir.Const(self.text(child)), self.expr(child)))
                case "method_definition":
                    key = self._key(child, "name")
                    pairs.append(
                        (ir.Bin("+", ir.Const("set "), key) if sets(child) else key, self._function(child))
                    )
        return ir.Map(pairs, line(node))

    def _key(self, node: Node, field: str = "key") -> ir.Expr:
        key = node.child_by_field_name(field)
        if key is None:
            return ir.Const("")
        if key.type == "computed_property_name":
            return self._inner(key)
        return self.expr(key) if key.type in {"string", "number"} else ir.Const(self.text(key))

    def _sequence(self, node: Node) -> ir.Expr:
        *before, last = self.exprs(node) or [ir.Const(None)]
        return ir.Index(ir.Seq([ir.Blend(before), last]), ir.Const(1), line(node))

    def _ternary(self, node: Node) -> ir.Expr:
        test = self.expr(node.child_by_field_name("condition"))
        ways = [self.expr(node.child_by_field_name(f)) for f in ("consequence", "alternative")]
        return ir.Index(ir.Seq([ir.Blend([test]), ir.Either(ways)]), ir.Const(1), line(node))

    # functions and patterns

    def _function(self, node: Node) -> ir.Expr:
        return ir.Lambda(self.func(node), line(node))

    def func(self, node: Node) -> ir.Func:
        """Lower a function, its body later."""
        body = node.child_by_field_name("body")
        named = node.child_by_field_name("name")
        params = self._params(node)

        def lower() -> list[ir.Stmt]:
            if body is None:
                return []
            if body.type == "statement_block":
                return self.block(body)
            return [ir.Return(self.expr(body), line(body))]

        func = ir.Func(self.text(named) if named else "", params, ir.Once(lower), line(node))
        func.hot = self.is_hot(node)
        func.getter = node.type == "method_definition" and any(c.type == "get" for c in node.children)
        return func

    def _params(self, node: Node) -> list[ir.Param]:
        single = node.child_by_field_name("parameter")
        if single is not None:
            return [ir.Param(self.target(single))]
        listed = node.child_by_field_name("parameters")
        return [self._param(c) for c in listed.named_children if c.type != "comment"] if listed else []

    def _param(self, node: Node) -> ir.Param:
        if node.type in {"required_parameter", "optional_parameter"}:
            given = node.child_by_field_name("value")
            pattern = node.child_by_field_name("pattern")
            return ir.Param(self.target(pattern), self.expr(given) if given else None)
        if node.type == "assignment_pattern":
            default = self.expr(node.child_by_field_name("right"))
            return ir.Param(self.target(node.child_by_field_name("left")), default)
        if node.type == "rest_pattern":
            return ir.Param(self.target(node.named_children[0] if node.named_children else None), rest="*")
        return ir.Param(self.target(node))

    def target(self, node: Node | None) -> ir.Target:
        """Lower what is assigned to."""
        lowered = self.expr(node)
        if isinstance(lowered, ir.Name | ir.Attr | ir.Index | ir.Seq | ir.Map | ir.Star | ir.Bind):
            return lowered  # type: ignore[return-value]
        return ir.Seq([])

    def _pattern(self, node: Node) -> ir.Expr:
        pairs: list[tuple[ir.Expr | None, ir.Expr]] = []
        for child in node.named_children:
            match child.type:
                case "shorthand_property_identifier_pattern":
                    pairs.append((ir.Const(self.text(child)), self.expr(child)))
                case "pair_pattern":
                    pairs.append((self._key(child), self.expr(child.child_by_field_name("value"))))
                case "object_assignment_pattern":
                    left = child.child_by_field_name("left")
                    pairs.append((ir.Const(self.text(left) if left else ""), self._default(child)))
                case "rest_pattern":
                    pairs.append((None, self._inner(child)))
        return ir.Map(pairs, line(node))

    def _default(self, node: Node) -> ir.Expr:
        target = self.target(node.child_by_field_name("left"))
        return ir.Bind(target, self.expr(node.child_by_field_name("right")), line(node))

    def _class_value(self, node: Node) -> ir.Expr:
        from biopsy.static.javascript.statements import lower_class  # noqa: PLC0415 - it is built on this

        held = lower_class(self, node)
        return ir.ClassValue(held, line(node))

    def block(self, node: Node) -> list[ir.Stmt]:
        """Lower the statements of a block or file, functions first, as they are hoisted."""
        from biopsy.static.javascript.statements import lower_block  # noqa: PLC0415 - it is built on this

        return lower_block(self, node)


def _parted(whole: ir.Expr) -> list[ir.Expr]:
    """What a template's tag is called with: its texts, and what stands between them."""
    parts: list[ir.Expr] = list(whole.parts) if isinstance(whole, ir.Join) else [whole]
    return [ir.Seq(parts[::2]), *parts[1::2]]


def sets(node: Node) -> bool:
    """Whether a method is what assigning to its name runs: it is not what that name gives."""
    return any(c.type == "set" for c in node.children)


def line(node: Node) -> int:
    """The line of a node, from 1."""
    return node.start_point[0] + 1


def _number(text: str) -> object:
    plain = text.replace("_", "").rstrip("n")
    try:
        return int(plain, 0) if re.fullmatch(r"0[xXoObB]\w+|\d+", plain) else float(plain)
    except ValueError:
        return None
