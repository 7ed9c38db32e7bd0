"""XML of manifests and registries, under limits, without document types: no entity is expanded or fetched."""

from collections.abc import Iterator
from xml.parsers import expat

from msgspec import Struct, field

MAX_DEPTH = 64
"""Deepest nesting of elements."""

MAX_ELEMENTS = 200_000
"""Most elements of a document."""

MAX_TEXT = 16_384
"""Longest text kept of one element, in characters."""


class Element(Struct):
    """An element by its local name; namespaces are left out, as manifests use one or none."""

    name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list["Element"] = field(default_factory=list)
    line: int = 0

    def all(self, *path: str) -> Iterator["Element"]:
        """Yield the elements at a path of names below this one."""
        found = [self]
        for name in path:
            found = [child for one in found for child in one.children if child.name == name]
        yield from found

    def first(self, *path: str) -> "Element":
        """Give the first element at a path; an empty one where there is none."""
        return next(self.all(*path), Element())

    def say(self, *path: str) -> str:
        """Give the text of the first element at a path; empty where there is none."""
        return self.first(*path).text

    def walk(self) -> Iterator["Element"]:
        """Yield this element and all below it."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(reversed(one.children))


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    pass


def parse(data: bytes | str) -> Element | str:
    """Read a document; a text says why it cannot be read. Never raises."""
    root, stack, count = Element(), [], 0
    parser = expat.ParserCreate(namespace_separator="}")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    stack.append(root)

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > MAX_DEPTH or count > MAX_ELEMENTS:
            raise _Refused("too-deep" if len(stack) > MAX_DEPTH else "too-large")
        attributes = {key.rpartition("}")[2]: value for key, value in given.items()}
        made = Element(name.rpartition("}")[2], attributes, "", [], parser.CurrentLineNumber)
        stack[-1].children.append(made)
        stack.append(made)

    def stop(_: str) -> None:
        stack[-1].text = stack[-1].text.strip()
        stack.pop()

    def characters(text: str) -> None:
        held = stack[-1]
        if len(held.text) < MAX_TEXT:
            held.text += text[:MAX_TEXT]

    def doctype(*_: object) -> None:
        raise _Refused("document-type")

    parser.StartElementHandler, parser.EndElementHandler = start, stop
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, doctype
    try:
        parser.Parse(data, True)
    except _Refused as refused:
        return str(refused)
    except (expat.ExpatError, ValueError, LookupError) as error:
        return f"XML {type(error).__name__}"
    return root.children[0] if root.children else "empty"
