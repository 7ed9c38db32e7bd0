"""Peeling data that say nothing: encodings and compressions undone, layer by layer, until code comes out.

Nobody says here that the data are ever decoded: it is told that there is code in them.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from biopsy.model.regex import regex
from biopsy.static import archives, bytecode, decode, programs
from biopsy.static.sight import guess

MAX_DATA = 4 * 1024**2  # bytes that are tried to be peeled
MAX_LAYERS = 5
MAX_TRIES = 40  # decodings of one blob
MIN_CODE = 12  # bytes

_SQUEEZED = (
    (b"x\x9c", "zlib"), (b"x\xda", "zlib"), (b"x\x01", "zlib"), (b"x^", "zlib"), (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"), (b"\xfd7zXZ", "lzma"), (b"]\0\0", "lzma"),
)  # fmt: skip
_HEX = regex(rb"(?:0x)?[0-9a-fA-F\s]{24,}")
_BASE64 = regex(rb"[A-Za-z0-9+/_=\s-]{24,}")
_BASE32 = regex(rb"[A-Z2-7=\s]{40,}")
_BASE85 = regex(rb"[!-~\r\n]{24,}")
_NUMBERS = regex(rb"[\[({]?\s*(?:\d{1,3}\s*[,\s]\s*){23,}\d{1,3}\s*,?\s*[\])}]?")
_ESCAPES = regex(rb"(?:\\x[0-9a-fA-F]{2}){12,}")
_OLD_PICKLE = regex(rb"c[\w.]{2,40}\n\w{2,40}\n(?:p\d+\n)?\(")
_BITS = regex(rb"[01\s]{128,}")


class Found(Struct, frozen=True):
    """What came out: `what` it is (a language, or a form of program or archive), and `how` it was wrapped."""

    what: str
    how: str
    data: bytes

    @property
    def text(self) -> str:
        """The code, where it is text; else empty."""
        return (decode.readable(self.data) or "") if self.what in LANGUAGES else ""


LANGUAGES = frozenset({"python", "javascript", "shell", "code"})


def name(data: bytes) -> str:
    """What bytes are, if they are something that runs or unpacks; empty where not."""
    if len(data) < MIN_CODE:
        return ""
    if found := programs.form(data) or archives.form(data):
        return found
    if data[:1] in (b"\xe3", b"c") and bytecode.read(data):
        return "bytecode"
    if data[:1] == b"\x80" and data[1:2] in (b"\2", b"\3", b"\4", b"\5") and data.rstrip(b"\0")[-1:] == b".":
        return "pickle"
    if _OLD_PICKLE.match(data):
        return "pickle"
    text = decode.readable(data)
    if text and decode.telling(text):
        return guess(text) or "code"
    return ""


def unwrap(data: bytes, *, bare: bool = False) -> Found | None:
    """Peel until something is found that runs; `bare` says that it need not be wrapped at all."""
    if bare and (what := name(data)) and what != "code":  # a mere address is no code
        return Found(what, "", data)
    waiting, tries = [("", data, 0)], 0
    while waiting and tries < MAX_TRIES:
        how, current, depth = waiting.pop(0)
        for method, plain in _undone(current):
            tries += 1
            path = f"{how}+{method}" if how else method
            if (what := name(plain)) and what not in {"gzip", "bzip2", "xz"}:
                return Found(what, path, plain)
            if depth + 1 < MAX_LAYERS and len(plain) >= MIN_CODE:
                waiting.append((path, plain, depth + 1))
    return None


def _undone(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every decoding that fits the whole of some bytes."""
    if len(data) > MAX_DATA:
        return
    for magic, method in _SQUEEZED:
        if data.startswith(magic):
            if plain := decode.decode(method, data):
                yield method, plain
            return
    trimmed = data.strip()
    if not trimmed.isascii() or b"\0" in trimmed[:1000]:
        return
    for method, shape in _SHAPES:
        if shape.fullmatch(trimmed) and (plain := _plain(method, trimmed)) and plain != data:
            yield method, plain


_SHAPES = (
    ("hex", _HEX), ("bits", _BITS), ("numbers", _NUMBERS), ("escapes", _ESCAPES), ("base32", _BASE32),
    ("base64", _BASE64), ("reversed-base64", _BASE64), ("base85", _BASE85), ("ascii85", _BASE85),
)  # fmt: skip


def _plain(method: str, data: bytes) -> bytes | None:
    match method:
        case "numbers":
            numbers = [int(n) for n in re.findall(rb"\d{1,3}", data)]
            return bytes(numbers) if max(numbers) < 256 else None
        case "bits":
            bits = re.sub(rb"\s", b"", data)
            return int(bits, 2).to_bytes(len(bits) // 8, "big") if len(bits) % 8 == 0 else None
        case "reversed-base64":
            return decode.decode("base64", data[::-1])
        case "base32" | "base85" | "ascii85":
            return decode.decode(method, re.sub(rb"\s", b"", data))
    return decode.decode(method, data)
