"""The format of class files (JVM specification, chapter 4), as far as is needed to follow what they do."""

import struct
from collections.abc import Iterator

from msgspec import Struct, field

MAX_CONSTANTS = 65_535
MAX_METHODS = 5000
MAX_CODE = 65_535  # bytes of one method, as the format has it
MAGIC = b"\xca\xfe\xba\xbe"
MIN_MAJOR, MAX_MAJOR = 45, 90
"""Versions of the format; a Mach-O program for many machines has the same magic, and a small number here."""

_SIZES = {
    3: 4,
    4: 4,
    5: 8,
    6: 8,
    7: 2,
    8: 2,
    9: 4,
    10: 4,
    11: 4,
    12: 4,
    15: 3,
    16: 2,
    17: 4,
    18: 4,
    19: 2,
    20: 2,
}


class Method(Struct):
    """A method: its code, and the lines that offsets stand on."""

    name: str
    descriptor: str
    static: bool
    code: bytes = b""
    lines: dict[int, int] = field(default_factory=dict)


class ClassFile(Struct):
    """One class. Names have `.` between their words."""

    constants: list[object]
    name: str = ""
    above: str = ""
    methods: list[Method] = field(default_factory=list)
    bootstrap: list[tuple[int, list[int]]] = field(default_factory=list)

    def text(self, at: int) -> str:
        """A constant as text: of a string, a class, a name."""
        held = self.constants[at] if 0 < at < len(self.constants) else None
        if isinstance(held, str):
            return held
        if isinstance(held, tuple) and held[0] in {7, 8, 16, 19, 20}:
            return self.text(held[1])
        return ""

    def member(self, at: int) -> tuple[str, str, str]:
        """Class, name and descriptor of a field or method."""
        held = self.constants[at] if 0 < at < len(self.constants) else None
        if not isinstance(held, tuple) or held[0] not in {9, 10, 11, 17, 18}:
            return "", "", ""
        owner = self.text(held[1]).replace("/", ".") if held[0] < 17 else ""
        named = self.constants[held[2]] if held[2] < len(self.constants) else None
        if not isinstance(named, tuple) or named[0] != 12:
            return owner, "", ""
        return owner, self.text(named[1]), self.text(named[2])

    def strings(self) -> Iterator[str]:
        """Every string that the code may use."""
        for held in self.constants:
            if isinstance(held, tuple) and held[0] == 8:
                yield self.text(held[1])


def is_class(data: bytes) -> bool:
    """Whether bytes begin as a class file does."""
    return data[:4] == MAGIC and len(data) > 10 and MIN_MAJOR <= int.from_bytes(data[6:8], "big") <= MAX_MAJOR


def parse(data: bytes) -> ClassFile | None:
    """Read a class file; None where it is damaged. Never raises."""
    try:
        return _Reader(data).read()
    except (struct.error, IndexError, ValueError):
        return None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 8

    def _take(self, form: str) -> int:
        value = struct.unpack_from(">" + form, self._data, self._at)[0]
        self._at += struct.calcsize(">" + form)
        return int(value)

    def _skip(self, size: int) -> bytes:
        held = self._data[self._at : self._at + size]
        if len(held) < size:
            raise ValueError("cut off")
        self._at += size
        return held

    def read(self) -> ClassFile:
        made = ClassFile(self._constants())
        self._take("H")
        made.name = made.text(self._take("H")).replace("/", ".")
        made.above = made.text(self._take("H")).replace("/", ".")
        self._skip(2 * self._take("H"))
        for _ in range(self._take("H")):
            self._skip(6)
            self._attributes(made, None)
        for _ in range(min(self._take("H"), MAX_METHODS)):
            flags = self._take("H")
            method = Method(made.text(self._take("H")), made.text(self._take("H")), bool(flags & 8))
            self._attributes(made, method)
            made.methods.append(method)
        self._attributes(made, None)
        return made

    def _constants(self) -> list[object]:
        count = self._take("H")
        held: list[object] = [None]
        while len(held) < count:
            tag = self._take("B")
            if tag == 1:
                held.append(self._skip(self._take("H")).decode("utf-8", "replace"))
                continue
            raw = self._skip(_SIZES.get(tag) or _refuse())
            if tag in {3, 5}:
                held.append((tag, int.from_bytes(raw, "big", signed=True)))
            elif tag in {4, 6}:
                held.append((tag, struct.unpack(">f" if tag == 4 else ">d", raw)[0]))
            elif tag == 15:
                held.append((tag, raw[0], int.from_bytes(raw[1:], "big")))
            else:
                held.append((tag, *struct.unpack(f">{len(raw) // 2}H", raw)))
            if tag in {5, 6}:
                held.append(None)
        return held

    def _attributes(self, made: ClassFile, method: Method | None) -> None:
        for _ in range(self._take("H")):
            name, size = made.text(self._take("H")), self._take("I")
            end = self._at + size
            if name == "Code" and method is not None:
                self._skip(4)
                method.code = self._skip(min(self._take("I"), MAX_CODE + 1))
                self._skip(8 * self._take("H"))
                self._attributes(made, method)
            elif name == "LineNumberTable" and method is not None:
                for _ in range(self._take("H")):
                    start = self._take("H")
                    method.lines[start] = self._take("H")
            elif name == "BootstrapMethods":
                for _ in range(self._take("H")):
                    handle = self._take("H")
                    made.bootstrap.append((handle, [self._take("H") for _ in range(self._take("H"))]))
            self._at = end


def _refuse() -> int:
    raise ValueError("no such constant")


def arguments(descriptor: str) -> tuple[list[str], str]:
    """The types of a method's arguments, and of what it gives."""
    found: list[str] = []
    at = 1
    while at < len(descriptor) and descriptor[at] != ")":
        start = at
        while descriptor[at : at + 1] == "[":
            at += 1
        at = descriptor.find(";", at) + 1 if descriptor[at : at + 1] == "L" else at + 1
        if at <= start or len(found) > 255:
            break
        found.append(descriptor[start:at])
    return found, descriptor.rpartition(")")[2]
