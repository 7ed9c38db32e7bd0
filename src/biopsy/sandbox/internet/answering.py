"""Answering one HTTP request: by the registry gateway, as a resolver, or as the replies say."""

import email.utils
from dataclasses import dataclass

import h11
import msgspec

from biopsy.sandbox.internet import doh
from biopsy.sandbox.internet.hearing import Heard
from biopsy.sandbox.internet.reply import Asked, Made
from biopsy.sandbox.internet.wire import Wire
from biopsy.sandbox.internet.world import Place, World
from biopsy.sandbox.raw import Said

GATEWAY_KEPT = 2048
"""Bytes kept of what the registry answered: it is known elsewhere."""

_NO_BODY = frozenset({204, 304})
_PORTS = {"http": 80, "https": 443}
_WRONG = Made(400, "text/plain", b"Bad Request\n")
_FAILED = Made(502, "text/plain", b"Bad Gateway\n")
_ABSENT = Made(404, "application/json", b'{"error":"Not found"}')


@dataclass(slots=True)
class Exchange:
    """One request being answered, and what is to be recorded of it."""

    wire: Wire
    connection: h11.Connection
    place: Place
    heard: Heard
    said: Said

    def note(self, **changes: object) -> None:
        """Change what will be recorded."""
        self.said = msgspec.structs.replace(self.said, **changes)

    async def send(self, event: h11.Event, *, keep: int) -> None:
        """Send a part of the answer, and keep it for the record up to `keep` bytes in all."""
        data = self.connection.send(event) or b""
        room = max(keep - len(self.said.response), 0)
        self.note(response=self.said.response + data[:room], received=self.said.received + len(data))
        await self.wire.write(data)

    async def say(self, made: Made, *, keep: int) -> None:
        """Send an answer whole."""
        self.note(status=made.status, token=made.token)
        bare = made.status in _NO_BODY
        headers = [("Server", "nginx"), ("Date", email.utils.formatdate(usegmt=True)), *made.add]
        if made.status == 101:
            headers = [*made.add, ("Connection", "Upgrade")]
            await self.send(h11.InformationalResponse(status_code=101, headers=headers), keep=keep)
            return
        if not bare:
            headers += [("Content-Type", made.kind), ("Content-Length", str(len(made.body)))]
        if self.heard.wrong:
            headers.append(("Connection", "close"))
        await self.send(h11.Response(status_code=made.status, headers=headers), keep=keep)
        if made.body and not bare and self.heard.method != "HEAD":
            await self.send(h11.Data(data=made.body), keep=keep)
        await self.send(h11.EndOfMessage(), keep=keep)


async def answer(exchange: Exchange, world: World) -> None:
    """Answer the request of `exchange`; raise OSError, EOFError or LocalProtocolError where that fails."""
    heard, keep = exchange.heard, world.bounds.response
    if heard.wrong:
        await exchange.say(_WRONG, keep=keep)
        return
    if heard.method == "CONNECT":
        exchange.note(status=200)
        await exchange.send(h11.Response(status_code=200, headers=[], reason=b"OK"), keep=keep)
        return
    asked, url = _asked(exchange, world)
    if world.gate.knows(url):
        await _registry(exchange, asked, url, world)
    else:
        await exchange.say(_simulated(exchange, asked, world), keep=keep)


def _asked(exchange: Exchange, world: World) -> tuple[Asked, str]:
    """The request as the replies know it, and its whole URL."""
    heard, place = exchange.heard, exchange.place
    scheme = "https" if place.secure else "http"
    host, path, port = place.name or heard.host or place.address, heard.target, place.port
    if path.startswith(("http://", "https://")):  # to a proxy
        scheme, _, rest = path.partition("://")
        authority, slash, path = rest.partition("/")
        path = slash + path or "/"
        host = heard.host if heard.host in authority.lower() else authority.lower().partition(":")[0]
        port = _PORTS[scheme]
    suffix = "" if port == _PORTS[scheme] else f":{port}"
    url = f"{scheme}://{host}{suffix}{path}"
    body = exchange.said.body
    return Asked(heard.method, host, path, heard.headers, body, world.turn(url)), url


def _simulated(exchange: Exchange, asked: Asked, world: World) -> Made:
    message = doh.question(asked)
    if message is None:
        return world.replies.to(asked)
    found = world.resolve(exchange.place.inner(depth=exchange.place.depth), message[0])
    exchange.note(ran=exchange.said.ran or found.ran)
    return doh.answer(found, plain=message[1])


async def _registry(exchange: Exchange, asked: Asked, url: str, world: World) -> None:
    heard, keep = exchange.heard, world.bounds.response
    refused = world.gate.refuse(heard.method, url, body=bool(heard.body))
    made = None
    if not refused:
        try:
            refused = await _forward(exchange, url, world)
            made = _FAILED if refused.startswith("the registry failed") else None
        except (OSError, EOFError, TimeoutError, msgspec.MsgspecError) as err:
            if exchange.said.status:  # already answering: there is nothing else to say any more
                raise ConnectionResetError from err
            refused, made = f"the gateway failed: {type(err).__name__}", _FAILED
    if refused:
        exchange.note(refused=refused, gateway=False)
        made = made or world.replies.to(asked)
        await exchange.say(_ABSENT if made.token else made, keep=keep)


async def _forward(exchange: Exchange, url: str, world: World) -> str:
    """Pass on what the registry answers; say why it would not, where nothing was passed on."""
    method = exchange.heard.method
    async with world.gate.fetch(method, url, exchange.heard.headers.get("accept", "")) as fetched:
        head = fetched.head
        if head.refused:
            return head.refused
        exchange.note(status=head.status, gateway=True)
        headers = [("Content-Type", head.kind), ("Content-Length", str(head.size))]
        headers.append(("Date", email.utils.formatdate(usegmt=True)))
        await exchange.send(h11.Response(status_code=head.status, headers=headers), keep=GATEWAY_KEPT)
        async for chunk in fetched.body:
            await exchange.send(h11.Data(data=chunk), keep=GATEWAY_KEPT)
        await exchange.send(h11.EndOfMessage(), keep=GATEWAY_KEPT)
    return ""
