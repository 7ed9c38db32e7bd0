"""What clients send, whatever they call it: JSON with or without a content type, plain or compressed.

pip-audit sends no Content-Type, npm and bun compress with gzip: both are read, under limits that hold before
and after unpacking.
"""

import asyncio
import zlib
from typing import Any

import msgspec
from litestar import Request

MAX_BODY = 32 * 1024**2  # bytes as they arrive
MAX_UNPACKED = 64 * 1024**2  # bytes in them
MAX_HELD = 512 * 1024**2  # bytes of all bodies that one process works on at once
MAX_SECONDS = 30.0  # until a body has arrived


ROOM = "biopsy.room"
"""Under which a request has its `Held`; `shield` makes it, and gives back what it took."""


class BadBody(ValueError):  # noqa: N818 - it reads as what it is
    """A body that is no JSON, too large, or too slow. `status` is the one to answer with."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Say what is wrong, and which HTTP status that is."""
        super().__init__(message)
        self.status = status


async def read(request: Request[Any, Any, Any]) -> Any:
    """The JSON of a request, None where it has no body; raises BadBody."""
    plain = await raw(request)
    if not plain.strip():
        return None
    try:
        return msgspec.json.decode(plain)
    except RecursionError as error:
        raise BadBody("not JSON: too deep") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadBody(f"not JSON: {error}") from error


class Held:
    """What the body of one request takes of the room that all of a process have; given back with `give`."""

    total = 0

    def __init__(self) -> None:
        """Take nothing yet."""
        self._mine = 0

    def take(self, count: int) -> None:
        """Take so many bytes; raises BadBody where there is no room for them."""
        if Held.total + count > MAX_HELD:
            raise BadBody("too many large bodies at once: come again", 503)
        self._mine += count
        Held.total += count

    def give(self) -> None:
        """Give back all that was taken."""
        Held.total -= self._mine
        self._mine = 0


async def raw(request: Request[Any, Any, Any]) -> bytes:
    """The bytes of a request, unpacked; raises BadBody."""
    data = bytearray()
    held: Held = request.scope[ROOM]  # type: ignore[literal-required]
    try:
        async with asyncio.timeout(MAX_SECONDS):
            async for chunk in request.stream():
                held.take(len(chunk))
                data += chunk
                if len(data) > MAX_BODY:
                    raise BadBody(f"more than {MAX_BODY:,} bytes", 413)
    except TimeoutError as error:
        raise BadBody(f"the body took more than {MAX_SECONDS:.0f} seconds", 408) from error
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    plain = unpacked(bytes(data), encoding)
    held.take(len(plain))
    return plain


def unpacked(data: bytes, encoding: str) -> bytes:
    """A body without its packing; raises BadBody for one that is too large in it, or packed otherwise."""
    if encoding in {"", "identity"}:
        return data
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise BadBody(f"content encoding {encoding[:40]} is not read here: gzip, deflate", 415)
    reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | (32 if encoding != "deflate" else 0))
    try:
        plain = reader.decompress(data, MAX_UNPACKED)
    except zlib.error as error:
        raise BadBody(f"not {encoding}: {error}") from error
    if reader.unconsumed_tail:
        raise BadBody(f"more than {MAX_UNPACKED:,} bytes when unpacked", 413)
    if not reader.eof or reader.unused_data:
        raise BadBody(f"not {encoding}: it ends early, or something follows it")
    return plain
