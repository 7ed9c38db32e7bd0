"""Zip files, the same bytes every time (PKWARE's APPNOTE 6.3.10).

A member is packed once, for all archives that hold it: the standard library's writer packs it for each. It is
packed by zlib, since what is faster (igzip) packs otherwise on another processor.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from biopsy.errors import BiopsyError

LEVEL = 4  # 6 is 0.4 % smaller, and takes a third longer
CHUNK = 1 << 20  # bytes that are written at once
MAX_BYTES = 0xFFFF_0000  # of an archive; some 5 million reports
_MANY = 0xFFFF  # from here on the count stands in a record of zip64
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHI")  # and where it stands
_PLACE = struct.Struct("<I")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_UTF8 = 0x800  # bit 11: the name is UTF-8
_UNIX = (3 << 8) | 20  # made by version 2.0, on Unix
_MODE = 0o100644 << 16


class ArchiveError(BiopsyError):
    """An archive that would be larger than its form allows."""


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Write on."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file as it stands in an archive."""

    whole: bytes  # header, name, and what is packed
    listed: bytes  # its entry in the list at the end, but for where it stands
    name: bytes


def packed(name: str, data: bytes, modified: str) -> Member:
    """Pack a file, as of a time of RFC 3339; what MS-DOS has no time for is of 1980."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
    return _member(name, packer.compress(data) + packer.flush(), len(data), zlib.crc32(data), modified)


def _member(name: str, body: bytes, size: int, crc: int, modified: str) -> Member:
    called, when = name.encode(), _when(modified)
    flags = 0 if name.isascii() else _UTF8
    shared = (flags, 8, when & 0xFFFF, when >> 16, crc, len(body), size, len(called))
    whole = b"".join((_LOCAL.pack(b"PK\3\4", 20, *shared, 0), called, body))
    return Member(whole, _CENTRAL.pack(b"PK\1\2", _UNIX, 20, *shared, 0, 0, 0, 0, _MODE), called)


class Packing:
    """Packs a file whose bytes come bit by bit."""

    def __init__(self, level: int = LEVEL) -> None:
        """Start with an empty file."""
        self._packer = zlib.compressobj(level, zlib.DEFLATED, -15)
        self._body, self._size, self._crc = bytearray(), 0, 0

    def write(self, data: bytes) -> None:
        """Write on."""
        self._body += self._packer.compress(data)
        self._size += len(data)
        self._crc = zlib.crc32(data, self._crc)

    def member(self, name: str, modified: str) -> Member:
        """End the file."""
        return _member(name, bytes(self._body + self._packer.flush()), self._size, self._crc, modified)


@lru_cache(maxsize=4096)  # many reports are of one moment
def _when(modified: str) -> int:
    found = _TIME.match(modified)
    year, month, day, hour, minute, second = map(int, found.groups()) if found else (0,) * 6
    if not 1980 <= year <= 2107:
        return (1 << 21) | (1 << 16)
    return (year - 1980) << 25 | month << 21 | day << 16 | hour << 11 | minute << 5 | second // 2


class Archive:
    """Writes members into a zip, in the order that they come; `close` ends it."""

    def __init__(self, file: Sink) -> None:
        """Take where it goes."""
        self._file, self._at, self._index, self._count = file, 0, bytearray(), 0
        self._held = bytearray()

    def add(self, member: Member) -> None:
        """Write a member; raises ArchiveError."""
        if self._at + len(self._index) + len(member.whole) > MAX_BYTES:
            raise ArchiveError("more reports than fit into one zip file of 4 GiB")
        self._index += member.listed + _PLACE.pack(self._at) + member.name
        self._held += member.whole
        self._at += len(member.whole)
        if len(self._held) > CHUNK:
            self._flush()
        self._count += 1

    def close(self) -> None:
        """Write the list of members."""
        self._flush()
        start, size = self._at, len(self._index)
        self._put(bytes(self._index))
        if self._count >= _MANY:
            end = self._at
            self._put(
                _END64.pack(b"PK\6\6", 44, (3 << 8) | 45, 45, 0, 0, self._count, self._count, size, start)
            )
            self._put(_LOCATOR.pack(b"PK\6\7", 0, end, 1))
        count = min(self._count, _MANY)
        self._put(_END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0))

    def _flush(self) -> None:
        self._file.write(bytes(self._held))
        self._held.clear()

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._at += len(data)
