"""Ruby's own serialisation, as much of it as a gem's specification needs in an index (`Marshal`, format 4.8)."""

from collections.abc import Mapping, Sequence


class Symbol(str):
    """A symbol of Ruby's."""

    __slots__ = ()


class Made:
    """An object: of a class with its own way of writing itself (`value`), or of variables."""

    def __init__(self, kind: str, value: object = None, **variables: object) -> None:
        self.kind, self.value, self.variables = kind, value, variables


class Dumped:
    """An object that writes itself as bytes (`_dump`)."""

    def __init__(self, kind: str, data: bytes) -> None:
        self.kind, self.data = kind, data


def dump(value: object) -> bytes:
    """Write a value."""
    return b"\x04\x08" + _one(value)


def _one(value: object) -> bytes:
    match value:
        case None:
            return b"0"
        case bool():
            return b"T" if value else b"F"
        case int():
            return b"i" + _number(value)
        case Symbol():
            return b":" + _bytes(value.encode())
        case str():
            return b'I"' + _bytes(value.encode()) + _number(1) + b":" + _bytes(b"E") + b"T"
        case Dumped():
            return b"u:" + _bytes(value.kind.encode()) + _bytes(value.data)
        case Made() if value.variables:
            inner = b"".join(_one(Symbol(f"@{key}")) + _one(one) for key, one in value.variables.items())
            return b"o:" + _bytes(value.kind.encode()) + _number(len(value.variables)) + inner
        case Made():
            return b"U:" + _bytes(value.kind.encode()) + _one(value.value)
        case Mapping():
            return b"{" + _number(len(value)) + b"".join(_one(k) + _one(v) for k, v in value.items())
        case Sequence():
            return b"[" + _number(len(value)) + b"".join(_one(one) for one in value)
    raise TypeError(type(value))


def _bytes(data: bytes) -> bytes:
    return _number(len(data)) + data


def _number(value: int) -> bytes:
    if value == 0:
        return b"\0"
    if 0 < value < 123:
        return bytes([value + 5])
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "little")
