"""Python's byte code, read without loading it: the names and constants of a marshalled code object.

The format is CPython's Python/marshal.c; layouts of code objects differ by version, and the one that fits is
taken. Nothing is executed or handed to `marshal`. Every count and depth is limited.
"""

import struct

from msgspec import Struct, field

MAX_OBJECTS = 200_000
MAX_DEPTH = 60
MAX_BYTES = 16 * 1024**2

_LAYOUTS = (
    (5, ("code", "consts", "names", "locals", "kinds", "file", "name", "qualname"), 1, 2),  # 3.11 and later
    (6, ("code", "consts", "names", "locals", "free", "cells", "file", "name"), 1, 1),  # 3.8 to 3.10
    (5, ("code", "consts", "names", "locals", "free", "cells", "file", "name"), 1, 1),  # 3.0 to 3.7
    (4, ("code", "consts", "names", "locals", "free", "cells", "file", "name"), 1, 1),  # 2.x
)
_SINGLETONS = {b"N": None, b"T": True, b"F": False, b"S": StopIteration, b".": Ellipsis, b"0": None}


class Broken(ValueError):  # noqa: N818 - it is a state, and never leaves this module
    """These are no marshalled data, or no layout fits, or a limit was met."""


class Code(Struct):
    """One code object and those inside it."""

    name: str = ""
    file: str = ""
    names: tuple[str, ...] = ()  # globals, attributes and modules that it uses
    consts: tuple[object, ...] = ()
    body: bytes = b""

    def inside(self) -> "list[Code]":
        """The code object itself and all within, outermost first."""
        found, waiting = [], [self]
        while waiting:
            code = waiting.pop(0)
            found.append(code)
            waiting.extend(c for c in code.consts if isinstance(c, Code))
        return found

    def all_names(self) -> set[str]:
        """Every name that any of them uses."""
        return {name for code in self.inside() for name in code.names}

    def texts(self) -> list[str | bytes]:
        """Every text or bytes among the constants, tuples and sets opened."""
        found: list[str | bytes] = []
        for code in self.inside():
            waiting = list(code.consts)
            while waiting:
                one = waiting.pop()
                if isinstance(one, str | bytes):
                    found.append(one)
                elif isinstance(one, tuple):
                    waiting.extend(one)
        return found


class _Reader(Struct):
    data: bytes
    layout: tuple[int, tuple[str, ...], int, int]
    at: int = 0
    left: int = MAX_OBJECTS
    refs: list[object] = field(default_factory=list)

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise Broken("ends early")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self) -> int:
        return int(struct.unpack("<i", self.take(4))[0])

    def one(self, depth: int = 0) -> object:
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH:
            raise Broken("too much")
        byte = self.take(1)[0]
        kind, flagged = bytes([byte & 0x7F]), bool(byte & 0x80)
        if kind == b"r":
            index = self.number()
            if not 0 <= index < len(self.refs):
                raise Broken("reference")
            return self.refs[index]
        slot = len(self.refs)
        if flagged:
            self.refs.append(None)
        value = self.value(kind, depth)
        if flagged:
            self.refs[slot] = value
        return value

    def value(self, kind: bytes, depth: int) -> object:
        if kind in _SINGLETONS:
            return _SINGLETONS[kind]
        if kind in (b"s", b"u", b"t", b"a", b"A", b"z", b"Z"):
            size = self.take(1)[0] if kind in b"zZ" else self.number()
            raw = self.take(size)
            return (
                raw if kind == b"s" else raw.decode("utf-8", "surrogatepass" if kind == b"u" else "replace")
            )
        if kind in b"()[]<>":
            small = kind == b")"
            count = self.take(1)[0] if small else self.number()
            if not 0 <= count <= self.left:
                raise Broken("count")
            return tuple(self.one(depth + 1) for _ in range(count))
        match kind:
            case b"i":
                return self.number()
            case b"I" | b"g":
                return self.take(8)
            case b"y":
                return self.take(16)
            case b"l":
                self.take(2 * abs(self.number()))
                return 0
            case b"f":
                return self.take(self.take(1)[0])
            case b"x":
                return (self.take(self.take(1)[0]), self.take(self.take(1)[0]))
            case b"R":
                self.number()
                return ""
            case b"c":
                return self.code(depth)
            case b"{":
                return self.mapping(depth)
            case b":":
                return tuple(self.one(depth + 1) for _ in range(3))
        raise Broken("kind")

    def mapping(self, depth: int) -> tuple[object, ...]:
        pairs: list[object] = []
        while self.data[self.at : self.at + 1] != b"0":
            pairs += [self.one(depth + 1), self.one(depth + 1)]
        self.at += 1
        return tuple(pairs)

    def code(self, depth: int) -> Code:
        count, fields, numbers, rest = self.layout
        for _ in range(count):
            self.number()
        values = {name: self.one(depth + 1) for name in fields}
        for _ in range(numbers):
            self.number()
        for _ in range(rest):
            self.one(depth + 1)
        body, consts, names = values["code"], values["consts"], values["names"]
        if not (isinstance(body, bytes) and isinstance(consts, tuple) and isinstance(names, tuple)):
            raise Broken("layout")
        if not isinstance(values["file"], str | bytes) or not isinstance(values["name"], str | bytes):
            raise Broken("layout")
        plain = tuple(_text(n) for n in names if isinstance(n, str | bytes))
        return Code(_text(values["name"]), _text(values["file"]), plain, consts, body)


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def read(data: bytes) -> Code | None:
    """The code object that marshalled bytes hold; None where they hold none that can be read."""
    if data[:1] not in (b"c", b"\xe3") or len(data) > MAX_BYTES:
        return None
    for layout in _LAYOUTS:
        try:
            code = _Reader(data, layout).one()
        except (Broken, RecursionError, OverflowError):
            continue
        if isinstance(code, Code):
            return code
    return None


def read_file(data: bytes) -> Code | None:
    """The code object of a `.pyc`, of any version's header (PEP 552, 3147); None where it cannot be read."""
    if data[2:4] != b"\r\n":
        return None
    return next((code for head in (16, 12, 8) if (code := read(data[head:]))), None)


__all__ = ["Code", "read", "read_file"]
