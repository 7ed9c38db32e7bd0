"""Write a source with as few characters as a minifier would leave, names kept: the program stays the same."""

import ast
import io
import re
import tokenize

from tree_sitter import Node

from evals.syntax import parse

_SOLID = frozenset({"string", "template_string", "regex"})
_OPEN, _CLOSED = b"{([;,", b"{}()[];,"


def python(data: bytes) -> bytes:
    """Drop comments, docstrings and spare space of a Python file; unchanged if it does not parse."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return data
    if b"__doc__" not in data:
        _drop_docstrings(tree)
    text = _narrow(ast.unparse(tree), " ")
    made = _joined(text).encode("utf-8", "surrogatepass") + b"\n"
    try:
        return made if ast.dump(ast.parse(made)) == ast.dump(tree) else data
    except (SyntaxError, ValueError):
        return data


def _drop_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                rest = node.body[1:]
                node.body = rest or ([] if isinstance(node, ast.Module) else [ast.Pass()])


def tabs(data: bytes) -> bytes:
    """Indent a Python file with tabs; unchanged where that would not be the same."""
    try:
        text = data.decode()
        made = _narrow(text, "\t").encode()
        return made if ast.dump(ast.parse(made)) == ast.dump(ast.parse(data)) else data
    except (SyntaxError, ValueError, tokenize.TokenError):
        return data


def _narrow(text: str, unit: str) -> str:
    """Indent each logical line by `unit` a level; lines within strings and brackets stay."""
    lines = text.splitlines(keepends=True)
    level, fresh = 0, True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.INDENT:
            level += 1
        elif token.type == tokenize.DEDENT:
            level -= 1
        elif token.type in (tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT):
            fresh = fresh or token.type == tokenize.NEWLINE
        elif fresh and token.type != tokenize.ENDMARKER:
            row = token.start[0] - 1
            lines[row] = unit * level + lines[row].lstrip(" \t")
            fresh = False
    return "".join(lines)


def _joined(text: str) -> str:
    """Join simple statements of one level with semicolons."""
    blocks = "if|for|while|with|try|except|finally|else|elif|def|class|async|match|case"
    simple = re.compile(rf"^( *)(?!(?:{blocks})\b)(?!@).*[^:]$")
    out: list[str] = []
    for line in text.split("\n"):
        here, before = simple.match(line), simple.match(out[-1]) if out else None
        plain = (
            here
            and before
            and here[1] == before[1]
            and "'''" not in line + out[-1]
            and '"""' not in line + out[-1]
        )
        if plain and line.strip() and out[-1].strip():
            out[-1] += ";" + line.strip()
        else:
            out.append(line)
    return "\n".join(line for line in out if line.strip())


def javascript(data: bytes) -> bytes:
    """Drop comments and spare space of a script; line ends that may end a statement stay."""
    root = parse(data)
    if root.has_error:
        return data
    out = bytearray()
    place = 0
    for leaf in _leaves(root):
        gap = data[place : leaf.start_byte]
        text = data[leaf.start_byte : leaf.end_byte]
        if out and text:
            out += _gap(gap, out[-1:], text[:1])
        if leaf.type == "comment":
            del out[len(out) - _spare(out) :]
            place = leaf.end_byte
            if b"\n" in text or text.startswith(b"//"):
                out += b"\n"
            else:
                out += b" "
            continue
        out += text
        place = leaf.end_byte
    return bytes(out) + b"\n"


def _spare(out: bytearray) -> int:
    return 1 if out[-1:] == b" " else 0


def _gap(gap: bytes, before: bytes, after: bytes) -> bytes:
    """Return what must stay of the space between two tokens."""
    if not gap or before in _OPEN or before == b"\n":
        return b""
    if b"\n" in gap:
        return b"\n"
    return b"" if before in _CLOSED or after in _CLOSED else b" "


def _leaves(node: Node) -> list[Node]:
    """Return the tokens in order; strings, templates and regular expressions are one each."""
    out, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        if one.type in _SOLID or not one.children:
            out.append(one)
        else:
            waiting.extend(reversed(one.children))
    return out
