"""Takes every TCP connection in, at most so many at once; at the end sees all of them out, recorded."""

import asyncio
import contextlib
import socket
import sys
from collections import OrderedDict

from biopsy.sandbox.internet.converse import converse
from biopsy.sandbox.internet.record import now
from biopsy.sandbox.internet.wire import Plain
from biopsy.sandbox.internet.world import Place, World

BURST = 64
"""Connections taken in before others get their turn."""

FAREWELL = 0.5
"""Seconds that a client has to stop sending at the end."""
MAX_FAREWELL = 256 * 1024
"""Bytes that it may still send then; nobody reads them."""


class Hall:
    """All connections of a run. When it is full, the one that came first gives way."""

    def __init__(self, world: World) -> None:
        """Begin empty."""
        self._world = world
        self._guests: OrderedDict[asyncio.Task[None], None] = OrderedDict()
        self._listeners: list[socket.socket] = []

    def attend(self, listener: socket.socket) -> None:
        """Take in whatever comes to `listener`, from now on."""
        self._listeners.append(listener)
        asyncio.get_running_loop().add_reader(listener.fileno(), self._burst, listener)

    def _burst(self, listener: socket.socket) -> int:
        for count in range(BURST):
            try:
                connection, sender = listener.accept()
            except OSError:  # nobody more, or they left while waiting
                return count
            self._welcome(connection, sender)
        return BURST

    def _welcome(self, connection: socket.socket, sender: tuple[str, int]) -> None:
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            address, port, *_ = connection.getsockname()
        except OSError:
            connection.close()
            return
        while len(self._guests) >= self._world.bounds.connections:
            first, _ = self._guests.popitem(last=False)
            first.cancel()
            self._world.recorder.count.refused += 1
        place = Place(address, port, sender[1], self._world.names.name(address), start=now())
        task = asyncio.get_running_loop().create_task(self._host(connection, place))
        self._guests[task] = None
        task.add_done_callback(lambda done: self._guests.pop(done, None))

    async def _host(self, connection: socket.socket, place: Place) -> None:
        try:
            async with asyncio.timeout(self._world.bounds.lifetime):
                await converse(Plain(connection, self._world.bounds), place, self._world)
        except (OSError, EOFError, TimeoutError):  # left, in whatever way
            pass
        except Exception as err:  # ours: said, and the next guest is served
            print(f"internet: {place.address}:{place.port}: {type(err).__name__}: {err}", file=sys.stderr)
        else:
            with contextlib.suppress(OSError, TimeoutError):
                await _farewell(connection)
        finally:
            connection.close()

    async def close(self, patience: float) -> None:
        """Take in who still waits, then see everybody out, recorded."""
        for listener in self._listeners:
            while self._burst(listener) == BURST:
                pass
            asyncio.get_running_loop().remove_reader(listener.fileno())
        await asyncio.sleep(0.05)  # time to hear what is already there
        guests = tuple(self._guests)
        for guest in guests:
            guest.cancel()
        if guests:
            await asyncio.wait(guests, timeout=patience)


async def _farewell(connection: socket.socket) -> None:
    """Let a client read our last words: closing over what it still sends would take them back."""
    connection.shutdown(socket.SHUT_WR)
    async with asyncio.timeout(FAREWELL):
        left = MAX_FAREWELL
        while left > 0 and (data := await asyncio.get_running_loop().sock_recv(connection, left)):
            left -= len(data)
