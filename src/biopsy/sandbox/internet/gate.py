"""The sandbox's side of the registry gateway: what may be asked, and the asking."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from biopsy.sandbox.internet import gateway
from biopsy.sandbox.internet.allowed import MAX_LINKING, Allowed
from biopsy.sandbox.internet.carried import carried
from biopsy.sandbox.internet.spec import Spec

PATIENCE = 120.0
"""Seconds that the registry may take to begin its answer."""

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the registry answered, its body still to come."""

    head: gateway.Head
    body: AsyncIterator[bytes]


class Gate:
    """Open only while a phase installs. Asking for what is not allowed gets a reason instead of an answer."""

    def __init__(self, spec: Spec) -> None:
        """Begin closed."""
        self.open = False
        self._socket = spec.gateway
        self._canaries = spec.canaries
        self._allowed = Allowed(spec.endpoints)

    def knows(self, url: str) -> bool:
        """Whether `url` is on a registry's host."""
        return self._allowed.knows(url)

    def refuse(self, method: str, url: str, *, body: bool) -> str:
        """Why this will not be fetched, or nothing."""
        if reason := self._allowed.refuse(method, url):
            return reason
        if body:
            return "a fetch has no body"
        if not self.open:
            return "no install is running"
        if self._socket is None:
            return "no gateway in this run"
        if found := carried(url.encode(), self._canaries):
            return f"carries {found}"
        return ""

    @asynccontextmanager
    async def fetch(self, method: str, url: str, wanted: str) -> AsyncIterator[Fetched]:
        """Have the parent fetch `url`; raise OSError, TimeoutError or EOFError where it does not answer."""
        assert self._socket is not None
        with gateway.near(self._socket) as name:
            reader, writer = await asyncio.open_unix_connection(name)
        try:
            writer.write(gateway.frame(gateway.Fetch(method, url, self._allowed.accept(wanted))))
            async with asyncio.timeout(PATIENCE):
                length = int.from_bytes(await reader.readexactly(4), "little")
                if length > gateway.MAX_FRAME:
                    raise EOFError
                head = msgspec.json.decode(await reader.readexactly(length), type=gateway.Head)
            size = head.size if method == "GET" else 0
            yield Fetched(head, self._body(url, reader, size, learn=head.status == 200))
        finally:
            writer.close()

    async def _body(
        self, url: str, reader: asyncio.StreamReader, size: int, *, learn: bool
    ) -> AsyncIterator[bytes]:
        held = bytearray()
        left = size
        while left > 0:
            async with asyncio.timeout(PATIENCE):
                chunk = await reader.read(min(_CHUNK, left))
            if not chunk:
                raise EOFError
            left -= len(chunk)
            if learn and size <= MAX_LINKING:
                held += chunk
                if not left:  # before the last bytes are handed on: they may lead to the next fetch
                    self._allowed.learn(url, bytes(held))
            yield chunk
