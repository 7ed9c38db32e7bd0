"""Names that are taken from libraries, whatever form a language has for it."""

from tree_sitter import Node

from biopsy.static.code import ir
from biopsy.static.tongues.lower import Lowering, line

MAX_NAMES = 500  # of one statement


def lower(low: Lowering, node: Node, form: str = "path", *fields: str) -> ir.Stmt:
    """`form` says how: `tree` (Rust), `clauses` (PHP), `path` (Java, C#), `spec` (Go)."""
    names: list[tuple[str, str]] = []
    if form == "tree":
        _tree(low, low.get(node, fields[0]), "", names)
    elif form == "clauses":
        _clauses(low, node, names)
    elif form == "spec":
        _spec(low, node, names)
    else:
        words = [low.text(c) for c in low.inner(node)]
        path = words[-1] if words else ""
        alias = words[0] if len(words) > 1 and "." not in words[0] else path.rpartition(".")[2]
        names.append((low.table.spelled(alias), path))
    return ir.Import(names[:MAX_NAMES], line(node))


def _tree(low: Lowering, node: Node | None, before: str, names: list[tuple[str, str]]) -> None:
    if node is None or len(names) >= MAX_NAMES:
        return
    match node.type:
        case "scoped_use_list":
            path = low.get(node, "path")
            held = low.get(node, "list")
            _tree(low, held, _joined(before, low.name(path)), names)
        case "use_list":
            for child in low.inner(node):
                _tree(low, child, before, names)
        case "use_as_clause":
            path, alias = low.get(node, "path"), low.get(node, "alias")
            names.append((low.name(alias), _joined(before, low.name(path))))
        case "use_wildcard":
            return
        case "self":
            names.append((before.rpartition(".")[2], before))
        case _:
            path_ = _joined(before, low.name(node))
            names.append((path_.rpartition(".")[2], path_))


def _clauses(low: Lowering, node: Node, names: list[tuple[str, str]]) -> None:
    for clause in low.inner(node):
        if clause.type == "namespace_use_clause":
            alias = low.get(clause, "alias")
            path = low.name(low.inner(clause)[0]) if low.inner(clause) else ""
            names.append((low.name(alias) if alias else path.rpartition(".")[2], path))


def _spec(low: Lowering, node: Node, names: list[tuple[str, str]]) -> None:
    path, alias = low.get(node, "path"), low.get(node, "name")
    spec = low.text(path).strip('"`') if path is not None else ""
    last = spec.rpartition("/")[2]
    if last.startswith("v") and last[1:].isdigit():
        last = spec.split("/")[-2] if "/" in spec else last
    names.append((low.text(alias) if alias is not None else last, last))


def _joined(before: str, path: str) -> str:
    return ".".join(w for w in (before, path) if w)
