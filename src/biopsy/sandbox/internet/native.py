"""A second stage that is a program: an ELF file for x86-64 that runs, or is loaded, and asks for one name.

It is inert: `socket`, `sendto` with one DNS question to a public resolver (who is we), `close`; started as
a program it then exits, loaded as a library or an addon its initialiser returns. The question stands in it
XORed, so that nothing that reads the file can come upon the name. Another processor cannot run it; nothing
is seen then.

The machine code, position independent:

    start:  call init; exit(0)
    init:   push rbx, r12; rsp -= 160; copy the question to the stack, each byte ^ 0x5a
            fd = socket(AF_INET, SOCK_DGRAM, 0); sendto(fd, question, length, 0, {9.9.9.9:53}, 16); close(fd)
            rsp += 160; pop; return 0
    data:   length, question
"""

import struct

from biopsy.sandbox.internet import tag

_CODE = bytes.fromhex(
    "e80900000031ffb83c0000000f055341544881eca0000000488d358d0000004889e70fb60e4189cc48ffc68a06345a880748ff"
    "c648ffc7ffc975f0bf02000000be0200000031d2b8290000000f0585c0784d89c3c784248800000002000035c784248c000000"
    "0909090948c78424900000000000000089df4889e64489e24531d24c8d84248800000041b910000000b82c0000000f0589dfb8"
    "030000000f054881c4a0000000415c5b31c0c3"
)
_INIT = 14  # where `init` begins
_KEY = 0x5A
_HEAD, _SEGMENT, _SEGMENTS = 64, 56, 3
_DYNAMIC_AT = _HEAD + _SEGMENT * _SEGMENTS
_DYNAMIC = 6 * 16
_SYMBOLS_AT = _DYNAMIC_AT + _DYNAMIC
_STRINGS_AT = _SYMBOLS_AT + 24
_CODE_AT = _STRINGS_AT + 8
_LOAD, _TAGS, _STACK = 1, 2, 0x6474E551


def elf(token: str) -> bytes:
    """The file, as a program and as a library at once (ELF-64, a shared object with an entry)."""
    body = _body(token)
    size = _CODE_AT + len(body)
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, _CODE_AT, _HEAD, 0, 0, _HEAD, _SEGMENT, _SEGMENTS, 0, 0, 0
    )
    segments = b"".join(
        struct.pack("<IIQQQQQQ", kind, flags, at, at, at, length, length, align)
        for kind, flags, at, length, align in (
            (_LOAD, 7, 0, size, 4096),
            (_TAGS, 6, _DYNAMIC_AT, _DYNAMIC, 8),
            (_STACK, 6, 0, 0, 16),
        )
    )
    names = ((5, _STRINGS_AT), (6, _SYMBOLS_AT), (10, 8), (11, 24), (12, _CODE_AT + _INIT), (0, 0))
    dynamic = b"".join(struct.pack("<QQ", name, value) for name, value in names)
    return head + segments + dynamic + bytes(24) + bytes(8) + body


def machine(token: str) -> bytes:
    """The bare code of `init`, for who copies bytes into memory and calls them: a function that returns 0."""
    return _body(token)[_INIT:]


def _body(token: str) -> bytes:
    question = _question(tag.host(token))
    return _CODE + bytes((len(question),)) + bytes(byte ^ _KEY for byte in question)


def _question(host: str) -> bytes:
    labels = b"".join(bytes((len(part),)) + part.encode() for part in host.split("."))
    return struct.pack("!6H", 0x2A17, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)
