"""Rename the locals of Go, Java, C# and Ruby: for variants, where a mistake would make another program.

Careful rather than thorough. A name is renamed throughout a file if it is declared there as a local, if all
of its occurrences are variables (none in a string, a comment, a symbol, a member or a type), and if no other
file of the package has it. Rust is left out for its macros, which hold names in strings, PHP and PowerShell
for variables in texts and named parameters; shell and YAML have no locals to tell from an interface.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from importlib import import_module
from random import Random

import msgspec
from tree_sitter import Language, Node, Parser

from evals.syntax import replace, walk

_WORDS = ("held", "item", "slot", "taken", "given", "piece", "entry", "unit", "mark", "turn")


class _Way(msgspec.Struct, frozen=True):
    """How a language tells locals: by the node around a name, and the field of that node that the name is."""

    module: str
    declares: frozenset[tuple[str, str | None]]
    refuses: frozenset[tuple[str, str | None]]  # where a name is no variable


_WAYS = {
    ".go": _Way(
        "tree_sitter_go",
        frozenset({("expression_list", None), ("parameter_declaration", "name")}),
        frozenset(
            {
                ("literal_element", None),
                ("function_declaration", "name"),
                ("const_spec", "name"),
                ("var_spec", "name"),
            }
        ),
    ),
    ".java": _Way(
        "tree_sitter_java",
        frozenset(
            {
                ("variable_declarator", "name"),
                ("formal_parameter", "name"),
                ("catch_formal_parameter", "name"),
                ("enhanced_for_statement", "name"),
                ("resource", "name"),
            }
        ),
        frozenset(
            {
                ("method_invocation", "name"),
                ("field_access", "field"),
                ("method_reference", None),
                ("scoped_identifier", "scope"),
                ("scoped_identifier", "name"),
                ("element_value_pair", "key"),
                ("labeled_statement", None),
                ("break_statement", None),
                ("continue_statement", None),
                ("enum_constant", "name"),
                ("method_declaration", "name"),
                ("annotation", "name"),
                ("marker_annotation", "name"),
                ("class_declaration", "name"),
            }
        ),
    ),
    ".cs": _Way(
        "tree_sitter_c_sharp",
        frozenset({("variable_declarator", "name")}),
        frozenset(
            {
                ("member_access_expression", "name"),
                ("member_binding_expression", "name"),
                ("argument", "name"),
                ("parameter", "name"),
                ("property_declaration", "name"),
                ("method_declaration", "name"),
                ("class_declaration", "name"),
                ("qualified_name", "name"),
                ("qualified_name", "qualifier"),
                ("attribute", "name"),
                ("anonymous_object_creation_expression", None),
            }
        ),
    ),
    ".rb": _Way(
        "tree_sitter_ruby",
        frozenset({("assignment", "left"), ("block_parameters", None), ("exception_variable", None)}),
        frozenset({("call", "method"), ("method", "name"), ("singleton_method", "name"), ("alias", "name")}),
    ),
}
SUFFIXES = tuple(_WAYS)
_FIELDS = frozenset({"field_declaration", "record_declaration", "event_field_declaration"})


@cache
def _parser(module: str) -> Parser:
    return Parser(Language(import_module(module).language()))


def tree(path: str, source: bytes) -> Node:
    """Return the root of the syntax of a file whose suffix is one of SUFFIXES."""
    return _parser(_WAYS[path[path.rindex(".") :]].module).parse(source).root_node


def renamed(path: str, source: bytes, others: bytes, random: Random) -> bytes:
    """Return the file with other names for its locals; as it stands where its syntax is not understood."""
    root = tree(path, source)
    if root.has_error:
        return source
    way = _WAYS[path[path.rindex(".") :]]
    places: dict[bytes, list[Node]] = defaultdict(list)
    declared, refused = set(), set()
    for node in walk(root):
        if node.type != "identifier" or node.text is None or node.parent is None:
            continue
        places[node.text].append(node)
        role = _role(node)
        if role in way.refuses or _inside(node, lambda one: one.type in _FIELDS):
            refused.add(node.text)
        elif role in way.declares and (role[0] != "expression_list" or _left(node.parent)):
            declared.add(node.text)
    edits = []
    for number, name in enumerate(sorted(declared - refused - {b"_"})):
        word = re.compile(rb"(?<!\w)" + re.escape(name) + rb"(?!\w)")
        fresh = f"{random.choice(_WORDS)}{number}".encode()
        if len(word.findall(source)) == len(places[name]) and not word.search(others) and fresh not in source:
            edits += [(node.start_byte, node.end_byte, fresh) for node in places[name]]
    return replace(source, edits)


def _role(node: Node) -> tuple[str, str | None]:
    assert node.parent is not None
    at = next(number for number, one in enumerate(node.parent.children) if one.id == node.id)
    return node.parent.type, node.parent.field_name_for_child(at)


def _left(pair: Node) -> bool:
    """Whether a list of Go stands on the left of `:=`, or of a `range`."""
    above = pair.parent
    left = above.child_by_field_name("left") if above is not None else None
    return (
        above is not None
        and above.type in ("short_var_declaration", "range_clause")
        and left is not None
        and left.id == pair.id
    )


def _inside(node: Node, of: Callable[[Node], bool]) -> bool:
    """Whether a name is declared as a member: two or three above it is what declares members."""
    above = node.parent
    if above is None or above.type not in ("variable_declarator", "formal_parameter"):
        return False
    if (name := above.child_by_field_name("name")) is None or name.id != node.id:
        return False
    for _ in range(2):
        above = above.parent if above is not None else None
        if above is not None and of(above):
            return True
    return False
