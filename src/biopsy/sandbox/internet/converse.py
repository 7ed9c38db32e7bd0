"""One TCP connection: finds out what is spoken on it, whatever the port, and goes on in that."""

import asyncio
import contextlib
import re

import msgspec

from biopsy.sandbox.internet import http, stream
from biopsy.sandbox.internet.record import shown
from biopsy.sandbox.internet.wire import Secure, Wire
from biopsy.sandbox.internet.world import Place, World

SILENCE = 0.6
"""Seconds after which a client that says nothing is greeted, on a port where servers speak first."""
LONG_SILENCE = 0.25
"""Seconds after which one is tempted, on a port about which nothing is known."""
CLIENT_FIRST = frozenset({*(53, 80, 443, 465, 853, 990, 993, 995, 1080, 3000, 3128, 5000, 5432, 6379, 6697)})
CLIENT_FIRST |= {389, 636, 1433, 1521, 2181, 5671, 5672, 6650, 7687, 9042, 9092, 9418, 11211, 50051}
CLIENT_FIRST |= {8000, 8008, 8080, 8081, 8443, 8873, 8883, 8888, 9000, 9090, 9200, 9443, 27017}
"""Ports where clients speak first; a busy one may take its time, and a word from us would be wrong."""
LONGEST_SILENCE = 5.0
"""Seconds after which even there a client is tempted: it may be a shell that hides behind the port."""
MAX_DEPTH = 6
"""Layers of TLS and proxies in one connection."""
DNS_PORTS = frozenset({53, 853})

_HTTP = re.compile(
    rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|PROPFIND|MKCOL|REPORT|SEARCH|LINK|PURGE) "
    rb"[^\r\n]|[!-~]{1,32} [^\r\n]{1,8192} HTTP/1\.[01]\r?\n"
)
_MAYBE_HTTP = re.compile(rb"[A-Z]{1,10}(?: [^\r\n]*)?")
_PREFACE = b"PRI * HTTP/2.0\r\n"  # RFC 9113, section 3.4
_CLIENT_HELLO = b"\x16\x03"


async def converse(wire: Wire, place: Place, world: World) -> None:
    """Speak whatever the package speaks, until the connection ends."""
    try:
        first = await _first(wire, _patience(place, world))
    except TimeoutError:
        await _stream(wire, place, world, silent=True)
        return
    except asyncio.CancelledError:
        _silent(place, world)
        raise
    if not first:
        _silent(place, world)
    elif first.startswith(_CLIENT_HELLO) and place.depth < MAX_DEPTH:
        await _secure(wire, place, world)
    elif first.startswith(_PREFACE):
        from biopsy.sandbox.internet import http2  # noqa: PLC0415 - few speak it, and it takes 0.05 s to load

        await http2.serve(wire, place, world)
    elif _HTTP.match(first):
        await http.serve(wire, place, world, converse)
    elif place.port in DNS_PORTS:
        await _resolve(wire, place, world)
    else:
        await _stream(wire, place, world, silent=False)


async def _stream(wire: Wire, place: Place, world: World, *, silent: bool) -> None:
    if await stream.serve(wire, place, world, silent=silent) and place.depth < MAX_DEPTH:
        await _secure(wire, place.inner(), world)


def _silent(place: Place, world: World) -> None:
    world.recorder.add(msgspec.structs.replace(place.said("tcp"), summary="connected, said nothing"))


def _patience(place: Place, world: World) -> float:
    if place.port in CLIENT_FIRST and not place.secure:
        return LONGEST_SILENCE
    return SILENCE if world.dialogues.on(place.port) else LONG_SILENCE


async def _first(wire: Wire, patience: float) -> bytes:
    """The first bytes, enough to tell the protocol by; they are read again afterwards."""
    held = await wire.read(patience)
    with contextlib.suppress(TimeoutError):
        while held and len(held) < 16 and (_MAYBE_HTTP.fullmatch(held) or held == _CLIENT_HELLO[:1]):
            more = await wire.read(SILENCE)
            if not more:
                break
            held += more
    wire.unread(held)
    return held


async def _secure(below: Wire, place: Place, world: World) -> None:
    authority = await world.authority()
    hello = await below.read()
    below.unread(hello)
    known = (place.name, place.address) if place.name else (place.address,)
    wire = Secure(below, authority.context(*known))
    try:
        await wire.shake()
    except (OSError, TimeoutError) as err:  # SSLError is an OSError
        world.recorder.add(
            msgspec.structs.replace(
                place.said("tls"),
                name=place.name or wire.told,
                summary=f"handshake failed: {_why(err)}",
                request=hello,
                sent=below.sent,
                received=below.received,
            )
        )
        return
    await converse(wire, place.inner(name=place.name or wire.told, secure=True), world)
    await wire.close()


def _why(err: Exception) -> str:
    reason = getattr(err, "reason", None)
    return str(reason).lower().replace("_", " ") if reason else type(err).__name__


async def _resolve(wire: Wire, place: Place, world: World) -> None:
    """DNS over TCP (RFC 7766) or TLS: messages, each after its length."""
    held = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while data := await wire.read():
            held += data
            while len(held) >= 2 and len(held) >= 2 + (size := int.from_bytes(held[:2], "big")):
                message, held = held[2 : 2 + size], held[2 + size :]
                answer = world.resolve(place.inner(depth=place.depth), message)
                await wire.write(len(answer.wire).to_bytes(2, "big") + answer.wire)
    if held:
        world.recorder.add(
            msgspec.structs.replace(place.said("tcp"), summary=shown(held), request=held, sent=len(held))
        )
