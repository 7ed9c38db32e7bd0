"""Rename what only a file itself can see: locals and private names. The program stays the same."""

import ast
import builtins
import keyword
import re
from collections import Counter

from tree_sitter import Node

from evals.syntax import parse, replace, walk

_REFLECTIVE = frozenset({"locals", "vars", "globals", "eval", "exec", "dir"})
_GLOBALS = frozenset(
    (
        *(
            "require",
            "module",
            "exports",
            "process",
            "console",
            "globalThis",
            "global",
            "window",
            "Buffer",
        ),
        *(
            "__dirname",
            "__filename",
            "Object",
            "Array",
            "String",
            "Number",
            "Promise",
            "Math",
            "JSON",
        ),
        *(
            "Date",
            "RegExp",
            "Error",
            "Function",
            "Symbol",
            "Map",
            "Set",
            "Proxy",
            "Reflect",
        ),
        *(
            "fetch",
            "URL",
            "URLSearchParams",
            "setTimeout",
            "setInterval",
            "undefined",
            "arguments",
            "eval",
            "this",
        ),
        *(
            "atob",
            "btoa",
            "Blob",
            "Request",
            "Response",
            "Uint8Array",
            "TextDecoder",
            "XMLHttpRequest",
            "Worker",
        ),
        *(
            "importScripts",
            "self",
        ),
    )
)


def python(source: bytes, others: bytes = b"") -> bytes:
    """Rename locals of functions, and private names of the module that `others` do not mention.

    Left alone is what could be seen otherwise: parameters, names in f-strings (Python 3.11 does not say
    where they stand), a module that looks at itself (`locals`, `exec`). Unchanged if it does not parse.
    """
    try:
        text = source.decode()
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return source
    if any(isinstance(node, ast.Name) and node.id in _REFLECTIVE for node in ast.walk(tree)):
        return source
    edits: dict[tuple[int, int], bytes] = {}
    starts = _line_starts(source)
    fixed = _fixed(tree)
    taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | fixed
    for scope in [
        tree,
        *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)),
    ]:
        for name in sorted(_own(scope, others) - fixed):
            new = _fresh(name, taken)
            for node in ast.walk(scope):
                if isinstance(node, ast.Name) and node.id == name:
                    begin = starts[node.lineno - 1] + node.col_offset
                    edits.setdefault((begin, begin + len(name.encode())), new.encode())
    return replace(source, [(begin, end, new) for (begin, end), new in edits.items()])


def _line_starts(source: bytes) -> list[int]:
    return [0, *(match.end() for match in re.finditer(rb"\r\n|\r|\n", source))]


def _fixed(tree: ast.AST) -> set[str]:
    """Return the names that are bound or seen in another way than as a plain name, or bound in two scopes."""
    fixed: set[str] = set()
    bound: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr():
                fixed |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
            case ast.arg(arg=name):
                fixed.add(name)
            case ast.alias(name=name, asname=asname):
                fixed.add(asname or name.split(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.ClassDef(name=name):
                fixed.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                fixed.update(names)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                fixed.add(name)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            fixed.add(node.name)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.Module):
            bound.update(_stored(node))
    return fixed | {name for name, times in bound.items() if times > 1} | set(dir(builtins))


def _stored(scope: ast.AST) -> set[str]:
    """Return the names that are assigned in a scope itself."""
    names: set[str] = set()
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return names


def _own(scope: ast.AST, others: bytes) -> set[str]:
    """Return the names of a scope that nobody outside can mean."""
    names = _stored(scope)
    if isinstance(scope, ast.Module):
        return {
            name
            for name in names
            if name.startswith("_") and not name.startswith("__") and name.encode() not in others
        }
    return names


def _fresh(name: str, taken: set[str]) -> str:
    number = 1
    while (new := f"{'_' if name.startswith('_') else ''}v{number}") in taken or keyword.iskeyword(new):
        number += 1
    taken.add(new)
    return new


def javascript(source: bytes) -> bytes:
    """Rename variables and parameters of a script, wherever they are meant; unchanged if it does not parse.

    A name is renamed in the whole file or not at all: not when it is global, imported, exported or a
    property in shorthand of a pattern.
    """
    root = parse(source)
    if root.has_error or b"eval" in source or b"with" in source:
        return source
    names: dict[str, list[Node]] = {}
    declared: set[str] = set()
    fixed: set[str] = set(_GLOBALS)
    for node in walk(root):
        text = source[node.start_byte : node.end_byte].decode()
        if node.type in ("identifier", "shorthand_property_identifier"):
            names.setdefault(text, []).append(node)
            if _declares(node):
                declared.add(text)
            if _seen_outside(node):
                fixed.add(text)
        elif node.type == "shorthand_property_identifier_pattern":
            fixed.add(text)
    taken = set(names)
    edits = []
    for number, name in enumerate(sorted(declared - fixed)):
        new = f"v{number}"
        while new in taken:
            new += "_"
        for node in names[name]:
            short = node.type == "shorthand_property_identifier"
            edits.append((node.start_byte, node.end_byte, (f"{name}: {new}" if short else new).encode()))
    return replace(source, edits)


def _declares(node: Node) -> bool:
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "variable_declarator":
        return parent.child_by_field_name("name") == node
    if parent.type == "arrow_function":
        return parent.child_by_field_name("parameter") == node
    return parent.type == "formal_parameters"


def _seen_outside(node: Node) -> bool:
    """Whether a name is imported, exported or that of a function or class."""
    parent = node.parent
    while parent is not None and parent.type in ("variable_declarator", "lexical_declaration"):
        parent = parent.parent
        if parent is not None and parent.type == "export_statement":
            return True
    near = node.parent.type if node.parent else ""
    return near in (
        "import_specifier",
        "import_clause",
        "namespace_import",
        "export_specifier",
        "function_declaration",
        "class_declaration",
        "function_expression",
        "class",
        "generator_function_declaration",
    )
