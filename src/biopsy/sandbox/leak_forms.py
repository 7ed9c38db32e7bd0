"""Peeling: the bytes that may be inside bytes, under encodings and compressions, within bounds."""

import base64
import binascii
import bz2
import contextlib
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

MAX_DEPTH: Final = 4
"""Layers that are peeled off one another."""

MAX_INFLATED: Final = 8 * 1024**2
"""Longest decompressed content that is looked at, in bytes."""

MAX_VARIANTS: Final = 48
"""Most readings of one piece of data."""

MAX_TOKENS: Final = 400
"""Most encoded words that are decoded of one piece of data."""

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{11,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}")
_HEX = re.compile(rb"[0-9a-fA-F]{16,}")
_APART = re.compile(rb"\\x|0x|[ ,:;\r\n%-]")
_BASE32 = re.compile(rb"[A-Za-z2-7]{16,}={0,6}")
_BASE32HEX = re.compile(rb"[A-Va-v0-9]{16,}={0,6}")
_TO_BASE32 = bytes.maketrans(b"0123456789ABCDEFGHIJKLMNOPQRSTUV", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_BYTES = re.compile(rb"[\d ,;\r\n]{24,}")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]{16,}")
_PRINTABLE = bytes([9, 10, 13, *range(32, 127)])
_ESCAPE = re.compile(rb"\\(?:u00([0-9a-fA-F]{2})|x([0-9a-fA-F]{2})|([\"\\/nrtbf]))")
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_ALPHABET = bytes.maketrans(b"-_", b"+/")


def peel(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield `data` as `clear`, then what it may hold, each with its encodings from the outside in
    (`base64+gzip`).
    """
    queue: list[tuple[str, bytes, int]] = [("", data, 0)]
    seen = {data}
    budget = 16 * len(data) + MAX_INFLATED
    while queue and len(seen) <= MAX_VARIANTS:
        name, layer, depth = queue.pop(0)
        yield name or "clear", layer
        if depth >= MAX_DEPTH:
            continue
        text = _text(layer)
        for form, opened in (*BINARY, *TEXTUAL):
            for inner in opened(text if (form, opened) in TEXTUAL else layer):
                if len(inner) < 8 or inner in seen or budget <= 0 or len(seen) > MAX_VARIANTS:
                    continue
                seen.add(inner)
                budget -= len(inner)
                queue.append((f"{name}+{form}" if name else form, inner, depth + 1))


def _url(data: bytes) -> Iterator[bytes]:
    if b"%" in data:
        yield unquote_to_bytes(data.replace(b"+", b" "))


def _json(data: bytes) -> Iterator[bytes]:
    if b"\\" in data:
        yield _ESCAPE.sub(
            lambda m: bytes.fromhex((m[1] or m[2]).decode()) if m[1] or m[2] else _PLAIN.get(m[3], m[3]), data
        )


def inflate(data: bytes, wbits: int, limit: int = MAX_INFLATED) -> bytes:
    """Decompress as much as there is, up to the limit; nothing when it is not compressed."""
    try:
        return zlib.decompressobj(wbits).decompress(data, limit)
    except zlib.error:
        return b""


def _gzip(data: bytes) -> Iterator[bytes]:
    at = data.find(b"\x1f\x8b\x08")
    if at >= 0:
        yield inflate(data[at:], 31)


def _zlib(data: bytes) -> Iterator[bytes]:
    for head in (b"\x78\x9c", b"\x78\x01", b"\x78\xda", b"\x78\x5e"):
        at = data.find(head)
        if at >= 0:
            yield inflate(data[at:], 15)


def _deflate(data: bytes) -> Iterator[bytes]:
    if len(data) >= 16 and not data.isascii():
        yield inflate(data, -15)


def _zip(data: bytes) -> Iterator[bytes]:
    """Inflate the members of a zip, found by their own headers: a directory can lie, or be missing."""
    parts: list[bytes] = []
    at, room = data.find(b"PK\x03\x04"), MAX_INFLATED
    while at >= 0 and len(parts) < MAX_TOKENS and room > 0:
        if len(data) < at + 30:
            break
        method, name, extra = (int.from_bytes(data[at + n : at + n + 2], "little") for n in (8, 26, 28))
        start = at + 30 + name + extra
        if method == 8:
            parts.append(inflate(data[start:], -15, room))
            room -= len(parts[-1])
        at = data.find(b"PK\x03\x04", at + 4)
    if parts:
        yield b"\n".join(parts)


def _other(data: bytes) -> Iterator[bytes]:
    """Decompress bzip2 and xz."""
    for head, opened in ((b"BZh", bz2.BZ2Decompressor), (b"\xfd7zXZ\0", _xz)):
        at = data.find(head)
        if at >= 0:
            with contextlib.suppress(OSError, EOFError, ValueError, lzma.LZMAError):
                yield opened().decompress(data[at:], MAX_INFLATED)


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(memlimit=64 * 1024**2)


def _base64(data: bytes) -> Iterator[bytes]:
    """Decode the words at each of their four alignments; all words of one alignment come joined."""
    words = [match[0] for _, match in zip(range(MAX_TOKENS), _BASE64.finditer(data), strict=False)]
    for shift in range(4):
        parts = []
        for word in words:
            text = word.translate(_ALPHABET, b"=\r\n")[shift:]
            text = text[: len(text) // 4 * 4] if len(text) % 4 == 1 else text
            try:
                parts.append(binascii.a2b_base64(text + b"=" * (-len(text) % 4)))
            except binascii.Error:
                continue
        if parts:
            yield b"\n".join(parts)


def _hex(data: bytes) -> Iterator[bytes]:
    for text in (data, _APART.sub(b"", data)):
        words = [match[0] for _, match in zip(range(MAX_TOKENS), _HEX.finditer(text), strict=False)]
        for shift in (0, 1):
            parts = [word[shift : shift + (len(word) - shift) // 2 * 2] for word in words]
            if parts:
                yield b"\n".join(bytes.fromhex(part.decode()) for part in parts)


def _base32(data: bytes, shifts: int = 8) -> Iterator[bytes]:
    words = [match[0] for _, match in zip(range(MAX_TOKENS), _BASE32.finditer(data), strict=False)]
    for shift in range(shifts if len(words) < MAX_TOKENS // 8 else 1):
        parts = []
        for word in words:
            text = word.upper().rstrip(b"=")[shift:]
            text = text[: len(text) - (1 if len(text) % 8 in {1, 3, 6} else 0)]
            try:
                parts.append(base64.b32decode(text + b"=" * (-len(text) % 8)))
            except (binascii.Error, ValueError):
                continue
        if any(parts):
            yield b"\n".join(parts)


def _base32hex(data: bytes) -> Iterator[bytes]:
    """Decode the words of the other alphabet (RFC 4648, section 7), from where each begins."""
    words = [match[0] for _, match in zip(range(MAX_TOKENS), _BASE32HEX.finditer(data), strict=False)]
    if words:
        yield from _base32(b" ".join(word.upper().translate(_TO_BASE32) for word in words), shifts=1)


def _numbers(data: bytes) -> Iterator[bytes]:
    parts = []
    for _, match in zip(range(MAX_TOKENS), _BYTES.finditer(data), strict=False):
        words = re.split(rb"[ ,;\r\n]+", match[0].strip(b" ,;\r\n"))
        if len(words) >= 8 and all(len(word) < 4 and int(word) < 256 for word in words):
            parts.append(bytes(map(int, words)))
    if parts:
        yield b"\n".join(parts)


def _wide(data: bytes) -> Iterator[bytes]:
    if data.count(b"\0") * 3 > len(data):
        yield data.replace(b"\0", b"")


def _text(data: bytes) -> bytes:
    """Leave the text of what is mostly not text; decoders of text are slow on other bytes, and find
    nothing.
    """
    if len(data.translate(None, _PRINTABLE)) * 4 < len(data):
        return data
    return b"\n".join(_TEXT.findall(data))


_Form = tuple[str, Callable[[bytes], Iterator[bytes]]]

BINARY: Final[tuple[_Form, ...]] = (
    ("gzip", _gzip),
    ("zip", _zip),
    ("zlib", _zlib),
    ("bzip2 or xz", _other),
    ("utf-16", _wide),
    ("deflate", _deflate),
)
TEXTUAL: Final[tuple[_Form, ...]] = (
    ("url", _url),
    ("json", _json),
    ("base64", _base64),
    ("hex", _hex),
    ("base32", _base32),
    ("bytes", _numbers),
    ("base32hex", _base32hex),
)
"""The encodings that are peeled: of any bytes, and of text."""
