"""UDP: every datagram to every port of every address is one exchange."""

import asyncio
import contextlib
import socket
import struct
import time

import msgspec

from biopsy.sandbox.internet import dns, network, tag
from biopsy.sandbox.internet.record import shown
from biopsy.sandbox.internet.world import Place, World

BURST = 64
"""Datagrams taken before others get their turn."""

_MAX = 65_535
_NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
_SILENT = frozenset({67, 68, 137, 138, 443, 514, 547, 1900, 5355, 8125})  # nobody answers, or not like this


def attend(receiver: socket.socket, world: World) -> None:
    """Answer whatever comes to `receiver`, from now on."""
    asyncio.get_running_loop().add_reader(receiver.fileno(), _burst, receiver, world)


def _burst(receiver: socket.socket, world: World) -> None:
    for _ in range(BURST):
        try:
            data, ancillary, _, sender = receiver.recvmsg(_MAX, 256)
        except OSError:  # nothing more, or what ICMP says of an earlier answer
            return
        aim = network.aim(ancillary)
        if aim is not None:
            place = Place(aim[0], aim[1], sender[1], world.names.name(aim[0]))
            said = answer(data, place, world)
            if said:
                with contextlib.suppress(OSError):
                    network.answer(receiver.family, aim, sender, said)


def answer(data: bytes, place: Place, world: World) -> bytes:
    """What a datagram is answered; it is recorded here."""
    if place.port == 53:
        return world.resolve(place, data, dns.UDP_SIZE).wire
    said = msgspec.structs.replace(
        place.said("udp"), summary=shown(data), request=data, sent=len(data), ran=world.tags.ran(place.name)
    )
    response, token = b"", ""
    if place.port == 123:
        response = clock(data)
    elif place.port not in _SILENT and data:
        token = world.tags.token()
        response = tag.code(token).encode()
    world.recorder.add(msgspec.structs.replace(said, response=response, received=len(response), token=token))
    return response


def clock(data: bytes) -> bytes:
    """The time, as NTP tells it (RFC 5905, section 7.3); nothing to what is no question."""
    if len(data) < 48 or data[0] & 7 not in (1, 3):
        return b""
    moment = time.time() + _NTP_EPOCH
    stamp = struct.pack("!II", int(moment) & 0xFFFFFFFF, int(moment % 1 * 2**32))
    head = struct.pack("!BBbbII4s", 0x24, 2, data[2] & 0x7F, -23, 0x0210, 0x0800, bytes((203, 0, 113, 7)))
    return head + stamp + data[40:48] + stamp + stamp
