"""Fetching from arrays of strings as an obfuscator's functions do: which string a call gives."""

import math
from collections.abc import Mapping

from tree_sitter import Node

from biopsy.model.regex import regex
from biopsy.static.javascript.arrays import ALPHABET, Array, Fetcher, Known, number_of
from biopsy.static.javascript.bindings import FUNCTIONS, Names, Scope, bare, inside

MAX_DEEP = 40  # calls inside calls, names of names, operators inside operators
_LEADING = regex(r"\s*([+-]?\d{1,15})")


class _Spent(Exception):  # noqa: N818 - it is a state
    """Too much was evaluated."""


class Fetching:
    """The arrays of a file and the functions that fetch from them."""

    def __init__(self, names: Names, limit: int) -> None:
        """Take the names of the file, and how many expressions may be evaluated."""
        self._names, self._left = names, limit
        self._fetchers: dict[int, Fetcher] = {}
        self._turning: set[int] = set()

    def add(self, holder: Node, strings: list[str]) -> None:
        """Find what fetches from an array, and turn it as the file does."""
        array, turns = Array(strings), []
        for node, scope in self._uses(holder):
            if node.type == "call_expression":
                turns.append((node, scope))
            elif (fetcher := self._fetcher(node, scope, array)) is not None:
                self._fetchers[node.id] = fetcher
        for node, scope in turns:
            try:
                self._turn(node, scope, array)
            except _Spent:
                return

    def turns(self, node: Node) -> bool:
        """Whether a call turns an array."""
        return node.id in self._turning

    def fetched(self, node: Node, scope: Scope) -> Known:
        """The string that a call gives, where it fetches one."""
        callee = node.child_by_field_name("function")
        if callee is None or callee.type != "identifier" or self._function(callee, scope) is None:
            return None
        try:
            return self._call(node, scope, {}, 0)
        except _Spent:
            return None

    def _uses(self, holder: Node) -> list[tuple[Node, Scope]]:
        """Functions that name an array, and calls that are given it."""
        found: dict[int, tuple[Node, Scope]] = {}
        waiting: list[tuple[Node, Scope, tuple[Node, ...]]] = [(self._names.root, self._names.top, (holder,))]
        while waiting:
            node, scope, within = waiting.pop()
            scope = self._names.scopes.get(node.id, scope)
            if node.type in FUNCTIONS:
                within = (*within, node)
            elif node.type == "arguments" and (parent := node.parent) is not None and node.named_child_count:
                if self._is(node.named_children[0], scope, holder):
                    found[parent.id] = parent, scope
            elif node.type in ("call_expression", "subscript_expression"):
                named = node.child_by_field_name("function") or node.child_by_field_name("object")
                if (
                    named is not None
                    and self._is(named, scope, holder)
                    and len(within) > 1
                    and within[1].id != holder.id
                ):
                    outer = within[1]
                    found[outer.id] = outer, self._names.scopes[outer.id]
            waiting.extend((child, scope, within) for child in node.named_children)
        return list(found.values())

    def _is(self, node: Node, scope: Scope, holder: Node) -> bool:
        if node.type != "identifier":
            return False
        value, _ = self._names.find(self._names.text(node), scope)
        return value is not None and value.id == holder.id

    def _fetcher(self, function: Node, scope: Scope, array: Array) -> Fetcher | None:
        """What a function takes from its number, and how it decodes."""
        fetcher, fetches = Fetcher(array, 0.0), False
        for node in inside(function):
            if node.type in ("assignment_expression", "subscript_expression"):
                number = node.child_by_field_name("right") or node.child_by_field_name("index")
                fetches = fetches or node.type == "subscript_expression"
                if number is not None and isinstance(taken := self._taken(node, number, scope), float):
                    fetcher.less = taken
            elif node.type == "string":
                text = self._names.string(node) or ""
                if text == "base64":
                    fetcher.alphabet = fetcher.alphabet or ALPHABET
                elif len(text) in (64, 65) and len(set(text.rstrip("="))) == len(ALPHABET) - 1:
                    fetcher.alphabet = text.rstrip("=") + "="
            elif node.type == "binary_expression" and self._names.operator(node) == "^":
                fetcher.keyed = True
        fetcher.keyed = fetcher.keyed and bool(fetcher.alphabet)
        return fetcher if fetches else None

    def _taken(self, node: Node, number: Node, scope: Scope) -> Known:
        """What is taken from a number before it is used: `i = i - 16`, `a[i - 16]`."""
        if number.type != "binary_expression" or self._names.operator(number) != "-":
            return None
        first, second = number.child_by_field_name("left"), number.child_by_field_name("right")
        left = node.child_by_field_name("left")
        if first is None or second is None or first.type != "identifier":
            return None
        same = left is None or self._names.text(first) == self._names.text(left)
        return self._value(second, scope, {}, 0) if same else None

    def _turn(self, call: Node, scope: Scope, array: Array) -> None:
        """Turn an array until the sum is right, or as often as is said."""
        given = call.child_by_field_name("arguments")
        function = bare(call.child_by_field_name("function"))
        if given is None or function is None or function.type not in FUNCTIONS or given.named_child_count < 2:
            return
        goal = self._value(given.named_children[1], scope, {}, 0)
        names = self._names.parameters(function)
        if not isinstance(goal, float) or len(names) < 2:
            return
        inner = self._names.scopes[function.id]
        total = self._total(function, names[1])
        if total is not None:
            for turned in range(len(array.strings)):
                array.turned = turned
                if self._value(total, inner, {}, 0) == goal:
                    self._turning.add(call.id)
                    return
            array.turned = 0
        elif b"shift" in self._names.data[function.start_byte : function.end_byte]:
            updates = [self._names.text(n) for n in inside(function) if n.type == "update_expression"]
            if any("--" in u for u in updates):
                first, more = any(u.startswith("--") for u in updates), any("++" in u for u in updates)
                array.turned = int(goal - first + more) % len(array.strings)
                self._turning.add(call.id)

    def _total(self, function: Node, goal: str) -> Node | None:
        """The sum that is compared with a parameter."""
        for node in inside(function):
            if node.type == "binary_expression" and self._names.operator(node) in ("===", "=="):
                sides = [node.child_by_field_name("left"), node.child_by_field_name("right")]
                other = [s for s in sides if s is not None and self._names.text(s) != goal]
                if len(other) == 1:
                    value, _ = self._names.find(self._names.text(other[0]), self._names.scopes[function.id])
                    return value if other[0].type == "identifier" else other[0]
        return None

    def _function(self, callee: Node, scope: Scope | None) -> Node | None:
        """The function that a name stands for, over other names."""
        for _ in range(MAX_DEEP):
            if callee.type in FUNCTIONS:
                return callee
            if callee.type != "identifier":
                return None
            value, scope = self._names.find(self._names.text(callee), scope)
            if value is None:
                return None
            callee = value
        return None

    def _call(self, node: Node, scope: Scope, given: Mapping[str, Known], deep: int) -> Known:
        callee, held = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if callee is None or held is None or callee.type != "identifier":
            return None
        values = [self._value(n, scope, given, deep + 1) for n in held.named_children]
        function = self._function(callee, scope)
        if function is None:
            if self._names.text(callee) == "parseInt" and values and isinstance(values[0], str):
                leading = _LEADING.match(values[0])
                return float(leading[1]) if leading else None
            return None
        if (fetcher := self._fetchers.get(function.id)) is not None:
            return fetcher.get(values[0], values[1] if len(values) > 1 else None) if values else None
        body = function.child_by_field_name("body")
        last = body.named_children[-1] if body is not None and body.named_child_count else None
        if body is None or last is None or last.type != "return_statement" or body.named_child_count > 2:
            return None
        what = bare(last.named_children[0]) if last.named_child_count else None
        if what is None or what.type != "call_expression":
            return None
        names = self._names.parameters(function)
        known = dict(zip(names, values, strict=False))
        return self._call(what, self._names.scopes[function.id], known, deep + 1)

    def _value(self, node: Node, scope: Scope, given: Mapping[str, Known], deep: int) -> Known:
        """What an expression of numbers and texts gives; None where that is not known."""
        self._left -= 1
        if self._left < 0:
            raise _Spent
        if deep > MAX_DEEP:
            return None
        match node.type:
            case "number":
                return number_of(self._names.text(node))
            case "string":
                return self._names.string(node)
            case "identifier":
                return self._named(node, scope, given, deep)
            case "parenthesized_expression" if node.named_child_count == 1:
                return self._value(node.named_children[0], scope, given, deep + 1)
            case "unary_expression":
                inner = node.child_by_field_name("argument")
                value = self._value(inner, scope, given, deep + 1) if inner is not None else None
                negative = self._names.operator(node) == "-"
                return None if not isinstance(value, float) else -value if negative else value
            case "binary_expression":
                return self._binary(node, scope, given, deep)
            case "member_expression" | "subscript_expression":
                return self._member(node, scope, deep)
            case "call_expression":
                return self._call(node, scope, given, deep + 1)
        return None

    def _named(self, node: Node, scope: Scope, given: Mapping[str, Known], deep: int) -> Known:
        name = self._names.text(node)
        value, where = self._names.find(name, scope)
        if value is None:
            return given.get(name)
        return self._value(value, where or scope, {}, deep + 1)

    def _binary(self, node: Node, scope: Scope, given: Mapping[str, Known], deep: int) -> Known:
        first, second = node.child_by_field_name("left"), node.child_by_field_name("right")
        if first is None or second is None:
            return None
        left = self._value(first, scope, given, deep)  # sums are long chains to the left
        if left is None:
            return None
        right = self._value(second, scope, given, deep + 1)
        if isinstance(left, float) and isinstance(right, float):
            match self._names.operator(node):
                case "+":
                    return left + right
                case "-":
                    return left - right
                case "*":
                    return left * right
                case "/" if right:
                    return left / right
                case "%" if right and math.isfinite(left):
                    return math.fmod(left, right)
        return None

    def _member(self, node: Node, scope: Scope, deep: int) -> Known:
        """A number or text that stands under a name in an object."""
        holder = node.child_by_field_name("object")
        key = node.child_by_field_name("property") or node.child_by_field_name("index")
        if holder is None or key is None or holder.type != "identifier":
            return None
        value, where = self._names.find(self._names.text(holder), scope)
        if value is None or value.type != "object":
            return None
        name = self._names.string(key) if key.type == "string" else self._names.text(key)
        for pair in value.named_children:
            at, held = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if at is not None and held is not None:
                said = self._names.string(at) if at.type == "string" else self._names.text(at)
                if said == name:
                    return self._value(held, where or scope, {}, deep + 1)
        return None
