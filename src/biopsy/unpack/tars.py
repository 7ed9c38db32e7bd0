"""Tar archives, read by our own parser of ustar, GNU and PAX headers (POSIX.1-2017 pax, "ustar interchange").

Ours, because two readers of one tar can differ (a size in a PAX header against the one in the header block,
members after the end mark), and each difference is worth a behaviour. What other readers would skip is
unpacked too, so that nothing hides from the static readers.
"""

import contextlib
from collections.abc import Iterator

from msgspec import Struct, field

from biopsy.model.behaviour import Kind
from biopsy.unpack.limits import CHUNK
from biopsy.unpack.names import decode, judge
from biopsy.unpack.place import Full, Place, TooLarge
from biopsy.unpack.squeeze import Damaged

BLOCK = 512
MAX_HEADER = 1024**2  # bytes of one PAX or GNU long-name header
MAX_SKIP = 64 * 1024**2  # bytes after the end that are searched for more members

_FILES = frozenset(b"0\x007")
_DEVICES = {ord("3"): "character device", ord("4"): "block device", ord("6"): "fifo"}


class Stream:
    """Decompressed bytes, taken as many at a time as asked for."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        """Read from `chunks`, which may raise Damaged."""
        self._chunks = chunks
        self._held = b""

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes, or fewer at the end of the stream."""
        parts, have = [self._held], len(self._held)
        while have < size and (chunk := next(self._chunks, None)) is not None:
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        self._held = data[size:]
        return data[:size]

    def body(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes in chunks; raises Damaged where they are not all there."""
        while size > 0:
            chunk = self.take(min(size, CHUNK))
            if not chunk:
                raise Damaged("tar: ends inside a member")
            size -= len(chunk)
            yield chunk

    def skip(self, size: int) -> None:
        """Drop bytes."""
        for _ in self.body(size):
            pass


class Header(Struct):
    """One header block, and what extended headers before it say."""

    name: bytes
    size: int
    mode: int
    type: int
    link: bytes
    extended: dict[str, bytes] = field(default_factory=dict)


def _number(raw: bytes) -> int:
    """An octal or base-256 field; raises ValueError."""
    if raw[:1] in {b"\x80", b"\xff"}:
        value = int.from_bytes(raw[1:], "big")
        if raw[0] == 0xFF or value > 2**62:
            raise ValueError("negative or absurd number")
        return value
    text = raw.split(b"\0", 1)[0].strip()
    if text and not text.isdigit():
        raise ValueError("not octal")
    return int(text or b"0", 8)


def parse(block: bytes) -> Header:
    """Read a header block; raises ValueError where it is none."""
    stored = _number(block[148:156])
    blank = block[:148] + b" " * 8 + block[156:]
    if stored != sum(blank):
        raise ValueError("checksum")
    name = block[:100].split(b"\0", 1)[0]
    prefix = block[345:500].split(b"\0", 1)[0]
    if prefix and block[257:263] == b"ustar\0":
        name = prefix + b"/" + name
    try:
        mode = _number(block[100:108])
    except ValueError:
        mode = 0o644
    return Header(name, _number(block[124:136]), mode, block[156], block[157:257].split(b"\0", 1)[0])


def pax(data: bytes) -> dict[str, bytes]:
    """The records of a PAX header; raises ValueError where they are not well formed."""
    records: dict[str, bytes] = {}
    at = 0
    while at < len(data) and data[at : at + 1] != b"\0":
        space = data.index(b" ", at, at + 20)
        length = int(data[at:space])
        record = data[space + 1 : at + length]
        if length < 5 or at + length > len(data) or record[-1:] != b"\n":
            raise ValueError("PAX record")
        key, equals, value = record[:-1].partition(b"=")
        if not equals:
            raise ValueError("PAX record")
        records[key.decode("utf-8", "replace")] = value
        at += length
    return records


class _Tar:
    def __init__(self, stream: Stream, place: Place, *, strip: bool) -> None:
        self.stream, self.place, self.strip = stream, place, strip
        self.globals: dict[str, bytes] = {}
        self.pending: dict[str, bytes] = {}

    def run(self) -> None:
        """Walk all members, then whatever follows the end mark."""
        members = 0
        while block := self.stream.take(BLOCK):
            if len(block) < BLOCK:
                if block.strip(b"\0"):
                    raise Damaged("tar: ends inside a header")
                return
            if not block.strip(b"\0"):
                self.after_end()
                return
            try:
                header = parse(block)
            except ValueError as error:
                raise Damaged(f"tar: header {members + 1}: {error}") from error
            members += 1
            self.place.count()
            self.member(header)
        if not members:
            raise Damaged("tar: empty")

    def after_end(self) -> None:
        """Members behind the end mark: some readers go on, some stop."""
        skipped, found = 0, False
        while skipped < MAX_SKIP and (block := self.stream.take(BLOCK)):
            skipped += len(block)
            if not block.strip(b"\0"):
                continue
            if not found:
                self.place.say(Kind.ARCHIVE_HIDDEN, "bytes after the end of the tar")
                found = True
            try:
                header = parse(block)
            except ValueError:
                continue
            self.place.count()
            self.place.say(Kind.ARCHIVE_HIDDEN, f"{decode(header.name)[0]} after the end of the tar")
            self.member(header)

    def member(self, header: Header) -> None:
        """Handle one member, body and padding included."""
        if header.type in b"xgLKX":
            self.extended(header)
            return
        self.apply(header)
        padding = -header.size % BLOCK
        raw, valid = decode(header.name)
        if header.type in _FILES and not header.name.endswith(b"/"):
            self.file(header, raw, valid=valid)
            self.padding(padding)
            return
        if header.type in b"12":
            link = decode(header.link)[0]
            self.place.say(Kind.ARCHIVE_LINK, f"{raw} -> {link}")
        elif header.type in _DEVICES:
            self.place.say(Kind.ARCHIVE_DEVICE, f"{_DEVICES[header.type]} {raw}")
        elif header.type == ord("5"):
            for kind, value in judge(raw, self.place.limits, valid=valid).odd:
                self.place.say(kind, value)
        elif header.type not in _FILES:
            self.place.say(Kind.ARCHIVE_NAME, f"type {chr(header.type)!r} {raw}")
            self.file(header, raw, valid=valid)
            self.padding(padding)
            return
        if header.type in b"12346" and header.size:
            self.place.say(Kind.ARCHIVE_HIDDEN, f"{raw} has {header.size} bytes though it is no file")
        self.stream.skip(header.size)
        self.padding(padding)

    def file(self, header: Header, raw: str, *, valid: bool) -> None:
        """Write one regular file; drop what a limit leaves over."""
        body = self.stream.body(header.size)
        shown = raw.lstrip("./").partition("/")[2] or raw if self.strip else raw
        with contextlib.suppress(TooLarge):
            self.place.write(judge(shown, self.place.limits, valid=valid), body, header.mode)
        for _ in body:
            pass

    def padding(self, size: int) -> None:
        """The rest of the last block. Some writers leave it out at the very end."""
        self.stream.take(size)

    def extended(self, header: Header) -> None:
        """Remember what a PAX or GNU header says of the next member, or of all."""
        if header.size > MAX_HEADER:
            self.place.say(Kind.ARCHIVE_BOMB, f"extended header {header.size} bytes")
            self.stream.skip(header.size)
            self.padding(-header.size % BLOCK)
            return
        data = b"".join(self.stream.body(header.size))
        self.padding(-header.size % BLOCK)
        match chr(header.type):
            case "L":
                self.pending["path"] = data.rstrip(b"\0")
            case "K":
                self.pending["linkpath"] = data.rstrip(b"\0")
            case kind:
                try:
                    records = pax(data)
                except ValueError as error:
                    self.place.say(Kind.ARCHIVE_DAMAGED, f"tar: {error}")
                    return
                (self.globals if kind == "g" else self.pending).update(records)

    def apply(self, header: Header) -> None:
        """Let extended headers override the block, and report where readers would differ."""
        header.extended = {**self.globals, **self.pending}
        self.pending = {}
        if (path := header.extended.get("path")) is not None:
            if b"\0" in path:
                self.place.say(Kind.ARCHIVE_HIDDEN, f"{decode(path)[0]} holds a NUL")
            header.name = path
        header.link = header.extended.get("linkpath", header.link)
        size = header.extended.get("size")
        if size is None:
            return
        if not size.isdigit() or len(size) > 18:
            raise Damaged("tar: PAX size")
        if int(size) != header.size and header.size:
            name = decode(header.name)[0]
            self.place.say(Kind.ARCHIVE_HIDDEN, f"{name} is {header.size} bytes or, by PAX, {int(size)}")
        header.size = int(size)


def read(chunks: Iterator[bytes], place: Place, *, strip: bool = False) -> None:
    """Unpack a tar into `place`. `strip` drops the first folder of every name, as npm does.

    Raises Damaged where the archive ends early or a header is broken, Full at a limit.
    """
    _Tar(Stream(chunks), place, strip=strip).run()


__all__ = ["Full", "Stream", "read"]
