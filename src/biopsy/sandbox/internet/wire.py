"""A byte stream with a package at its other end: a socket, or TLS over another stream."""

import asyncio
import contextlib
import socket
import ssl
from abc import ABC, abstractmethod

from biopsy.sandbox.internet.spec import Bounds

CHUNK = 64 * 1024
"""Bytes read at a time."""
HANDSHAKE = 10.0
"""Seconds that a TLS handshake may take."""


class Wire(ABC):
    """Reads and writes under the bounds of a connection. `read` gives nothing once the stream ended."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.sent = 0  # bytes, by the package
        self.received = 0  # bytes, by the package
        self._back = b""

    async def read(self, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - silence means something here
        """The next bytes, none at the end; raise TimeoutError after `timeout` (or `Bounds.idle`) seconds."""
        if self._back:
            data, self._back = self._back, b""
            return data
        if self.sent >= self.bounds.read:
            return b""
        try:
            async with asyncio.timeout(self.bounds.idle if timeout is None else timeout):
                data = await self._take()
        except (ConnectionError, ssl.SSLError):
            return b""
        self.sent += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Put bytes back: they are read next."""
        self._back = data + self._back

    async def write(self, data: bytes) -> None:
        """Send bytes; a package that does not take them for `Bounds.idle` ends the connection."""
        try:
            async with asyncio.timeout(self.bounds.idle):
                await self._put(data)
        except (TimeoutError, ssl.SSLError) as err:
            raise ConnectionResetError from err
        self.received += len(data)

    @abstractmethod
    async def _take(self) -> bytes: ...

    @abstractmethod
    async def _put(self, data: bytes) -> None: ...


class Plain(Wire):
    """A TCP connection."""

    def __init__(self, connection: socket.socket, bounds: Bounds) -> None:
        """Own `connection`, which does not block."""
        super().__init__(bounds)
        self._socket = connection
        self._loop = asyncio.get_running_loop()

    async def _take(self) -> bytes:
        return await self._loop.sock_recv(self._socket, CHUNK)

    async def _put(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)


class Secure(Wire):
    """TLS over another wire, ours the server's end."""

    def __init__(self, below: Wire, context: ssl.SSLContext) -> None:
        """Speak over `below`; nothing is said before `shake`."""
        super().__init__(below.bounds)
        self._below = below
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)

    @property
    def told(self) -> str:
        """The name that the client asked for (SNI), or nothing."""
        return str(getattr(self._tls, "told", ""))

    async def shake(self) -> None:
        """Do the handshake; raise SSLError, ConnectionError or TimeoutError where it comes to nothing."""
        async with asyncio.timeout(HANDSHAKE):
            while True:
                try:
                    self._tls.do_handshake()
                except ssl.SSLWantReadError:
                    await self._flush()
                    await self._fill()
                except ssl.SSLError:
                    with contextlib.suppress(OSError):
                        await self._flush()  # the alert
                    raise
                else:
                    await self._flush()
                    return

    async def close(self) -> None:
        """Say goodbye as TLS wants it, without waiting for an answer."""
        with contextlib.suppress(OSError, ssl.SSLError):
            self._tls.unwrap()
        with contextlib.suppress(OSError):
            await self._flush()

    async def _take(self) -> bytes:
        while True:
            try:
                return self._tls.read(CHUNK)
            except ssl.SSLWantReadError:
                await self._flush()
                try:
                    await self._fill()
                except ConnectionError:
                    return b""
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._tls.write(view[:CHUNK]) :]
            await self._flush()

    async def _fill(self) -> None:
        data = await self._below.read()
        if not data:
            raise ConnectionResetError
        self._in.write(data)

    async def _flush(self) -> None:
        if self._out.pending:
            await self._below.write(self._out.read())
