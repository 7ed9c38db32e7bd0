r"""The form in which an artifact is stored: whole, compressed, and nothing that any installer would take.

    biopsy artifact 1\n
    {"sha256":"…","size":1234,"filename":"thing-1.0.tgz"}\n
    a Zstandard frame (RFC 8878) with its checksum, each byte XOR 0xA5

Compression alone would not do: a zip is read from its end, whatever stands before it, and what is compressed
already passes through Zstandard as it is. Under the mask no reader of archives and no scanner for malware
finds anything in it, so that it neither installs nor is deleted by an antivirus.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import IO, cast

import msgspec
import zstandard

from biopsy.errors import BiopsyError

MAGIC = b"biopsy artifact 1\n"
MAX_HEADER = 4096
"""Longest header, in bytes."""

MAX_ARTIFACT = 512 * 1024**2
"""Largest artifact that is stored or read back, in bytes; what is fetched is never larger."""

MAX_WINDOW = 128 * 1024**2
"""Most memory that unpacking may ask for, in bytes: a stored file may have been made by others."""

CHUNK = 1024**2
LEVEL = 3  # most of it is compressed already: higher levels cost time and gain nothing
_MASK = bytes(byte ^ 0xA5 for byte in range(256))


class StoreError(BiopsyError):
    """The artifact store could not be reached, or refused."""


class Damaged(StoreError):  # noqa: N818 - it reads as what it says
    """What is stored is not the artifact it is said to be."""


class Header(msgspec.Struct, frozen=True):
    """What stands before the bytes: whose they are. `filename` is its name when it was first stored."""

    sha256: str
    size: int
    filename: str = ""


def wrap(source: IO[bytes], header: Header, target: IO[bytes]) -> None:
    """Write the stored form; Damaged where `source` is not what the header says."""
    target.write(MAGIC + msgspec.json.encode(header) + b"\n")
    hashed, size = hashlib.sha256(), 0
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj(size=header.size)
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > header.size:
            break
        hashed.update(chunk)
        target.write(packer.compress(chunk).translate(_MASK))
    if size != header.size or hashed.hexdigest() != header.sha256:
        raise Damaged(f"{header.filename or 'the file'} is not the artifact {header.sha256}: other bytes")
    target.write(packer.flush().translate(_MASK))


def unwrap(chunks: Iterable[bytes], sha256: str, target: IO[bytes] | None = None) -> Header:
    """Write the artifact's own bytes, where they are wanted, and say whose they are.

    Damaged where they are not the artifact of that hash, to the byte; `target` then holds what is not to be
    used. Nothing is read beyond the sizes that the header and the limits allow.
    """
    try:
        stream = iter(chunks)
        header, rest = _header(stream)
        if header.sha256 != sha256:
            raise Damaged(f"what is stored as {sha256} says that it is {header.sha256}")
        hashed, size = hashlib.sha256(), 0
        for piece in _unpacked(rest, stream):
            size += len(piece)
            if size > header.size:
                raise Damaged(f"{sha256}: more bytes than the {header.size} it should have")
            hashed.update(piece)
            if target is not None:
                target.write(piece)
    except zstandard.ZstdError as err:
        raise Damaged(f"{sha256}: what is stored cannot be unpacked: {err}") from err
    if size != header.size or hashed.hexdigest() != sha256:
        raise Damaged(f"{sha256}: the bytes that are stored are others")
    return header


def _header(stream: Iterator[bytes]) -> tuple[Header, bytes]:
    head = b""
    while head.count(b"\n") < 2 and len(head) <= MAX_HEADER and (chunk := next(stream, b"")):
        head += chunk
    if not head.startswith(MAGIC):
        raise Damaged("what is stored is no artifact of ours: it begins otherwise")
    line, end, rest = head[len(MAGIC) :].partition(b"\n")
    if not end or len(line) > MAX_HEADER:
        raise Damaged("what is stored is cut off in its header")
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise Damaged(f"what is stored has a header that cannot be read: {err}") from err
    if not 0 <= header.size <= MAX_ARTIFACT:
        raise Damaged(f"what is stored says that it has {header.size} bytes")
    return header, rest


def _unpacked(rest: bytes, stream: Iterator[bytes]) -> Iterator[bytes]:
    frame = cast("IO[bytes]", _Frame(rest, stream))
    reader = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(frame, read_size=CHUNK)
    while piece := reader.read(CHUNK):
        yield piece


class _Frame:
    """What zstandard reads from: chunks as they come, their mask taken off."""

    def __init__(self, rest: bytes, stream: Iterator[bytes]) -> None:
        self._left, self._stream = rest, stream

    def read(self, size: int) -> bytes:
        while not self._left:
            chunk = next(self._stream, None)
            if chunk is None:
                return b""
            self._left = bytes(chunk)
        piece, self._left = self._left[:size], self._left[size:]
        return piece.translate(_MASK)
