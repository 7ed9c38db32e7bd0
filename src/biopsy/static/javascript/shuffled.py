"""Strings that an obfuscator took out of the code into one array, shuffled, and fetches by number: put back.

What javascript-obfuscator and its likes write: a function that gives an array of strings, one that fetches
from it (by a number from which something is taken, decoded by base64 or RC4), others that only call that one,
and a loop that turns the array until a sum of numbers in it is right.
"""

import json
from collections.abc import Callable, Iterator

from tree_sitter import Node

from biopsy.model.regex import regex
from biopsy.static.javascript import fetching
from biopsy.static.javascript.bindings import FUNCTIONS, Names, Scope, inside

MIN_STRINGS = 3
MAX_STRINGS = 20_000
MAX_EVALUATED = 1_500_000  # expressions of one file
_GIVES = regex(rb"function\s*\(\)\s*\{\s*return\s+\w{1,40}\s*;?\s*\}")
_NAMED = regex(rb"(?<!\w)(\w{1,40})\s*=\s*$")
_WORD = regex(rb"\w+")
_TURNED = regex(rb"push['\"]?\]?\s*\(\s*\w{1,40}[.\[]\s*['\"]?shift['\"]?\]?\s*\(\s*\)\s*\)")


def _hinted(data: bytes) -> bool:
    """Whether there may be such an array: a function in whose place another is put, or a turning loop."""
    for match in _GIVES.finditer(data):
        named = _NAMED.search(data, max(0, match.start() - 50), match.start())
        if named is not None and b"function %b(" % named[1] in data:
            return True
    return any(_itself(data[max(0, m.start() - 50) : m.end()]) for m in _TURNED.finditer(data))


def _itself(code: bytes) -> bool:
    """Whether what is pushed was shifted out of the same array."""
    words = [w for w in _WORD.findall(code) if w not in (b"push", b"shift")]
    return len(words) > 1 and words[-1] == words[-2]


def restored(data: bytes, parse: Callable[[bytes], Node]) -> bytes:
    """The code with those strings where they are fetched, each line where it was; else as it is."""
    if not _hinted(data):
        return data
    names = Names(parse(data), data)
    tables = list(_tables(names))
    if not tables:
        return data
    reading = fetching.Fetching(names, MAX_EVALUATED)
    for array, strings in tables:
        reading.add(array, strings)
    pieces = sorted(_replaced(names, reading))
    return _patched(data, pieces) if pieces else data


def _tables(names: Names) -> Iterator[tuple[Node, list[str]]]:
    """Arrays of strings: the function, or the array itself, that a name stands for."""
    for node, scope in names.bound():
        array = node
        if node.type in FUNCTIONS:
            name = node.child_by_field_name("name")
            if name is None or not _replaces_itself(names, node, names.text(name)):
                continue
            array = next(
                (n for n in inside(node) if n.type == "array" and n.named_child_count >= MIN_STRINGS), node
            )
        if array.type == "array" and MIN_STRINGS <= array.named_child_count <= MAX_STRINGS:
            strings = [names.string(n) for n in array.named_children if n.type != "comment"]
            if None not in strings and (node is not array or scope.parent is None):
                yield node, [s for s in strings if s is not None]


def _replaces_itself(names: Names, function: Node, name: str) -> bool:
    return any(
        n.type == "assignment_expression"
        and (left := n.child_by_field_name("left")) is not None
        and names.text(left) == name
        for n in inside(function)
    )


def _replaced(names: Names, reading: fetching.Fetching) -> Iterator[tuple[int, int, bytes]]:
    """What stands in place of the calls that fetch, and of the loops that turn the arrays."""
    waiting: list[tuple[Node, Scope]] = [(names.root, names.top)]
    while waiting:
        node, scope = waiting.pop()
        scope = names.scopes.get(node.id, scope)
        if node.type == "call_expression":
            if reading.turns(node):
                yield node.start_byte, node.end_byte, b"0"
                continue
            if isinstance(text := reading.fetched(node, scope), str):
                yield node.start_byte, node.end_byte, json.dumps(text).encode()
                continue
        waiting.extend((child, scope) for child in node.named_children)


def _patched(data: bytes, pieces: list[tuple[int, int, bytes]]) -> bytes:
    parts, at = [], 0
    for start, end, text in pieces:
        parts += [data[at:start], text, b"\n" * data.count(b"\n", start, end)]
        at = end
    return b"".join([*parts, data[at:]])
