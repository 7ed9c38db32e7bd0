"""Compressed streams, undone under limits: no call ever makes more than a chunk at a time."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from biopsy.unpack.limits import CHUNK

LZMA_MEMORY = 128 * 1024**2
"""What an xz or lzma stream may ask for its dictionary."""


class Damaged(Exception):  # noqa: N818 - it is a state, caught where the archive is walked
    """The stream ends early or is not what it says; the message says how."""


class _Inflate:
    """zlib with the bounded interface of bz2 and lzma."""

    def __init__(self, bits: int) -> None:
        self._z = zlib.decompressobj(bits)

    @property
    def eof(self) -> bool:
        return self._z.eof

    @property
    def unused_data(self) -> bytes:
        return self._z.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._z.unconsumed_tail

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._z.decompress(self._z.unconsumed_tail + data, max_length)


def opener(method: str) -> Callable[[], "_Inflate | bz2.BZ2Decompressor | lzma.LZMADecompressor"]:
    """A maker of decompressors for `deflate`, `gzip`, `bzip2`, `xz` or `lzma`."""
    match method:
        case "deflate":
            return lambda: _Inflate(-15)
        case "gzip":
            return lambda: _Inflate(31)
        case "bzip2":
            return bz2.BZ2Decompressor
        case _:
            return lambda: lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=LZMA_MEMORY)


ERRORS = (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError, MemoryError)


def undo(method: str, blocks: Iterator[bytes], told: Callable[[str], None]) -> Iterator[bytes]:
    """Decompress `blocks`, one chunk at a time, through all concatenated members.

    `told` hears of a second member and of bytes after the end. Raises Damaged.
    """
    make = opener(method)
    squeezer, fed, members = make(), False, 1
    for block in blocks:
        data = block
        while data or not (squeezer.eof or squeezer.needs_input):
            if squeezer.eof:
                if method == "deflate" or not data.strip(b"\0"):
                    break
                members += 1
                if members == 2:
                    told(f"second {method} member")
                squeezer, fed = make(), False
            try:
                out = squeezer.decompress(data, CHUNK)
            except ERRORS as error:
                if members > 1 and not fed:
                    told(f"bytes after the end of {method}")
                    return
                raise Damaged(f"{method}: {error}") from error
            fed = True
            data = squeezer.unused_data if squeezer.eof else b""
            if out:
                yield out
    if not squeezer.eof:
        yield from _rest(squeezer, method)


def _rest(squeezer: "_Inflate | bz2.BZ2Decompressor | lzma.LZMADecompressor", method: str) -> Iterator[bytes]:
    """What a decompressor still holds after its input ended early."""
    try:
        while out := squeezer.decompress(b"", CHUNK):
            yield out
    except ERRORS:
        pass
    if not squeezer.eof:
        raise Damaged(f"{method}: ends early")


def blocks(
    file: BinaryIO, size: int | None = None, told: Callable[[int], None] | None = None
) -> Iterator[bytes]:
    """The rest of a file, or its next `size` bytes, in chunks; `told` hears how much was taken."""
    left = size
    while left is None or left > 0:
        block = file.read(CHUNK if left is None else min(CHUNK, left))
        if not block:
            return
        if left is not None:
            left -= len(block)
        if told:
            told(len(block))
        yield block
