"""What an assembly holds (ECMA-335, partition II), through dnfile, which reads it under pefile's limits."""

import logging
from typing import Any

from msgspec import Struct, field

MAX_FILE = 4 * 1024**2  # bytes of an assembly that is read
MAX_METHODS = 20_000
MAX_CODE = 64 * 1024  # bytes of one method
MAX_STRINGS = 20_000  # of the heap of strings
MAX_DATA = 64 * 1024  # bytes that a field is filled with

_VOID, _GENERIC, _THIS = 0x01, 0x10, 0x20
_INSTANCE, _CLASS, _VALUE = 0x15, 0x12, 0x11


class Called(Struct, frozen=True):
    """A method or field that code names."""

    owner: str
    name: str
    count: int = 0  # of arguments, without the object itself
    this: bool = False
    gives: bool = True


class Method(Struct):
    """A method that has code; `token` is what code calls it by."""

    owner: str
    name: str
    static: bool
    count: int
    code: bytes
    token: int


class Assembly:
    """One assembly, for looking things up by their tokens."""

    def __init__(self, pe: Any) -> None:
        """Take what dnfile read."""
        self._pe, self._tables = pe, pe.net.mdtables
        self._owners: dict[int, str] = {}
        self._fields: dict[int, str] = {}
        self._known: dict[int, Called] = {}
        for row in self._tables.TypeDef or ():
            name = _type(row)
            for one in (row.MethodList or ())[:MAX_METHODS]:
                self._owners[one.row_index] = name

    def methods(self) -> list[Method]:
        """The methods that have code."""
        found = []
        for index, row in enumerate(list(self._tables.MethodDef or ())[:MAX_METHODS], 1):
            count, this, _ = signature(_bytes(row.Signature))
            code = _body(bytes(self._pe.get_data(row.Rva, MAX_CODE + 12))) if row.Rva else b""
            if code:
                made = Method(
                    self._owners.get(index, ""), str(row.Name), not this, count, code, 0x06000000 | index
                )
                found.append(made)
        return found

    def imported(self) -> list[tuple[str, str]]:
        """Functions of native libraries: the library and the function."""
        rows = list(self._tables.ImplMap or ())[:1000]
        return [
            (str(r.ImportScope.row.Name), str(r.ImportName))
            for r in rows
            if r.ImportScope and r.ImportScope.row
        ]

    def string(self, token: int) -> str:
        """A text that code loads."""
        held = (
            self._pe.net.user_strings.get(token & 0xFFFFFF, errors="replace")
            if self._pe.net.user_strings
            else None
        )
        return str(held.value) if held is not None and held.value is not None else ""

    def called(self, token: int) -> Called:
        """What a token of a method or field names."""
        if token not in self._known:
            self._known[token] = self._look(token >> 24, token & 0xFFFFFF, 0)
        return self._known[token]

    def _look(self, table: int, index: int, depth: int) -> Called:
        names = {0x06: "MethodDef", 0x0A: "MemberRef", 0x2B: "MethodSpec", 0x04: "Field"}
        rows = getattr(self._tables, names.get(table, ""), None)
        if rows is None or not 0 < index <= len(rows) or depth > 3:
            return Called("", "")
        row = rows[index - 1]
        if table == 0x2B:
            held = row.Method
            inner = 0x06 if held.table is self._tables.MethodDef else 0x0A
            return self._look(inner, held.row_index, depth + 1)
        count, this, gives = signature(_bytes(row.Signature))
        if table == 0x0A:
            return Called(self._parent(row.Class), str(row.Name), count, this, gives)
        owner = self._owners.get(index, "") if table == 0x06 else self._field_owner(index)
        return Called(owner, str(row.Name), count, this, gives)

    def _field_owner(self, index: int) -> str:
        if not self._fields:
            for row in self._tables.TypeDef or ():
                self._fields.update({one.row_index: _type(row) for one in row.FieldList or ()})
            self._fields.setdefault(0, "")
        return self._fields.get(index, "")

    def _parent(self, held: Any) -> str:
        row = held.row if held is not None else None
        if row is None:
            return ""
        if hasattr(row, "TypeName"):
            return _type(row)
        data = _bytes(getattr(row, "Signature", b""))
        if len(data) > 2 and data[0] == _INSTANCE and data[1] in {_CLASS, _VALUE}:
            token, _ = number(data, 2)
            return self.type(token & 3, token >> 2)
        return str(getattr(row, "Name", ""))

    def type(self, kind: int, index: int) -> str:
        """A type by where it is listed (0 defined here, 1 elsewhere) and its number there."""
        rows = {0: self._tables.TypeDef, 1: self._tables.TypeRef}.get(kind)
        return _type(rows[index - 1]) if rows is not None and 0 < index <= len(rows) else ""

    def named(self, token: int) -> str:
        """A type by its token."""
        return self.type({0x02: 0, 0x01: 1}.get(token >> 24, -1), token & 0xFFFFFF)

    def data(self, token: int) -> bytes:
        """What a field is filled with when the assembly is loaded."""
        for row in self._tables.FieldRva or ():
            if token >> 24 == 4 and row.Field.row_index == token & 0xFFFFFF:
                return bytes(self._pe.get_data(row.Rva, MAX_DATA))
        return b""

    def strings(self) -> list[str]:
        """All texts that its code may load."""
        found: list[str] = []
        heap, at = self._pe.net.user_strings, 1
        while heap is not None and len(found) < MAX_STRINGS:
            held = heap.get(at, errors="replace")
            if held is None or not held.raw_size:
                break
            if held.value:
                found.append(str(held.value))
            at += held.raw_size
        return found


class Damaged(Struct, frozen=True):
    """An assembly that cannot be read, and why."""

    why: str = field(default="")


def parse(data: bytes) -> Assembly | Damaged | None:
    """Read an assembly; None for a program that is none. Never raises for what is in it."""
    import dnfile  # noqa: PLC0415 - slow to import, and few packages need it

    logging.getLogger("dnfile").setLevel(logging.CRITICAL)  # what is damaged is told as a behaviour
    try:
        pe = dnfile.dnPE(data=data, clr_lazy_load=True)  # type: ignore[no-untyped-call]
        return Assembly(pe) if pe.net is not None and pe.net.mdtables is not None else None
    except Exception as error:
        return Damaged(type(error).__name__)


def _type(row: Any) -> str:
    space = str(row.TypeNamespace or "")
    name = str(row.TypeName).partition("`")[0]
    return f"{space}.{name}" if space else name


def _bytes(held: Any) -> bytes:
    value = getattr(held, "value", held)
    return bytes(value) if isinstance(value, bytes | bytearray) else b""


def number(data: bytes, at: int) -> tuple[int, int]:
    """A number as signatures hold it, and where the next thing begins."""
    first = data[at] if at < len(data) else 0
    if first < 0x80:
        return first, at + 1
    if first < 0xC0:
        return int.from_bytes(data[at : at + 2], "big") & 0x3FFF, at + 2
    return int.from_bytes(data[at : at + 4], "big") & 0x1FFFFFFF, at + 4


def signature(data: bytes) -> tuple[int, bool, bool]:
    """How many arguments a method takes, whether on an object, and whether it gives anything."""
    if not data:
        return 0, False, True
    at = 1
    if data[0] & _GENERIC:
        _, at = number(data, at)
    count, at = number(data, at)
    return min(count, 64), bool(data[0] & _THIS), data[at : at + 1] != bytes((_VOID,))


def _body(data: bytes) -> bytes:
    """The code of a method, behind its head."""
    if not data:
        return b""
    if data[0] & 3 == 2:
        return data[1 : 1 + (data[0] >> 2)]
    size = int.from_bytes(data[4:8], "little")
    start = 4 * (data[1] >> 4)
    return data[start : start + min(size, MAX_CODE)]
