"""A WebSocket: whatever is said in it is taken, and answered once with code that something might run."""

import asyncio

import msgspec

from biopsy.sandbox.internet import frames, tag
from biopsy.sandbox.internet.record import shown
from biopsy.sandbox.internet.wire import Wire
from biopsy.sandbox.internet.world import Place, World

SILENCE = 1.0
"""Seconds after which a client that only listens is told something."""


async def serve(wire: Wire, place: Place, world: World) -> None:
    """Take frames until the connection ends; record them as one exchange."""
    heard = frames.Frames(world.bounds.request)
    raw, token, sent = bytearray(), "", wire.sent
    answer = b""
    at = place.inner(depth=place.depth)
    try:
        while True:
            try:
                data = await wire.read(None if token else SILENCE)
                if not data:
                    break
                raw += data[: max(world.bounds.request - len(raw), 0)]
                heard.feed(data)
            except TimeoutError:
                if token:
                    break
            if not token:
                token = world.tags.token()
                answer = frames.text(tag.code(token).encode())
                await wire.write(answer)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        said = at.said("https" if place.secure else "http")
        body = bytes(heard.payload)
        world.recorder.add(
            msgspec.structs.replace(
                said,
                summary=f"WebSocket {shown(body)}".strip(),
                request=bytes(raw),
                body=body,
                response=answer,
                sent=max(wire.sent - sent, len(raw)),
                received=len(answer),
                token=token,
                status=101,
            )
        )
