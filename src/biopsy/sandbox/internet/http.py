"""HTTP/1: answers requests one after the other and records each. Nothing here reads HTTP by hand."""

import asyncio
from collections.abc import Awaitable, Callable

import h11
import msgspec

from biopsy.sandbox.internet import bodies, websocket
from biopsy.sandbox.internet.answering import Exchange, answer
from biopsy.sandbox.internet.hearing import Heard, hear
from biopsy.sandbox.internet.wire import Wire
from biopsy.sandbox.internet.world import Place, World
from biopsy.sandbox.raw import Said

Converse = Callable[[Wire, Place, World], Awaitable[None]]
"""Goes on with a conversation in any protocol: what comes after CONNECT."""


async def serve(wire: Wire, place: Place, world: World, converse: Converse) -> None:
    """Answer requests until the connection ends, in whatever way."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=world.bounds.head)
    while True:
        heard = Heard()
        try:
            if not await hear(wire, connection, heard):
                return
        except asyncio.CancelledError:
            heard.wrong = "unfinished"
            if heard.raw:
                world.recorder.add(_begun(place, heard, world))
            raise
        exchange = Exchange(wire, connection, place, heard, _begun(place, heard, world))
        try:
            await answer(exchange, world)
        except (OSError, EOFError, h11.LocalProtocolError) as err:
            exchange.note(summary=f"{heard.summary} (unanswered: {type(err).__name__})")
            return
        finally:
            world.recorder.add(exchange.said)
        if connection.our_state is h11.SWITCHED_PROTOCOL:
            wire.unread(bytes(connection.trailing_data[0]))
            if heard.method == "CONNECT":
                await converse(wire, _through(place, heard), world)
            else:
                await websocket.serve(wire, place, world)
            return
        if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
            return
        connection.start_next_cycle()


def _begun(place: Place, heard: Heard, world: World) -> Said:
    name = place.name or (heard.host if heard.host != place.address else "")
    encoding = heard.headers.get("content-encoding", "")
    return msgspec.structs.replace(
        place.said("https" if place.secure else "http"),
        time_ns=heard.start or place.start,
        name=name,
        summary=heard.summary,
        request=heard.kept(),
        body=bodies.decoded(bytes(heard.body), encoding, world.bounds.decoded),
        sent=heard.size,
        ran=world.tags.ran(name) or world.tags.ran(heard.host),
    )


def _through(place: Place, heard: Heard) -> Place:
    host, _, port = heard.target.rpartition(":")
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 443
    return place.inner(name=host.strip("[]").lower()[:255], port=number & 0xFFFF, secure=False)
