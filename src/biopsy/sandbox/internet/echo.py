"""ICMP echo: the kernel answers by itself for every address; what a package puts into it is recorded here."""

import asyncio
import socket

import msgspec

from biopsy.sandbox.internet import network
from biopsy.sandbox.internet.record import shown
from biopsy.sandbox.internet.world import Place, World

BURST = 64
"""Packets taken before others get their turn."""

_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}  # RFC 792, RFC 4443
_MAX = 65_535


def attend(listener: socket.socket, world: World) -> None:
    """Record every echo request that comes to `listener`, from now on."""
    asyncio.get_running_loop().add_reader(listener.fileno(), _burst, listener, world)


def _burst(listener: socket.socket, world: World) -> None:
    for _ in range(BURST):
        try:
            data, ancillary, _, _ = listener.recvmsg(_MAX, 256)
        except OSError:  # nothing more
            return
        said = request(data, listener.family, network.met(ancillary))
        if said is not None:
            address, payload = said
            place = Place(address, 0, 0, world.names.name(address))
            world.recorder.add(
                msgspec.structs.replace(
                    place.said("icmp"),
                    summary=f"echo {shown(payload)}",
                    request=payload,
                    sent=len(payload),
                    received=len(payload),
                )
            )


def request(packet: bytes, family: socket.AddressFamily, aim: str) -> tuple[str, bytes] | None:
    """Where an echo request was sent and what is in it; None where the packet is something else.

    IPv4 comes with its header, IPv6 without: there `aim` says where it was sent.
    """
    address = aim
    if family == socket.AF_INET:
        if len(packet) < 20:
            return None
        address = socket.inet_ntop(family, packet[16:20])
        packet = packet[4 * (packet[0] & 15) :]
    if len(packet) < 8 or packet[0] != _REQUEST[family] or not address:
        return None
    return address, packet[8:]
