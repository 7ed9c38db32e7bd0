"""Other ways to write the same source: strings in pieces, escaped or in an array, members computed."""

import ast
import io
import json
import tokenize
from collections.abc import Callable, Iterator
from random import Random

from tree_sitter import Node

from evals.syntax import parse, replace, walk

LEAST = 3  # characters of a string worth dressing


def python(how: str, source: str, random: Random) -> str:
    """Dress a Python source: `split`, `escape` or `dynamic`."""
    return _PYTHON[how](source, random)


def javascript(how: str, source: str, random: Random) -> str:
    """Dress a JavaScript source: `split`, `escape`, `dynamic` or `array`."""
    return _JAVASCRIPT[how](source.encode(), random).decode()


def _pieces(text: str, random: Random) -> tuple[str, str]:
    place = random.randrange(1, len(text))
    return text[:place], text[place:]


class _Split(ast.NodeTransformer):
    """Every string is the sum of two."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return node if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, str) or len(node.value) < LEAST:
            return node
        left, right = map(ast.Constant, _pieces(node.value, self.random))
        return ast.copy_location(ast.BinOp(left, ast.Add(), right), node)


class _Dynamic(_Split):
    """Imports are calls, and attributes are asked for by a name in pieces."""

    def _name(self, text: str) -> ast.expr:
        if len(text) < LEAST:
            return ast.Constant(text)
        left, right = map(ast.Constant, _pieces(text, self.random))
        return ast.BinOp(left, ast.Add(), right)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return node

    def visit_Import(self, node: ast.Import) -> ast.AST | list[ast.stmt]:
        if any(alias.asname and "." in alias.name for alias in node.names):
            return node
        return [
            ast.Assign(
                [ast.Name(alias.asname or alias.name.split(".")[0], ast.Store())],
                ast.Call(ast.Name("__import__", ast.Load()), [self._name(alias.name)], []),
            )
            for alias in node.names
        ]

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        return ast.Call(ast.Name("getattr", ast.Load()), [node.value, self._name(node.attr)], [])


def _rewritten(change: type[_Split]) -> Callable[[str, Random], str]:
    def rewrite(source: str, random: Random) -> str:
        tree = change(random).visit(ast.parse(source))
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n"

    return rewrite


def _escape_python(source: str, random: Random) -> str:  # noqa: ARG001 - like the others
    lines = source.splitlines(keepends=True)
    edits = []
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING and token.string[0] in "'\"" and token.start[0] == token.end[0]:
            value = ast.literal_eval(token.string)
            if len(value) >= LEAST and not token.line.strip().startswith(('"""', "'''")):
                begin, end = (starts[row - 1] + column for row, column in (token.start, token.end))
                edits.append((begin, end, '"' + "".join(_escaped(char) for char in value) + '"'))
    for begin, end, new in reversed(edits):
        source = source[:begin] + new + source[end:]
    return source


def _escaped(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"


def _strings(source: bytes) -> Iterator[tuple[Node, str]]:
    """Yield strings that may be written as any expression."""
    for node in walk(parse(source)):
        parent = node.parent
        if node.type != "string" or parent is None:
            continue
        fixed = parent.type in ("import_statement", "export_statement", "expression_statement")
        if fixed or (parent.type == "pair" and parent.child_by_field_name("key") == node):
            continue
        inside = source[node.start_byte + 1 : node.end_byte - 1]
        if len(inside) >= LEAST and b"\\" not in inside:
            yield node, inside.decode()


def _quote(text: str) -> str:
    return json.dumps(text)


def _split_javascript(source: bytes, random: Random) -> bytes:
    edits = []
    for node, text in _strings(source):
        left, right = _pieces(text, random)
        edits.append((node.start_byte, node.end_byte, f"({_quote(left)} + {_quote(right)})".encode()))
    return replace(source, edits)


def _escape_javascript(source: bytes, random: Random) -> bytes:  # noqa: ARG001 - like the others
    return replace(
        source,
        [
            (node.start_byte, node.end_byte, ("'" + "".join(map(_escaped, text)) + "'").encode())
            for node, text in _strings(source)
        ],
    )


def _dynamic_javascript(source: bytes, random: Random) -> bytes:
    edits = []
    for node in walk(parse(source)):
        if node.type != "member_expression" or any(child.type == "optional_chain" for child in node.children):
            continue
        whose, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if (
            whose is None
            or name is None
            or name.type != "property_identifier"
            or whose.type == "meta_property"
        ):
            continue
        text = source[name.start_byte : name.end_byte].decode()
        left, right = _pieces(text, random) if len(text) >= LEAST else (text, "")
        sum_ = f"[{_quote(left)} + {_quote(right)}]" if right else f"[{_quote(left)}]"
        edits.append((whose.end_byte, name.end_byte, sum_.encode()))
    return replace(source, edits)


def _array_javascript(source: bytes, random: Random) -> bytes:
    found = list(_strings(source))
    table = sorted({text for _, text in found}, key=lambda _: random.random())
    if not table:
        return source
    turn = random.randrange(1, len(table) + 1)
    rotated = table[turn % len(table) :] + table[: turn % len(table)]
    edits = [
        (node.start_byte, node.end_byte, f"_0xf({table.index(text) + 0x100:#x})".encode())
        for node, text in found
    ]
    head = (
        f"const _0xa = {json.dumps(rotated)};"
        f"(function (a, n) {{ while (n--) a['unshift'](a['pop']()) }})(_0xa, {turn:#x});"
        "const _0xf = (i) => _0xa[i - 0x100];\n"
    )
    return head.encode() + replace(source, edits)


_PYTHON: dict[str, Callable[[str, Random], str]] = {
    "split": _rewritten(_Split),
    "dynamic": _rewritten(_Dynamic),
    "escape": _escape_python,
}
_JAVASCRIPT: dict[str, Callable[[bytes, Random], bytes]] = {
    "split": _split_javascript,
    "escape": _escape_javascript,
    "dynamic": _dynamic_javascript,
    "array": _array_javascript,
}
