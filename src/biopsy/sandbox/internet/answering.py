"""Answering one HTTP request, of any version: by the gateway, as a resolver, or as the replies say."""

import email.utils
from abc import ABC, abstractmethod

import msgspec

from biopsy.sandbox.internet import bodies, doh
from biopsy.sandbox.internet.hearing import Heard
from biopsy.sandbox.internet.reply import Asked, Made
from biopsy.sandbox.internet.world import Place, World
from biopsy.sandbox.raw import Said

GATEWAY_KEPT = 2048
"""Bytes kept of what the registry answered: it is known elsewhere."""

_NO_BODY = frozenset({204, 304})
_PORTS = {"http": 80, "https": 443}
_WRONG = Made(400, "text/plain", b"Bad Request\n")
_FAILED = Made(502, "text/plain", b"Bad Gateway\n")
_ABSENT = Made(404, "application/json", b'{"error":"Not found"}')


Headers = list[tuple[str, str]]


class Exchange(ABC):
    """One request being answered, and what is to be recorded of it; each version of HTTP has its own.

    Of what is sent `keep` bytes in all are kept for the record.
    """

    def __init__(self, place: Place, heard: Heard, world: World) -> None:
        """Begin the record with what was heard."""
        self.place, self.heard = place, heard
        self.said = begun(place, heard, world)
        self.keep = world.bounds.response

    def note(self, **changes: object) -> None:
        """Change what will be recorded."""
        self.said = msgspec.structs.replace(self.said, **changes)

    def kept(self, data: bytes, size: int) -> None:
        """Take note of `size` bytes that are being sent, which a person reads as `data`."""
        room = max(self.keep - len(self.said.response), 0)
        self.note(response=self.said.response + data[:room], received=self.said.received + size)

    @abstractmethod
    async def begin(self, status: int, headers: Headers) -> None:
        """Send the head of an answer."""

    @abstractmethod
    async def part(self, data: bytes) -> None:
        """Send a part of its body."""

    @abstractmethod
    async def finish(self) -> None:
        """Send its end."""

    async def say(self, made: Made) -> None:
        """Send an answer whole."""
        self.note(status=made.status, token=made.token)
        if made.status == 101:
            await self.begin(101, [*made.add])
            return
        bare = made.status in _NO_BODY
        headers = [("Server", "nginx"), ("Date", email.utils.formatdate(usegmt=True)), *made.add]
        if not bare:
            headers += [("Content-Type", made.kind), ("Content-Length", str(len(made.body)))]
        await self.begin(made.status, headers)
        if made.body and not bare and self.heard.method != "HEAD":
            await self.part(made.body)
        await self.finish()


def begun(place: Place, heard: Heard, world: World) -> Said:
    """The beginning of the record of a request, or of what there was of one."""
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
        told=world.leads.giver(name or heard.host),
    )


async def answer(exchange: Exchange, world: World) -> None:
    """Answer the request of `exchange`; raise OSError, EOFError or its protocol's error where that fails."""
    heard = exchange.heard
    if heard.wrong:
        await exchange.say(_WRONG)
        return
    if heard.method == "CONNECT":
        exchange.note(status=200)
        await exchange.begin(200, [])
        return
    asked, url = _asked(exchange, world)
    if world.gate.knows(url) and not world.replies.always(asked):
        await _registry(exchange, asked, url, world)
    else:
        await exchange.say(_simulated(exchange, asked, world))


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
    origin = f"{scheme}://{host}{suffix}"
    return Asked(heard.method, host, path, heard.headers, body, world.turn(url), origin), url


def _simulated(exchange: Exchange, asked: Asked, world: World) -> Made:
    message = doh.question(asked)
    if message is None:
        return world.replies.to(asked)
    found = world.resolve(exchange.place.inner(depth=exchange.place.depth), message[0])
    exchange.note(ran=exchange.said.ran or found.ran)
    return doh.answer(found, plain=message[1])


async def _registry(exchange: Exchange, asked: Asked, url: str, world: World) -> None:
    heard = exchange.heard
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
        await exchange.say(_ABSENT if made.token else made)


async def _forward(exchange: Exchange, url: str, world: World) -> str:
    """Pass on what the registry answers; say why it would not, where nothing was passed on."""
    method = exchange.heard.method
    async with world.gate.fetch(method, url, exchange.heard.headers.get("accept", "")) as fetched:
        head = fetched.head
        if head.refused:
            return head.refused
        exchange.note(status=head.status, gateway=True)
        exchange.keep = GATEWAY_KEPT
        headers = [("Content-Type", head.kind), ("Content-Length", str(head.size))]
        headers.append(("Date", email.utils.formatdate(usegmt=True)))
        await exchange.begin(head.status, headers)
        async for chunk in fetched.body:
            await exchange.part(chunk)
        await exchange.finish()
    return ""
