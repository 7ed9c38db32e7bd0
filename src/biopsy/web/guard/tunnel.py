"""A forward proxy for one command: it stands in for the registries that are guarded, and passes the rest on.

It listens on loopback alone, and only for as long as the command runs. What goes to other hosts is not
looked into.
"""

import asyncio
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from biopsy.web.guard.authority import Authority

MAX_HEAD = 64 * 1024
"""Largest head of a request, in bytes."""

PATIENCE = 60.0
"""Seconds until a head has come, and until a host is reached."""

CHUNK = 64 * 1024
_HOPS = (b"connection", b"proxy-connection", b"keep-alive")
_CONNECT = re.compile(rb"CONNECT (\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5}) HTTP/1\.[01]\r\n")
_PLAIN = re.compile(
    rb"[A-Z]{1,10} http://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?[/?][^ ]* HTTP/1\.[01]\r\n"
)


@dataclass(slots=True)
class Tunnel:
    """The proxy: `heeds` says of a host whether `inner`, a port of loopback, answers for it."""

    heeds: Callable[[str, int], bool]
    inner: int
    authority: Authority
    passed: set[str] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen on a free port of loopback, and say which."""
        self._server = await asyncio.start_server(self._client, "127.0.0.1", 0, limit=MAX_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
            await self._head(head, reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # the client hears of it by the end of its connection
        finally:
            with suppress(OSError, RuntimeError):
                writer.close()

    async def _head(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if found := _CONNECT.match(head):
            host, port = found[1].decode().strip("[]"), int(found[2])
            mine = self.heeds(host, port)
            there = await (self._here() if mine else self._there(host, port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            if mine:
                await writer.start_tls(self.authority.context(host))
            await both(reader, writer, *there)
        elif found := _PLAIN.match(head):
            host, port = found[1].decode().strip("[]"), int(found[2] or 80)
            mine = self.heeds(host, port)
            there = await (self._here() if mine else asyncio.open_connection(host, port))
            there[1].write(_once(head))  # the next request may be another host's
            await both(reader, writer, *there)
        else:
            writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()

    async def _here(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.inner)

    async def _there(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A host that is not guarded, by way of the environment's proxy where it names one."""
        self.passed.add(host)
        proxy = urlsplit(os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or "")
        async with asyncio.timeout(PATIENCE):
            if not proxy.hostname or proxy.scheme != "http":
                return await asyncio.open_connection(host, port)
            reader, writer = await asyncio.open_connection(proxy.hostname, proxy.port or 80, limit=MAX_HEAD)
            named = f"[{host}]" if ":" in host else host
            writer.write(f"CONNECT {named}:{port} HTTP/1.1\r\nHost: {named}:{port}\r\n\r\n".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in answer.split(b"\r\n")[0]:
            writer.close()
            raise OSError("the proxy of the environment refuses")
        return reader, writer

    async def close(self) -> None:
        """Listen no more."""
        if self._server:
            self._server.close()


def _once(head: bytes) -> bytes:
    """The head of a request that is the only one of its connection."""
    first, *rest = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    kept = [line for line in rest if line.partition(b":")[0].strip().lower() not in _HOPS]
    return b"\r\n".join([first, *kept, b"Connection: close", b"", b""])


async def both(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
    other: asyncio.StreamReader, there: asyncio.StreamWriter,
) -> None:  # fmt: skip
    """Pass on what either says until one of them ends."""
    tasks = {asyncio.create_task(_pass(reader, there)), asyncio.create_task(_pass(other, writer))}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(OSError, RuntimeError):
            there.close()


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(CHUNK):
            target.write(data)
            await target.drain()
