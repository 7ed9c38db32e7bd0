"""The parts of a zip archive (APPNOTE.TXT 6.3): end record, central directory, local headers, contents."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from biopsy.model.behaviour import Kind
from biopsy.unpack import squeeze
from biopsy.unpack.names import decode
from biopsy.unpack.place import Place
from biopsy.unpack.squeeze import Damaged

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
MAX_TAIL = 65_535 + 22 + 1024  # where the end record is looked for
MAX_DIRECTORY = 64 * 1024**2  # bytes of central directory

_METHODS = {0: "stored", 8: "deflate", 12: "bzip2", 14: "lzma"}


class Member(Struct, frozen=True):
    """One member, by its central or its local header."""

    name: bytes
    flags: int
    method: int
    packed: int
    size: int
    crc: int
    at: int  # of the local header
    mode: int = 0
    data: int = 0  # where the packed bytes begin
    extra: bytes = b""

    @property
    def text(self) -> str:
        """The name as Python and most others read it."""
        return decode(self.name, "utf-8" if self.flags & 0x800 else "cp437")[0]

    @property
    def valid(self) -> bool:
        """Whether the name is valid in the encoding it claims."""
        return not self.flags & 0x800 or decode(self.name)[1]


class End(Struct, frozen=True):
    """The end record: where the central directory should be, and where the record itself is."""

    at: int
    count: int
    size: int
    offset: int
    after: int  # first byte behind the record and its comment


def is_zip(path: Path) -> bool:
    """Whether an end record stands near the end of the file; anything may precede."""
    with path.open("rb") as file:
        return bool(find_end(file))


def find_end(file: BinaryIO) -> End | None:
    """The last end record that fits, in zip64 form where there is one."""
    length = file.seek(0, io.SEEK_END)
    base = max(0, length - MAX_TAIL)
    file.seek(base)
    tail = file.read(MAX_TAIL)
    at = tail.rfind(END)
    while at >= 0 and len(tail) - at < 22:
        at = tail.rfind(END, 0, at)
    if at < 0:
        return None
    count, size, offset, comment = struct.unpack("<HLLH", tail[at + 10 : at + 22])
    after = base + at + 22 + comment
    if 0xFFFFFFFF in {size, offset} or count == 0xFFFF:
        locator = tail[at - 20 : at] if at >= 20 else b""
        if locator[:4] == b"PK\x06\x07":
            file.seek(min(int.from_bytes(locator[8:16], "little"), length))
            record = file.read(56)
            if record[:4] == b"PK\x06\x06" and len(record) == 56:
                count, size, offset = struct.unpack("<QQQ", record[32:56])
                return End(file.tell() - 56, count, size, offset, after)
    return End(base + at, count, size, offset, after)


def directory(file: BinaryIO, end: End, place: Place) -> list[Member]:
    """The central directory's members; offsets count from the beginning of the file, whatever precedes."""
    shift = end.at - end.size - end.offset
    start = end.at - end.size
    if shift < 0 or start < 0:
        place.say(Kind.ARCHIVE_DAMAGED, "zip: central directory lies outside the file")
        return []
    if end.size > MAX_DIRECTORY:
        place.say(Kind.ARCHIVE_BOMB, f"central directory {end.size} bytes")
        return []
    file.seek(start)
    data = file.read(end.size)
    members, at = [], 0
    while data[at : at + 4] == CENTRAL and at + 46 <= len(data):
        member, at = _central(data, at, shift)
        members.append(member)
        if len(members) > place.limits.entries:
            break
    if at < len(data):
        place.say(Kind.ARCHIVE_DAMAGED, "zip: broken central directory")
    if len(members) != end.count and len(members) <= place.limits.entries:
        place.say(Kind.ARCHIVE_HIDDEN, f"end record counts {end.count} members, directory has {len(members)}")
    return members


def _central(data: bytes, at: int, shift: int) -> tuple[Member, int]:
    fields = struct.unpack("<HHHHHHLLLHHHHHLL", data[at + 4 : at + 46])
    made, _, flags, method, _, _, crc, packed, size, n_name, n_extra, n_comment = fields[:12]
    outside, offset = fields[14], fields[15]
    name = data[at + 46 : at + 46 + n_name]
    extra = data[at + 46 + n_name : at + 46 + n_name + n_extra]
    packed, size, offset = _zip64(extra, packed, size, offset)
    mode = outside >> 16 if made >> 8 in {3, 19} or outside >> 16 else 0
    member = Member(name, flags, method, packed, size, crc, offset + shift, mode, extra=extra)
    return member, at + 46 + n_name + n_extra + n_comment


def _zip64(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    wide = field(extra, 0x0001)
    values = [int.from_bytes(wide[i : i + 8], "little") for i in range(0, len(wide) - 7, 8)]
    if size == 0xFFFFFFFF and values:
        size = values.pop(0)
    if packed == 0xFFFFFFFF and values:
        packed = values.pop(0)
    if offset == 0xFFFFFFFF and values:
        offset = values.pop(0)
    return packed, size, offset


def field(extra: bytes, wanted: int) -> bytes:
    """The body of one extra field; empty where there is none."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack("<HH", extra[at : at + 4])
        if tag == wanted:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return b""


def local(file: BinaryIO, at: int) -> Member | None:
    """The local header at an offset; None where there is none."""
    file.seek(at)
    head = file.read(30)
    if len(head) < 30 or head[:4] != LOCAL:
        return None
    _, flags, method, _, _, crc, packed, size, n_name, n_extra = struct.unpack("<HHHHHLLLHH", head[4:])
    rest = file.read(n_name + n_extra)
    name, extra = rest[:n_name], rest[n_name:]
    packed, size, _ = _zip64(extra, packed, size, 0)
    return Member(name, flags, method, packed, size, crc, at, data=at + 30 + n_name + n_extra, extra=extra)


def content(file: BinaryIO, member: Member, place: Place) -> Iterator[bytes]:
    """The unpacked bytes of a member whose `data` is known; raises Damaged."""
    form = _METHODS.get(member.method)
    if form is None:
        raise Damaged(f"zip: {member.text}: method {member.method}")
    file.seek(member.data)
    place.packed += min(member.packed, 1 << 32)
    if form == "stored":
        yield from _exact(file, member)
        return
    if form == "lzma":  # APPNOTE 5.8.8: version and properties come first; made into an .lzma header
        raw = file.read(9)
        head = raw[4:9] + b"\xff" * 8
        packed = _join(head, squeeze.blocks(file, member.packed - 9))
        yield from squeeze.undo("lzma", packed, lambda _: None)
        return
    yield from squeeze.undo(form, squeeze.blocks(file, member.packed), lambda _: None)


def _exact(file: BinaryIO, member: Member) -> Iterator[bytes]:
    got = 0
    for chunk in squeeze.blocks(file, member.packed):
        got += len(chunk)
        yield chunk
    if got < member.packed:
        raise Damaged(f"zip: {member.text}: ends early")


def _join(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest
