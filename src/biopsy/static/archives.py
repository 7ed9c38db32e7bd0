"""Archives that stand in a package, opened in memory under limits; members that look like code come first."""

import bz2
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from msgspec import Struct

MAX_MEMBERS = 1000  # of one archive that are opened
MAX_LISTED = 50_000  # of one archive that are looked at
MAX_MEMBER = 16 * 1024**2  # bytes of one
MAX_TOTAL = 32 * 1024**2  # bytes of all of one archive
MAX_NAME = 400  # characters of a member's name

UNREAD = (
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"MSCF\0\0\0\0", "cab"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"!<arch>\n", "ar"),
    (b"\xed\xab\xee\xdb", "rpm"),
    (b"hsqs", "squashfs"),
    (b"xar!", "xar"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
"""Containers that are told of and not opened."""

_ERRORS = (
    zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, struct.error, OSError, ValueError,
    EOFError, RuntimeError, NotImplementedError, OverflowError, IndexError, KeyError, MemoryError,
    AttributeError, TypeError,
)  # fmt: skip
_FIRST = frozenset({
    "", ".py", ".pyw", ".pyc", ".js", ".cjs", ".mjs", ".ts", ".sh", ".ps1", ".bat", ".cmd", ".vbs", ".exe",
    ".dll",
    ".so", ".node", ".pth", ".pkl", ".json", ".hta", ".lnk", ".scr", ".jar", ".zip", ".class", ".command",
})  # fmt: skip


class Member(Struct, frozen=True):
    """One member: its name as written, made safe to stand in a place, and its bytes."""

    name: str
    data: bytes


class Opened(Struct):
    """What an archive is and holds. `members` may be cut short; then `cut` says by which limit."""

    form: str
    members: list[Member]
    names: tuple[str, ...] = ()
    encrypted: int = 0
    cut: str = ""


def form(data: bytes) -> str:
    """What container bytes begin as; empty for none."""
    if data[:4] == b"PK\x03\x04" or data[:4] == b"PK\x05\x06":
        return "zip"
    if data[:4] == b"Cr24":
        return "crx"
    if data[:3] == b"\x1f\x8b\x08":
        return "gzip"
    if data[:3] == b"BZh" and data[4:10] == b"1AY&SY":
        return "bzip2"
    if data[:6] == b"\xfd7zXZ\0":
        return "xz"
    if data[257:262] == b"ustar":
        return "tar"
    return next((name for magic, name in UNREAD if data.startswith(magic)), "")


def appended_zip(data: bytes) -> int:
    """Where a zip begins that stands behind something else; -1 where there is none."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 66_000))
    if end < 0 or end + 22 > len(data):
        return -1
    size, offset = struct.unpack("<LL", data[end + 12 : end + 20])
    for start in (end - size - offset, offset and 0):  # offsets count from the zip's begin, or the file's
        directory = start + offset
        if start >= 0 and 0 <= directory <= end - 46 and data[directory : directory + 4] == b"PK\x01\x02":
            first = struct.unpack("<L", data[directory + 42 : directory + 46])[0] + start
            return first if data[first : first + 4] == b"PK\x03\x04" else -1
    return -1


def unzip(data: bytes) -> Opened:
    """Open a zip, whatever stands before it."""
    opened = Opened("zip", [])
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [i for i in archive.infolist()[:MAX_LISTED] if not i.is_dir()]
            opened.names = tuple(_clean(i.filename) for i in infos)
            opened.encrypted = sum(i.flag_bits & 1 for i in infos)
            total = 0
            for info in sorted(infos, key=lambda i: _order(i.filename, i.file_size)):
                if info.flag_bits & 1:
                    continue
                if len(opened.members) >= MAX_MEMBERS or total >= MAX_TOTAL:
                    opened.cut = "total"
                    break
                content = _member(archive, info)
                total += len(content)
                if len(content) > MAX_MEMBER:
                    opened.cut = "member"
                else:
                    opened.members.append(Member(_clean(info.filename), content))
    except _ERRORS:
        opened.cut = opened.cut or "damaged"
    return opened


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as file:
            return file.read(MAX_MEMBER + 1)
    except _ERRORS:
        return b""


def untar(data: bytes) -> Opened:
    """Open a tar that is not compressed, or not any more. Links and devices are left out."""
    opened = Opened("tar", [])
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errorlevel=0) as archive:
            infos = []
            for info in archive:
                infos.append(info)
                if len(infos) >= MAX_LISTED:
                    opened.cut = "members"
                    break
            files = [i for i in infos if i.isreg()]
            opened.names = tuple(_clean(i.name) for i in files)
            for info in sorted(files, key=lambda i: _order(i.name, i.size))[:MAX_MEMBERS]:
                file = archive.extractfile(info) if info.size <= MAX_MEMBER else None
                if file:
                    opened.members.append(Member(_clean(info.name), file.read(MAX_MEMBER)))
    except _ERRORS:
        opened.cut = opened.cut or "damaged"
    return opened


def inflate(data: bytes, name: str) -> bytes:
    """Undo `gzip`, `bzip2` or `xz`, as far as MAX_TOTAL allows; empty where it is broken."""
    try:
        match name:
            case "gzip":
                return zlib.decompressobj(31).decompress(data, MAX_TOTAL)
            case "bzip2":
                return bz2.BZ2Decompressor().decompress(data, MAX_TOTAL)
            case _:
                return lzma.LZMADecompressor(memlimit=64 * 1024**2).decompress(data, MAX_TOTAL)
    except _ERRORS:
        return b""


def open_up(data: bytes, name: str) -> Iterator[Opened]:
    """Open whatever `form` said; nothing for what is only told of."""
    match name:
        case "zip" | "crx":
            yield unzip(data)
        case "tar":
            yield untar(data)
        case "gzip" | "bzip2" | "xz":
            plain = inflate(data, name)
            if plain[257:262] == b"ustar":
                yield untar(plain)
            elif plain:
                yield Opened(
                    name,
                    [Member("content", plain)],
                    ("content",),
                    cut="total" if len(plain) >= MAX_TOTAL else "",
                )


def _order(name: str, size: int) -> tuple[bool, int]:
    return PurePosixPath(name).suffix.lower() not in _FIRST, size


def _clean(name: str) -> str:
    """A member's name without roots and climbing: it is shown, never created."""
    parts = [p for p in name.replace("\\", "/").split("/") if p not in {"", ".", ".."}]
    return "/".join(parts)[-MAX_NAME:] or "unnamed"
