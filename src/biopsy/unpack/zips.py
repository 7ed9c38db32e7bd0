"""Zip archives, read twice: by the central directory, and by walking the bytes that it leaves out.

Installers disagree on a zip whose local headers and central directory differ; a member that only one of
the two shows is `archive.hidden`, and is unpacked as well so that static readers see it.
"""

import io
import itertools
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from msgspec.structs import replace

from biopsy.model.behaviour import Kind
from biopsy.unpack.names import decode, judge
from biopsy.unpack.place import Place, TooLarge
from biopsy.unpack.squeeze import Damaged
from biopsy.unpack.zipform import END, LOCAL, Member, content, directory, field, find_end, local

MAX_GAP = 64 * 1024**2  # bytes outside members that are searched for hidden ones
MAX_PADDING = 65_536  # zero bytes that pass as alignment


def read(file: BinaryIO, place: Place) -> None:
    """Unpack a zip into `place`; raises Full at a limit of the whole archive."""
    length = file.seek(0, io.SEEK_END)
    end = find_end(file)
    if end is None:
        place.say(Kind.ARCHIVE_DAMAGED, "zip: no end record")
    elif end.after != length:
        what = (
            f"{length - end.after} bytes after the end" if end.after < length else "comment longer than file"
        )
        place.say(Kind.ARCHIVE_HIDDEN, what)
    members = directory(file, end, place) if end else []
    located = [(member, local(file, member.at)) for member in members]
    spans = sorted(_span(file, member, here) for member, here in located if here)
    if any(one[1] > two[0] for one, two in itertools.pairwise(spans)):
        place.say(Kind.ARCHIVE_BOMB, "overlapping members")
    try:
        for member, here in located:
            _listed(file, member, here, place)
    finally:
        if end:
            spans.append((end.at - end.size if members else end.at, end.after))
        for start, stop in _gaps(spans, length):
            _search(file, start, stop, place, after=bool(end and start >= end.after))


def _listed(file: BinaryIO, member: Member, here: Member | None, place: Place) -> None:
    place.count()
    if here is None:
        place.say(Kind.ARCHIVE_DAMAGED, f"zip: no local header for {member.text}")
        return
    whole = replace(member, data=here.data)
    for what in _differences(member, here):
        place.say(Kind.ARCHIVE_HIDDEN, f"{member.text}: {what}")
    put(file, whole, member.text, place)
    if here.name != member.name:
        put(file, replace(whole, flags=here.flags), here.text, place)


def _differences(listed: Member, here: Member) -> Iterator[str]:
    if here.name != listed.name:
        yield f"named {here.text} in its local header"
    if here.method != listed.method:
        yield "another method in its local header"
    if not here.flags & 8 and (here.packed, here.size) != (listed.packed, listed.size):
        yield "another size in its local header"
    if (other := field(listed.extra, 0x7075)[5:]) and other != listed.text.encode("utf-8", "replace"):
        yield f"named {decode(other)[0]} in its Unicode field"


def _span(file: BinaryIO, member: Member, here: Member) -> tuple[int, int]:
    stop = here.data + member.packed
    if not here.flags & 8:
        return member.at, stop
    file.seek(stop)  # a data descriptor follows, with or without signature, in 32 or 64 bits
    after = file.read(24)
    crc, packed = member.crc.to_bytes(4, "little"), (member.packed & 0xFFFFFFFF).to_bytes(4, "little")
    for lead in (b"PK\x07\x08" + crc, crc):
        if after.startswith(lead + packed):
            wide = after[len(lead) + 4 : len(lead) + 8] == b"\0" * 4 and member.size
            return member.at, stop + len(lead) + (16 if wide else 8)
    return member.at, stop


def _gaps(spans: Iterable[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    at = 0
    for start, stop in sorted(spans):
        if start > at:
            yield at, min(start, length)
        at = max(at, stop)
    if at < length:
        yield at, length


def _search(file: BinaryIO, start: int, stop: int, place: Place, *, after: bool) -> None:
    """Look into bytes that no listed member covers."""
    file.seek(start)
    data = file.read(min(stop - start, MAX_GAP))
    if not data.strip(b"\0") and len(data) <= MAX_PADDING:
        return
    if not after:
        where = "before the first member" if start == 0 else "between members"
        place.say(Kind.ARCHIVE_HIDDEN, f"{len(data)} bytes {where}")
    if END in data:
        place.say(Kind.ARCHIVE_HIDDEN, "second end record")
    at = data.find(LOCAL)
    while at >= 0:
        place.count()
        at = data.find(LOCAL, at + max(4, _unlisted(file, start + at, stop, place)))


def _unlisted(file: BinaryIO, at: int, stop: int, place: Place) -> int:
    """Unpack a member that the directory does not list; return how many bytes it takes."""
    member = local(file, at)
    if member is None or not member.name or member.data > stop or member.method not in {0, 8, 12, 14}:
        return 4
    if member.data + member.packed > stop or (member.flags & 8 and not member.packed):
        member = replace(member, packed=stop - member.data)
        taken = member.data - at
    else:
        taken = member.data - at + member.packed
    place.say(Kind.ARCHIVE_HIDDEN, f"{member.text} is not in the central directory")
    put(file, member, member.text, place)
    return taken


def put(file: BinaryIO, member: Member, name: str, place: Place) -> None:
    """Write one member under `name`; damage and limits of this member are told, and end only it."""
    if member.flags & 1:
        place.say(Kind.ARCHIVE_DAMAGED, f"zip: encrypted {name}")
        return
    judged = judge(name, place.limits, valid=member.valid)
    form = member.mode & 0o170000
    if name.endswith(("/", "\\")) and not member.size:
        for kind, value in judged.odd:
            place.say(kind, value)
    elif form == 0o120000:
        target = _first(content(file, member, place))
        place.say(Kind.ARCHIVE_LINK, f"{name} -> {decode(target[:4096])[0]}")
    elif form in {0o020000, 0o060000, 0o010000, 0o140000}:
        place.say(Kind.ARCHIVE_DEVICE, name)
    else:
        try:
            place.write(judged, content(file, member, place), member.mode or 0o644)
        except TooLarge:
            return
        except Damaged as damage:
            place.say(Kind.ARCHIVE_DAMAGED, str(damage))


def _first(chunks: Iterator[bytes]) -> bytes:
    try:
        return next(chunks, b"")
    except Damaged:
        return b""
