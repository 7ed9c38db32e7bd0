"""Grammars, each loaded when a file of its language is first read."""

import importlib
import warnings
from functools import cache

from tree_sitter import Language, Parser, Query, QueryCursor, Tree

from biopsy.static.tongues.table import Table

MAX_MATCHES = 100_000  # of one query in one file


@cache
def _language(grammar: str, function: str) -> Language:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return Language(getattr(importlib.import_module(grammar), function)())


def language(table: Table, *, layer: bool = False) -> Language:
    """The grammar of a file, or of a piece of code that was found inside a text."""
    name, _, function = table.grammar.partition(":")
    return _language(name, table.layer if layer and table.layer else function or "language")


def parse(table: Table, data: bytes, *, layer: bool = False) -> Tree:
    """The tree of a file; whatever it holds, there is one."""
    return Parser(language(table, layer=layer)).parse(data)


@cache
def query(table: Table, text: str) -> Query:
    """A query of a language's grammar."""
    return Query(language(table), text)


def found(table: Table, tree: Tree, text: str, name: str) -> list[tuple[int, int]]:
    """Where nodes stand that a query calls by this name, in the order of the text."""
    cursor = QueryCursor(query(table, text), match_limit=MAX_MATCHES)
    nodes = cursor.captures(tree.root_node).get(name, [])
    return sorted((n.start_byte, n.end_byte) for n in nodes)
