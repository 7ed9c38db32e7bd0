"""JSON, TOML, XML and YAML under limits, each mistake a LockError that says where."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from biopsy.guard.given import LockError, text

if TYPE_CHECKING:
    from biopsy.model.elements import Element

Shape = TypeVar("Shape")

MAX_DEPTH = 100  # lists and mappings of YAML inside each other
MAX_NODES = 5_000_000  # values of a YAML file


def json(data: bytes, shape: type[Shape]) -> Shape:
    """Read JSON as a type; raises LockError for what is no JSON, or of another shape."""
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=shape)
    except msgspec.ValidationError as error:
        raise LockError(f"not as expected: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LockError(f"no JSON: {error}") from error


def toml(data: bytes, shape: type[Shape]) -> tuple[Shape, str]:
    """Read TOML as a type, and give its text too; raises LockError."""
    written = text(data)
    try:
        return msgspec.convert(_toml()(written), shape), written
    except msgspec.ValidationError as error:
        raise LockError(f"not as expected: {error}") from error
    except ValueError as error:
        raise LockError(f"no TOML: {str(error)[:300]}") from error


def _toml() -> Callable[[str], Any]:
    """The parser in Rust, forty times as fast, where it is installed; else that of Python."""
    try:
        import rtoml  # noqa: PLC0415 - only where it is needed
    except ImportError:
        import tomllib  # noqa: PLC0415

        return tomllib.loads
    return rtoml.loads


def xml(data: bytes) -> "Element":
    """Read XML without a document type; raises LockError."""
    from biopsy.model.elements import parse  # noqa: PLC0415 - only where it is needed

    found = parse(data)
    if isinstance(found, str):
        raise LockError(f"no XML that is read: {found}")
    return found


class Node(dict[str, Any]):
    """A mapping of a YAML file; `lines` has the line of each of its keys."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        """Make an empty one."""
        super().__init__()
        self.lines: dict[str, int] = {}


def yaml(data: bytes) -> Node:
    """Read a YAML mapping, every scalar as text; raises LockError.

    Anchors, aliases, tags and several documents are refused: no lock file has them, and they are how a small
    file becomes a large one, or one thing to one parser and another to the next.
    """
    import yaml as library  # noqa: PLC0415 - only where it is needed

    loader = getattr(library, "CSafeLoader", library.SafeLoader)
    try:
        return _built(library.parse(text(data), Loader=loader), library.events)
    except library.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise LockError(f"no YAML: {where}{getattr(error, 'problem', None) or error}") from error


def _built(events: Any, kinds: Any) -> Node:
    """Build the tree; a stack instead of recursion, so that depth is only a number."""
    root = Node()
    stack: list[tuple[Any, list[Any]]] = [([], [])]
    documents = nodes = 0
    for event in events:
        kind = type(event)
        line = event.start_mark.line + 1
        if kind is kinds.ScalarEvent:
            value: Any = event.value
        elif kind is kinds.MappingStartEvent or kind is kinds.SequenceStartEvent:
            value = Node() if kind is kinds.MappingStartEvent else []
        elif kind is kinds.MappingEndEvent or kind is kinds.SequenceEndEvent:
            stack.pop()
            continue
        elif kind is kinds.AliasEvent:
            raise LockError(f"line {line}: an alias, which no lock file has")
        else:
            documents += kind is kinds.DocumentStartEvent
            if documents > 1:
                raise LockError(f"line {line}: a second document")
            continue
        nodes += 1
        if event.anchor or event.tag or nodes > MAX_NODES or len(stack) > MAX_DEPTH:
            raise LockError(f"line {line}: {_strange(event, nodes)}")
        _put(*stack[-1], value, line)
        if not isinstance(value, str):
            root = value if len(stack) == 1 and isinstance(value, Node) else root
            stack.append((value, []))
    return root


def _strange(event: Any, nodes: int) -> str:
    if event.anchor or event.tag:
        return f"an {'anchor' if event.anchor else 'explicit tag'}, which no lock file has"
    return f"more than {MAX_NODES:,} values" if nodes > MAX_NODES else f"more than {MAX_DEPTH} levels deep"


def _put(into: Any, key: list[Any], value: Any, line: int) -> None:
    if isinstance(into, list):
        into.append(value)
    elif key:
        into[key.pop()] = value
    elif not isinstance(value, str):
        raise LockError(f"line {line}: a key that is no text")
    elif value in into:
        raise LockError(f"line {line}: the key {value[:80]!r} stands twice")
    else:
        into.lines[value] = line
        key.append(value)
