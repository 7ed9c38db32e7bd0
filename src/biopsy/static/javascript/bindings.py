"""Names of a JavaScript file and what they are bound to, scope by scope, without running anything."""

from collections.abc import Iterator

from tree_sitter import Node

from biopsy.static.javascript.lower import unescape

FUNCTIONS = frozenset({"function_declaration", "function_expression", "function", "arrow_function"})


class Scope:
    """Names of one function, or of the file; None stands for what is not known (a parameter, two values)."""

    __slots__ = ("names", "parent")

    def __init__(self, parent: "Scope | None") -> None:
        """Start empty."""
        self.parent = parent
        self.names: dict[str, Node | None] = {}


class Names:
    """All scopes of a file."""

    def __init__(self, root: Node, data: bytes) -> None:
        """Walk the tree once."""
        self.root, self.data = root, data
        self.top = Scope(None)
        self.scopes: dict[int, Scope] = {root.id: self.top}
        waiting = [(root, self.top)]
        while waiting:
            node, scope = waiting.pop()
            if node.type in FUNCTIONS:
                scope = self._function(node, scope)
            elif node.type == "variable_declarator":
                self._bind(scope, node.child_by_field_name("name"), node.child_by_field_name("value"))
            waiting.extend((child, scope) for child in node.named_children)

    def _function(self, node: Node, outer: Scope) -> Scope:
        if node.type == "function_declaration":
            self._bind(outer, node.child_by_field_name("name"), node)
        scope = self.scopes[node.id] = Scope(outer)
        for name in self.parameters(node):
            scope.names[name] = None
        return scope

    def _bind(self, scope: Scope, name: Node | None, value: Node | None) -> None:
        if name is not None and name.type == "identifier":
            text = self.text(name)
            scope.names[text] = None if text in scope.names else value

    def parameters(self, function: Node) -> list[str]:
        """Names of a function's parameters, in order."""
        held = function.child_by_field_name("parameters")
        nodes = held.named_children if held is not None else [function.child_by_field_name("parameter")]
        return [self.text(n) for n in nodes if n is not None and n.type == "identifier"]

    def find(self, name: str, scope: Scope | None) -> tuple[Node | None, Scope | None]:
        """What a name is bound to, seen from a scope, and in which; nothing where it is bound nowhere."""
        while scope is not None:
            if name in scope.names:
                return scope.names[name], scope
            scope = scope.parent
        return None, None

    def bound(self) -> Iterator[tuple[Node, Scope]]:
        """Everything that has a name."""
        for scope in self.scopes.values():
            for node in scope.names.values():
                if node is not None:
                    yield node, scope

    def text(self, node: Node) -> str:
        """A node as it stands in the file."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def operator(self, node: Node) -> str:
        """What joins two operands, or stands before one."""
        held = node.child_by_field_name("operator")
        return self.text(held) if held is not None else ""

    def string(self, node: Node) -> str | None:
        """The text of a literal."""
        return unescape(self.text(node)[1:-1]) if node.type == "string" else None


def inside(node: Node) -> Iterator[Node]:
    """All that stands in a node, from its beginning on."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(current.named_children))


def bare(node: Node | None) -> Node | None:
    """An expression without the parentheses round it."""
    while node is not None and node.type == "parenthesized_expression" and node.named_child_count == 1:
        node = node.named_children[0]
    return node
