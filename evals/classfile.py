"""A small assembler: class files of Java from text, so that simulants need no compiler.

    class com/example/sim/Telemetry
    static void <clinit> ()V
      ldc "text"
      invokestatic java/lang/System getenv ()Ljava/util/Map;
      pop

The first line names the class; `static` or `public` begins a method, with its return type for people. Stack
and locals are given generously and frames are left out (version 49 needs none). Only what simulants use is
there: The Java Virtual Machine Specification, chapters 4 and 6.
"""

import json
import shlex
import struct

_PLAIN = {
    "aconst_null": 1, "iconst_0": 3, "iconst_1": 4, "iconst_2": 5, "iconst_3": 6, "aload_0": 42,
    "aload_1": 43, "aload_2": 44, "aload_3": 45, "astore_0": 75, "astore_1": 76, "astore_2": 77,
    "astore_3": 78, "aastore": 83, "pop": 87, "dup": 89, "areturn": 176, "return": 177, "ireturn": 172,
}  # fmt: skip
_FIELDS = {"getstatic": 178, "putstatic": 179, "getfield": 180, "putfield": 181}
_METHODS = {"invokevirtual": 182, "invokespecial": 183, "invokestatic": 184, "invokeinterface": 185}
_CLASSES = {"new": 187, "anewarray": 189, "checkcast": 192}
_PUBLIC, _STATIC, _SUPER = 0x1, 0x8, 0x20


class _Pool:
    """The constant pool, each entry once."""

    def __init__(self) -> None:
        self.entries: dict[bytes, int] = {}

    def add(self, data: bytes) -> int:
        return self.entries.setdefault(data, len(self.entries) + 1)

    def text(self, text: str) -> int:
        data = text.encode("utf-8")
        return self.add(b"\x01" + struct.pack(">H", len(data)) + data)

    def named(self, tag: int, text: str) -> int:
        return self.add(bytes([tag]) + struct.pack(">H", self.text(text)))

    def member(self, tag: int, owner: str, name: str, kind: str) -> int:
        both = self.add(b"\x0c" + struct.pack(">HH", self.text(name), self.text(kind)))
        return self.add(bytes([tag]) + struct.pack(">HH", self.named(7, owner), both))


def assemble(text: str) -> bytes:
    """Give a class file; ValueError where a line is none that this knows."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    pool, methods = _Pool(), []
    own, parent = pool.named(7, lines[0].split()[1]), pool.named(7, "java/lang/Object")
    code, head = bytearray(), None
    for line in lines[1:]:
        if line.startswith(("static ", "public ")):
            methods += [_method(pool, head, code)] if head else []
            head, code = line.split(), bytearray()
        else:
            code += _instruction(pool, line)
    methods += [_method(pool, head, code)] if head else []
    constants = b"".join(pool.entries)
    return b"".join((
        struct.pack(">IHHH", 0xCAFEBABE, 0, 49, len(pool.entries) + 1),
        constants,
        struct.pack(">HHHHHH", _PUBLIC | _SUPER, own, parent, 0, 0, len(methods)),
        *methods,
        b"\0\0",
    ))  # fmt: skip


def _method(pool: _Pool, head: list[str], code: bytes) -> bytes:
    access = _PUBLIC | (_STATIC if head[0] == "static" else 0)
    if head[-2] == "<clinit>":
        access = _STATIC
    body = struct.pack(">HHI", 16, 16, len(code)) + bytes(code) + b"\0\0\0\0"
    attribute = struct.pack(">HI", pool.text("Code"), len(body)) + body
    return struct.pack(">HHHH", access, pool.text(head[-2]), pool.text(head[-1]), 1) + attribute


def _instruction(pool: _Pool, line: str) -> bytes:
    name, _, rest = line.partition(" ")
    if name in _PLAIN:
        return bytes([_PLAIN[name]])
    if name == "bipush":
        return bytes([16, int(rest)])
    if name == "ldc":
        return bytes([19]) + struct.pack(">H", pool.named(8, json.loads(rest)))
    words = shlex.split(rest)
    if name in _CLASSES:
        return bytes([_CLASSES[name]]) + struct.pack(">H", pool.named(7, words[0]))
    if name in _FIELDS:
        return bytes([_FIELDS[name]]) + struct.pack(">H", pool.member(9, *words))
    if name in _METHODS:
        many = name == "invokeinterface"
        place = struct.pack(">H", pool.member(11 if many else 10, *words))
        return bytes([_METHODS[name]]) + place + (bytes([words[2].count(";") + 1, 0]) if many else b"")
    raise ValueError(f"no such instruction: {line!r}")
