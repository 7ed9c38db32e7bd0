"""WebSocket frames (RFC 6455, section 5), read only as far as to see what a package says in them."""

import struct

MAX_FRAME = 16 * 1024**2
"""Longest frame that is looked into, in bytes."""


class Frames:
    """Is fed a client's stream, gives what its frames carry."""

    def __init__(self, most: int) -> None:
        """Keep at most `most` bytes of payload."""
        self._most = most
        self._held = bytearray()
        self._lost = False
        self.payload = bytearray()

    def feed(self, data: bytes) -> None:
        """Take more of the stream. What is no frame ends the reading, not the recording."""
        if self._lost:
            return
        self._held += data
        while (frame := self._next()) is not None:
            self.payload += frame[: max(self._most - len(self.payload), 0)]

    def _next(self) -> bytes | None:
        held = self._held
        if len(held) < 2:
            return None
        short, masked = held[1] & 0x7F, bool(held[1] & 0x80)
        at, size = 2, short
        if short >= 126:
            width = 2 if short == 126 else 8
            if len(held) < 2 + width:
                return None
            (size,) = struct.unpack_from("!H" if width == 2 else "!Q", held, 2)
            at += width
        if size > MAX_FRAME:
            self._lost = True
            self._held.clear()
            return None
        end = at + 4 * masked + size
        if len(held) < end:
            return None
        mask = bytes(held[at : at + 4]) if masked else b""
        body = bytes(held[end - size : end])
        del held[:end]
        return unmasked(body, mask)


def unmasked(body: bytes, mask: bytes) -> bytes:
    """`body` as it was before the client masked it."""
    if not mask or not body:
        return body
    wide = (mask * (len(body) // 4 + 1))[: len(body)]
    return (int.from_bytes(body, "big") ^ int.from_bytes(wide, "big")).to_bytes(len(body), "big")


def text(data: bytes) -> bytes:
    """A text frame, as a server sends it."""
    if len(data) < 126:
        return bytes((0x81, len(data))) + data
    return struct.pack("!BBH", 0x81, 126, min(len(data), 65_535)) + data[:65_535]
