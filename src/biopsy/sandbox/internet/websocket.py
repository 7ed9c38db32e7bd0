"""A WebSocket: whatever is said in it is taken, and answered with code that something might run."""

import asyncio

import msgspec

from biopsy.sandbox.internet import frames
from biopsy.sandbox.internet.orders import orders
from biopsy.sandbox.internet.record import shown
from biopsy.sandbox.internet.wire import Wire
from biopsy.sandbox.internet.world import Place, World

SILENCE = 0.7
"""Seconds after which a client that only listens is told something."""


async def serve(wire: Wire, place: Place, world: World) -> None:
    """Take frames until the connection ends; record them as one exchange."""
    heard = frames.Frames(world.bounds.request)
    raw, token, sent = bytearray(), "", wire.sent
    answer, left = b"", list[bytes]()
    at = place.inner(depth=place.depth)
    try:
        while True:
            try:
                data = await wire.read(SILENCE if left or not token else None)
                if not data:
                    break
                raw += data[: max(world.bounds.request - len(raw), 0)]
                heard.feed(data)
            except TimeoutError:
                if token and not left:
                    break
            if not token:
                token = world.tags.token()
                left = list(orders(token, bytes(heard.payload)))
            if left:
                said = frames.text(left.pop(0).rstrip(b"\n"))
                answer += said
                await wire.write(said)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        body = bytes(heard.payload)
        world.recorder.add(
            msgspec.structs.replace(
                at.said("https" if place.secure else "http"),
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
