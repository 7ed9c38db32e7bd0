"""Hearing an HTTP request: h11 parses it, this keeps what was really sent, under limits."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import h11

from biopsy.sandbox.internet.record import now, shown
from biopsy.sandbox.internet.wire import Wire

TWICE = 64 * 1024
"""Bytes of a body that are kept both as sent and as meant."""


@dataclass(slots=True)
class Heard:
    """A request, or what there was of one: it is filled while it comes in."""

    start: int = 0
    method: str = ""
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytearray = field(default_factory=bytearray)  # as sent, cut at the bounds
    body: bytearray = field(default_factory=bytearray)  # transfer encoding undone, cut at the bounds
    size: int = 0  # of all that was sent
    wrong: str = ""  # why it is not a whole request

    def kept(self) -> bytes:
        """What was sent, as far as it is worth keeping beside `body`: a long plain body is not kept twice."""
        plain = "content-encoding" not in self.headers and "transfer-encoding" not in self.headers
        if plain and not self.wrong and len(self.raw) == self.size > TWICE:
            return bytes(self.raw[: len(self.raw) - len(self.body) + TWICE])
        return bytes(self.raw)

    @property
    def summary(self) -> str:
        """What a person reads of it first."""
        line = f"{self.method} {self.target}" if self.method else shown(bytes(self.raw))
        return f"{line} ({self.wrong})" if self.wrong else line

    @property
    def host(self) -> str:
        """Whom it is for, by its Host header, without the port."""
        host = self.headers.get("host", "").strip().lower()
        if host.startswith("["):
            return host[1:].partition("]")[0]
        return host.partition(":")[0]


async def hear(wire: Wire, connection: h11.Connection, heard: Heard) -> bool:
    """Read one request into `heard`, to its end or until it goes wrong; say whether there was any."""
    left = bytes(connection.trailing_data[0])
    heard.raw += left
    heard.size += len(left)
    try:
        while await _step(wire, connection, heard):
            pass
    except h11.RemoteProtocolError as err:
        heard.wrong = f"not HTTP: {err}"[:200]
    except (TimeoutError, ConnectionError) as err:
        heard.wrong = f"unfinished: {type(err).__name__}"
    heard.start = heard.start or now()
    if not heard.wrong and (after := len(connection.trailing_data[0])):
        if len(heard.raw) == heard.size:
            del heard.raw[-after:]
        heard.size -= after
    return bool(heard.method or heard.raw)


async def _step(wire: Wire, connection: h11.Connection, heard: Heard) -> bool:
    """Take one event; say whether another may come."""
    most = wire.bounds.request
    match event := connection.next_event():
        case h11.Request():
            heard.method = event.method.decode("latin-1")
            heard.target = event.target.decode("latin-1")
            heard.headers = joined(event.headers)
            if connection.they_are_waiting_for_100_continue:
                await wire.write(
                    connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
                )
        case h11.Data():
            heard.body += bytes(event.data)[: max(most - len(heard.body), 0)]
        case h11.NEED_DATA:
            data = await wire.read()
            heard.start = heard.start or now()
            heard.size += len(data)
            heard.raw += data[: max(most - len(heard.raw), 0)]
            connection.receive_data(data)
        case _:  # the end of the message, or of everything
            return False
    return True


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their name; one that was sent several times has all its values."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
