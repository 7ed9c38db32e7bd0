"""What clients send, whatever they call it: JSON with or without a content type, plain or compressed.

pip-audit sends no Content-Type, npm and bun compress with gzip: both are read, under limits that hold before
and after unpacking.
"""

import asyncio
from typing import Any

import msgspec
from litestar import Request

from biopsy.web.packing import MAX_UNPACKED, BadBody, unpacked

MAX_BODY = 32 * 1024**2  # bytes as they arrive
MAX_HELD = 512 * 1024**2  # bytes of all bodies that one process works on at once
MAX_SECONDS = 30.0  # until a body has arrived


ROOM = "biopsy.room"
"""Under which a request has its `Held`; `shield` makes it, and gives back what it took."""


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


__all__ = ["MAX_BODY", "MAX_HELD", "MAX_SECONDS", "MAX_UNPACKED", "ROOM", "BadBody", "Held", "raw", "read"]
