"""HTTP/1: answers requests one after the other and records each. Nothing here reads HTTP by hand."""

import asyncio
from collections.abc import Awaitable, Callable

import h11

from biopsy.sandbox.internet import websocket
from biopsy.sandbox.internet.answering import Exchange, Headers, answer, begun
from biopsy.sandbox.internet.hearing import Heard, hear
from biopsy.sandbox.internet.wire import Wire
from biopsy.sandbox.internet.world import Place, World

Converse = Callable[[Wire, Place, World], Awaitable[None]]
"""Goes on with a conversation in any protocol: what comes after CONNECT."""


class _Exchange(Exchange):
    """A request of HTTP/1, and its answer."""

    def __init__(
        self, wire: Wire, connection: h11.Connection, place: Place, heard: Heard, world: World
    ) -> None:
        super().__init__(place, heard, world)
        self._wire, self._connection = wire, connection

    async def begin(self, status: int, headers: Headers) -> None:
        if status == 101:
            upgraded = [*headers, ("Connection", "Upgrade")]
            await self._send(h11.InformationalResponse(status_code=101, headers=upgraded))
            return
        if self.heard.wrong:
            headers = [*headers, ("Connection", "close")]
        reason = b"OK" if self.heard.method == "CONNECT" else b""
        await self._send(h11.Response(status_code=status, headers=headers, reason=reason))

    async def part(self, data: bytes) -> None:
        await self._send(h11.Data(data=data))

    async def finish(self) -> None:
        await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        data = self._connection.send(event) or b""
        self.kept(data, len(data))
        await self._wire.write(data)


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
                world.recorder.add(begun(place, heard, world))
            raise
        exchange = _Exchange(wire, connection, place, heard, world)
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


def _through(place: Place, heard: Heard) -> Place:
    host, _, port = heard.target.rpartition(":")
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 443
    return place.inner(name=host.strip("[]").lower()[:255], port=number & 0xFFFF, secure=False)
