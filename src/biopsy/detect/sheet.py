"""Sheet: a YAML file read strictly, with the line of everything, and all its mistakes, not just the first."""

import re
from collections.abc import Iterator

import yaml
from msgspec import Struct, field

from biopsy.model.regex import regex

MAX_FILE = 64 * 1024
"""Largest rule file, in characters."""

MAX_NESTED = 100
"""Deepest nesting of brackets: the YAML parser takes quadratic time over it."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT = "tag:yaml.org,2002:str"
_MARKED = regex(r"(?:^|[\s\[{,:-])[&*]", re.MULTILINE)
"""Where an anchor or alias may stand: what has no such place need not be looked through for them."""

_KINDS = {
    yaml.MappingNode: "a mapping",
    yaml.SequenceNode: "a list",
    yaml.ScalarNode: "one word",
}


class Mistakes(Struct):
    """What is wrong with a file, by line."""

    file: str
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, node: yaml.Node | int, message: str) -> None:
        """Note a mistake at a node or a line."""
        line = node if isinstance(node, int) else _line(node)
        if (line, message) not in self.found:
            self.found.append((line, message))

    def __iter__(self) -> Iterator[str]:
        """Each as `file:line: message`, in order of lines."""
        for line, message in sorted(self.found):
            yield f"{self.file}:{line}: {message}"


def compose(text: str, mistakes: Mistakes) -> yaml.Node | None:
    """Return the root of a YAML document; nothing, with the mistake noted, where it is none."""
    if len(text) > MAX_FILE:
        mistakes.add(1, f"longer than {MAX_FILE} characters")
        return None
    if line := _too_deep(text):
        mistakes.add(line, f"brackets nested more than {MAX_NESTED} deep")
        return None
    try:
        for event in yaml.parse(text, Loader=_LOADER) if _MARKED.search(text) else ():
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                mistakes.add(
                    _line(event), "no anchors or aliases here: quote text that begins with `*` or `&`"
                )
                return None
        root: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError, ValueError) as err:
        mark = getattr(err, "problem_mark", None) or getattr(err, "context_mark", None)
        problem = getattr(err, "problem", None) or str(err).partition("\n")[0]
        mistakes.add(mark.line + 1 if mark else 1, f"not YAML: {problem}")
        return None
    if root is None:
        mistakes.add(1, "empty")
    return root


def _too_deep(text: str) -> int:
    """Return the line at which brackets are nested too deep, whatever they mean; 0 where none are."""
    if text.count("[") + text.count("{") <= MAX_NESTED:
        return 0
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        for char in line:
            depth += (char in "[{") - (char in "]}")
            if depth > MAX_NESTED:
                return number
    return 0


def fields(node: yaml.Node, mistakes: Mistakes, what: str) -> dict[str, yaml.Node]:
    """Return the entries of a mapping; a key that is no text or stands twice is a mistake."""
    if not isinstance(node, yaml.MappingNode):
        mistakes.add(node, f"{what} must be a mapping, not {_name(node)}")
        return {}
    entries: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = text(key, mistakes, "a key")
        if name in entries:
            mistakes.add(key, f"`{name}` stands twice")
        elif name:
            entries[name] = value
    return entries


def text(node: yaml.Node, mistakes: Mistakes, what: str) -> str:
    """Return a text that is not empty; else note the mistake and return nothing."""
    if not isinstance(node, yaml.ScalarNode):
        mistakes.add(node, f"{what} must be text, not {_name(node)}")
        return ""
    if node.tag != _TEXT:
        mistakes.add(node, f"{what} must be text: quote `{node.value}`")
        return ""
    if not node.value.strip():
        mistakes.add(node, f"{what} is empty")
        return ""
    return str(node.value)


def texts(node: yaml.Node, mistakes: Mistakes, what: str, *, or_one: bool = False) -> tuple[str, ...]:
    """Return a list of texts, at least one; with `or_one` a text alone is a list of it."""
    if or_one and isinstance(node, yaml.ScalarNode):
        alone = text(node, mistakes, what)
        return (alone,) if alone else ()
    return tuple(found for part in items(node, mistakes, what) if (found := text(part, mistakes, what)))


def items(node: yaml.Node, mistakes: Mistakes, what: str, least: int = 1) -> list[yaml.Node]:
    """Return the nodes of a list, at least so many."""
    if not isinstance(node, yaml.SequenceNode):
        mistakes.add(node, f"{what} must be a list, not {_name(node)}")
        return []
    if len(node.value) < least:
        mistakes.add(node, f"{what} needs at least {least}")
    return list(node.value)


def one_of(node: yaml.Node, mistakes: Mistakes, what: str, allowed: tuple[str, ...]) -> str:
    """Return a text that is one of those allowed; else note the mistake and return the first."""
    found = text(node, mistakes, what)
    if found and found not in allowed:
        mistakes.add(node, f"{what} is `{found}`, not one of: {', '.join(allowed)}")
    return found if found in allowed else allowed[0]


def boolean(node: yaml.Node, mistakes: Mistakes, what: str) -> bool:
    """Return true or false, written as these words."""
    if not isinstance(node, yaml.ScalarNode) or node.value not in {"true", "false"} or node.tag == _TEXT:
        mistakes.add(node, f"{what} must be true or false")
        return False
    return bool(node.value == "true")


def number(node: yaml.Node, mistakes: Mistakes, what: str, least: int, most: int) -> int:
    """Return a whole number within bounds."""
    digits = node.value if isinstance(node, yaml.ScalarNode) and node.tag != _TEXT else ""
    found = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < len(str(most)) + 1 else -1
    if not least <= found <= most:
        mistakes.add(node, f"{what} must be a whole number from {least} to {most}")
        return least
    return found


def strangers(
    node: yaml.Node, entries: dict[str, yaml.Node], known: frozenset[str], mistakes: Mistakes
) -> None:
    """Note every key of a mapping that means nothing."""
    lines = {key.value: key for key, _ in node.value if isinstance(key, yaml.ScalarNode)}
    for name in entries:
        if name not in known:
            mistakes.add(lines[name], f"unknown key `{name}`; known: {', '.join(sorted(known))}")


def _line(part: yaml.Node | yaml.Event) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


def _name(node: yaml.Node) -> str:
    return next(name for kind, name in _KINDS.items() if isinstance(node, kind))
