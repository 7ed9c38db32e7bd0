"""Native code and byte code: that it is there, whether it is packed, and the URLs in its strings."""

import re
from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.static.sight import Sight, Source

NAME = "native"
MAX_SCAN = 64 * 1024**2
MAX_URLS = 60

_MAGIC = (
    (b"\x7fELF", "ELF"),
    (b"\xcf\xfa\xed\xfe", "Mach-O"),
    (b"\xce\xfa\xed\xfe", "Mach-O"),
    (b"\xca\xfe\xba\xbe\x00\x00\x00", "Mach-O"),
    (b"\x00asm", "wasm"),
)
_URL = re.compile(rb"https?://[A-Za-z0-9.-]{3,100}(?::\d{1,5})?/?[\w./?&=%~+-]{0,200}")
_PACKERS = ((b"UPX!", "upx"), (b"MEI\x0c\x0b\x0a\x0b\x0e", "pyinstaller"), (b"pyarmor", "pyarmor"))


def form(data: bytes) -> str:
    """What kind of native code bytes are; empty where they are none."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:2] == b"MZ" and len(data) > 64:
        at = int.from_bytes(data[60:64], "little")
        return "PE" if data[at : at + 4] == b"PE\0\0" else ""
    return ""


def wants(source: Source) -> bool:
    """Programs, libraries, WebAssembly and byte code, whatever their names."""
    return source.path.endswith((".pyc", ".jsc")) or bool(form(source.data))


def read(source: Source) -> Iterator[Sight]:
    """Yield what can be told without running it."""
    name = form(source.data)
    if not name:
        if source.path.endswith(".pyc") and _has_source(source):
            return
        name = "pyc" if source.path.endswith(".pyc") else "bytenode"
    yield source.see(Kind.CODE_NATIVE, f"{name} {source.path}")
    data = source.data[:MAX_SCAN]
    for mark, packer in _PACKERS:
        if mark in data and (name != "pyc"):
            yield source.see(Kind.CODE_OBFUSCATED, packer)
    seen: dict[bytes, None] = {}
    for match in _URL.finditer(data):
        seen[match[0]] = None
        if len(seen) >= MAX_URLS:
            break
    for url in seen:
        yield source.see(Kind.NET_URL, url.decode("ascii", "replace").rstrip("."))


def _has_source(source: Source) -> bool:
    """Whether the `.py` that a `.pyc` was made of is in the tree."""
    match = re.fullmatch(r"(.*?)(?:__pycache__/)?([^/]+?)(?:\.[a-z]+-?\d+)?(?:\.opt-\d)?\.pyc", source.path)
    return match is not None and f"{match[1]}{match[2]}.py" in source.paths
