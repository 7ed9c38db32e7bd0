"""XML as feeds have it, read with a limit on everything and without document types.

Where there is no DOCTYPE there are no entities to expand and none to fetch, so neither the bombs nor the
reads that XML is known for (the standard library's own warning names them); a document with one is refused.
"""

from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from biopsy.ecosystems.feeds.asking import BUSY, MAX_WAIT, Busy
from biopsy.errors import RegistryError
from biopsy.model.regex import regex

MAX_DEPTH = 32
"""Deepest nesting of elements."""

MAX_ELEMENTS = 3_000_000
"""Most elements of a document; 50,000 rows of a changelog have 650,000."""

MAX_TEXT = 4096
"""Longest text kept of one element, in characters."""

MAX_ROWS = 100_000
"""Most rows or entries taken from one document."""

_LIMITED = regex(r"TooManyRequests(?:.*?reset in (\d{1,6}) second)?", 0)
"""How PyPI says in a fault, with status 200, that it was asked too often."""


def _walk(body: bytes, begin: Callable[[str], None], end: Callable[[str, str], None]) -> None:
    """Call `begin` with the local name of each element, and `end` with that and its text."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    texts: list[list[str]] = []
    count = 0

    def start(name: str, _: object) -> None:
        nonlocal count
        count += 1
        if len(texts) >= MAX_DEPTH or count > MAX_ELEMENTS:
            raise RegistryError("the registry's XML is too deep or too long")
        texts.append([])
        begin(name.rpartition("}")[2])

    def stop(name: str) -> None:
        end(name.rpartition("}")[2], "".join(texts.pop())[:MAX_TEXT])

    def characters(data: str) -> None:
        if texts and len(texts[-1]) < MAX_TEXT:
            texts[-1].append(data[:MAX_TEXT])

    def doctype(*_: object) -> None:
        raise RegistryError("the registry's XML has a document type, which is never read")

    parser.StartElementHandler, parser.EndElementHandler = start, stop
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as err:
        raise RegistryError(f"the registry's XML cannot be read: {err}") from err


def entries(body: bytes) -> list[dict[str, str]]:
    """Read the entries of an RSS 2.0 or Atom document: of each, the texts of its elements by local name."""
    found: list[dict[str, str]] = []
    current: dict[str, str] | None = None

    def begin(name: str) -> None:
        nonlocal current
        if name in ("item", "entry"):
            current = {}

    def end(name: str, text: str) -> None:
        nonlocal current
        if name in ("item", "entry"):
            if current is not None and len(found) < MAX_ROWS:
                found.append(current)
            current = None
        elif current is not None:
            current.setdefault(name, text.strip())

    _walk(body, begin, end)
    return found


def result(body: bytes) -> Any:
    """Read an XML-RPC response: lists, texts, numbers, booleans, nil; structs as None.

    RegistryError where it is a fault, or no response; Busy where the fault is that it was asked too often.
    """
    reader = _Response()
    _walk(body, reader.begin, reader.end)
    return reader.value()


class _Response:
    def __init__(self) -> None:
        self.root: list[Any] = []
        self.lists: list[list[Any]] = [self.root]
        self.typed = False  # whether the value that is open had an element for its type
        self.skipping = 0
        self.fault = False
        self.said: list[str] = []
        self.response = False

    def begin(self, name: str) -> None:
        if name == "struct":
            self.skipping += 1
        elif name == "fault":
            self.fault = True
        elif name == "methodResponse":
            self.response = True
        elif self.skipping:
            return
        elif name == "array":
            self.lists.append([])
        elif name == "value":
            self.typed = False

    def end(self, name: str, text: str) -> None:
        if name == "struct":
            self.skipping -= 1
            if not self.skipping:
                self._put(None)
        elif self.skipping:
            if self.fault and name == "string":
                self.said.append(text)
        elif name == "array":
            done = self.lists.pop()
            self._put(done)
        elif name == "value":
            if not self.typed:
                self._put(text)
            self.typed = True
        elif name in _SCALARS:
            try:
                self._put(_SCALARS[name](text.strip()))
            except (ValueError, TypeError, OverflowError):
                self._put(None)

    def _put(self, value: Any) -> None:
        if len(self.lists[-1]) < MAX_ROWS:
            self.lists[-1].append(value)
        self.typed = True

    def value(self) -> Any:
        if self.fault:
            said = " ".join(self.said)[:300]
            if reset := _LIMITED.search(said):
                raise Busy(f"the registry is busy: {said}", min(float(reset[1] or BUSY), MAX_WAIT))
            raise RegistryError(f"the registry refused: {said or 'a fault'}")
        if not self.response or len(self.root) != 1:
            raise RegistryError("the registry's answer is no XML-RPC response")
        return self.root[0]


def _whole(text: str) -> int:
    if len(text) > 20:
        raise ValueError(text[:20])
    return int(text)


_SCALARS: dict[str, Callable[[str], Any]] = {
    "int": _whole,
    "i4": _whole,
    "i8": _whole,
    "string": str,
    "boolean": lambda text: text == "1",
    "double": float,
    "nil": lambda _: None,
    "dateTime.iso8601": lambda text: text[:32],
    "base64": lambda _: None,
}
