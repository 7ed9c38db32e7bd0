"""Decoders, applied under limits: what a literal hides, as far as a reader can tell without running it."""

import base64
import binascii
import bz2
import codecs
import lzma
import re
import urllib.parse
import zlib
from collections.abc import Callable, Iterator

from biopsy.model.regex import regex
from biopsy.model.runs import DIGITS, LETTERS, runs, sort

MAX_OUT = 4 * 1024**2  # bytes that one decoding may give

_BASE64 = regex(r"[A-Za-z0-9+/_-]+={0,2}")
_HEX_ESCAPES = regex(r"\\x[0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2}){7,}")
_MIN_RUN = 40  # characters
_LETTERS = sort(LETTERS + DIGITS + "+/")  # of base64, of which hex is a part

_TELLING = regex(
    r"https?://|\b(?:import|require|exec|eval|subprocess|child_process|function|powershell|curl|wget|process\.env"
    r"|os\.system|/bin/(?:ba)?sh|socket|getattr|__import__|cmd\.exe|Invoke-Expression)\b"
)


def _b64(data: bytes) -> bytes:
    text = re.sub(rb"[^A-Za-z0-9+/_-]", b"", data).replace(b"-", b"+").replace(b"_", b"/")
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def _inflate(data: bytes, bits: int = 47) -> bytes:
    inflater = zlib.decompressobj(bits)
    out = inflater.decompress(data, MAX_OUT)
    return out or b""


def _zlib(data: bytes) -> bytes:
    try:
        return _inflate(data)
    except zlib.error:
        return _inflate(data, -15)


def _lzma(data: bytes) -> bytes:
    try:
        return lzma.LZMADecompressor(memlimit=64 * 1024**2).decompress(data, MAX_OUT)
    except lzma.LZMAError:  # without a head, as those write it who want no tool to know it
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_RAW).decompress(data, MAX_OUT)


_RAW = [{"id": lzma.FILTER_LZMA2, "dict_size": 8 * 1024**2}]


def _rot13(data: bytes) -> bytes:
    return codecs.encode(data.decode("latin-1"), "rot13").encode("latin-1")


def _escapes(data: bytes) -> bytes:
    def one(match: re.Match[bytes]) -> bytes:
        return chr(int(match[1] or match[2], 16)).encode("utf-8", "surrogatepass")

    return re.sub(rb"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})", one, data)


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "base64": _b64,
    "base32": lambda d: base64.b32decode(d.strip()),
    "base85": base64.b85decode,
    "ascii85": base64.a85decode,
    "hex": lambda d: binascii.unhexlify(re.sub(rb"\s|^0x", b"", d)),
    "zlib": _zlib,
    "gzip": _zlib,
    "bz2": lambda d: bz2.BZ2Decompressor().decompress(d, MAX_OUT),
    "lzma": _lzma,
    "rot13": _rot13,
    "url": urllib.parse.unquote_to_bytes,
    "escapes": _escapes,
}


def decode(method: str, data: str | bytes) -> bytes | None:
    """Undo one encoding; None where it is not that, or there is no such decoder."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    decoder = DECODERS.get(method)
    if decoder is None or len(raw) > MAX_OUT:
        return None
    try:
        return decoder(raw)[:MAX_OUT]
    except (ValueError, zlib.error, OSError, EOFError, lzma.LZMAError, UnicodeError, MemoryError):
        return None


def readable(data: bytes) -> str | None:
    """The text that bytes are, where they are text."""
    if not data:
        return None
    wide = len(data) >= 8 and data.count(b"\0") * 3 >= len(data)  # as PowerShell wants it
    try:
        text = data.decode("utf-16-le" if wide else "utf-8")
    except UnicodeDecodeError:
        return None
    odd = sum(1 for c in text[:4000] if ord(c) < 32 and c not in "\t\r\n")
    return text if odd * 20 <= min(len(text), 4000) else None


def telling(text: str) -> bool:
    """Whether a decoded text looks like something meant to be run or fetched."""
    return bool(_TELLING.search(text[:200_000]))


def candidates(text: str) -> Iterator[tuple[int, str, str]]:
    """Literals that stand encoded in any text: where, by what encoding, and what they hide."""
    for start, literal in literals(text):
        methods = ("escapes",) if literal.startswith("\\x") else ("hex", "base64")
        for method in methods:
            data = decode(method, literal)
            for outer, plain in _peel(data, method):
                if len(plain) >= 8 and telling(plain):
                    yield start, outer, plain
                    break
            else:
                continue
            break


def literals(text: str) -> Iterator[tuple[int, str]]:
    """What looks like base64, hex or a row of escapes: where, and as it stands there."""
    found = []
    for start, end in runs(text, _LETTERS, _MIN_RUN):
        stop = end + len(text[end : end + 2]) - len(text[end : end + 2].lstrip("="))
        if text[start - 1 : start] not in {"=", "_", "-"} and text[stop : stop + 1] not in {"=", "_", "-"}:
            found.append((start, text[start:stop]))
    if "\\x" in text:
        found += [(m.start(), m[0]) for m in _HEX_ESCAPES.finditer(text)]
    yield from sorted(found)


def _peel(data: bytes | None, method: str) -> Iterator[tuple[str, str]]:
    if not data:
        return
    if text := readable(data):
        yield method, text
    elif data[:2] in {b"x\x9c", b"x\xda", b"x\x01", b"\x1f\x8b"}:
        inner = decode("zlib", data)
        if inner and (text := readable(inner)):
            yield f"{method}+zlib", text
