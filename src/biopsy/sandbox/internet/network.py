"""The namespace's own network: every address is ours, every TCP and UDP port leads to one socket.

AnyIP (a `local` route for everything) makes the kernel accept and answer for every address, ICMP echo and
ARP included; TPROXY hands every TCP connection and UDP datagram to our two sockets with its destination
unchanged. There is no address translation, and no route that leads anywhere but to the sandbox.
https://docs.kernel.org/networking/tproxy.html
"""

import contextlib
import fcntl
import shutil
import socket
import struct
import subprocess
from pathlib import Path

from biopsy.errors import CannotSandbox, SandboxError
from biopsy.sandbox.internet.spec import Spec

PORT = 4000
"""Where TPROXY leads; nothing outside sees it."""

GROUPS = ("224.0.0.251", "224.0.0.252", "239.255.255.250")
"""Multicast groups in which neighbours are looked for: mDNS, LLMNR, SSDP."""

# linux/in.h, linux/in6.h, linux/if.h, linux/sockios.h: what `socket` has no names for
IP_TRANSPARENT, IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR, IPV6_TRANSPARENT = 19, 20, 74, 75
_SIOCGIFFLAGS, _IFF_UP = 0x8913, 0x1
_BUFFER = 4 * 1024**2  # bytes of datagrams that may wait for us

_RULES = """
table inet internet {{
  chain everything {{
    type filter hook prerouting priority mangle; policy accept;
    iifname "{interface}" meta l4proto {{ tcp, udp }} tproxy to :{port} accept
  }}
  chain nothing {{
    type filter hook forward priority filter; policy drop;
  }}
}}
"""


def confine(interface: str) -> None:
    """Raise SandboxError if an interface besides loopback and `interface` is up: it could be a real one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            flags = fcntl.ioctl(probe, _SIOCGIFFLAGS, struct.pack("16sH14x", name.encode(), 0))
            if name not in ("lo", interface) and struct.unpack_from("16xH", flags)[0] & _IFF_UP:
                raise SandboxError(f"the simulated internet will not run beside a network: {name} is up")
    if interface not in {name for _, name in socket.if_nameindex()}:
        raise SandboxError(f"the simulated internet has no interface {interface}")


def prepare(spec: Spec) -> None:
    """Give the namespace its addresses, AnyIP routes and TPROXY rules."""
    interface = spec.interface
    for name, value in (
        ("ipv4/ip_forward", "0"),
        ("ipv4/conf/all/rp_filter", "0"),
        (f"ipv4/conf/{interface}/rp_filter", "0"),
        ("ipv6/conf/all/forwarding", "0"),
        (f"ipv6/conf/{interface}/accept_dad", "0"),
        (f"ipv6/conf/{interface}/accept_ra", "0"),
    ):
        with contextlib.suppress(OSError):  # read-only or without IPv6: these are defaults already
            Path("/proc/sys/net", name).write_text(value)
    _run("ip", "-batch", "-", given="\n".join(_four(spec)))
    if spec.peer6:
        _run("ip", "-batch", "-", given="\n".join(_six(spec)))
    _run("nft", "-f", "-", given=_RULES.format(interface=interface, port=PORT))


def _four(spec: Spec) -> tuple[str, ...]:
    return (
        "link set lo up",
        f"addr add {spec.gateway4}/32 dev {spec.interface}",
        f"link set {spec.interface} up",
        f"route add {spec.peer4}/32 dev {spec.interface} src {spec.gateway4}",
        "route add local 0.0.0.0/0 dev lo table main",  # in `local` it would beat the sandbox
    )


def _six(spec: Spec) -> tuple[str, ...]:
    return (
        f"addr add {spec.gateway6}/128 dev {spec.interface} nodad",
        f"route add {spec.peer6}/128 dev {spec.interface}",
        "route add local ::/0 dev lo table main",
    )


def _run(*command: str, given: str) -> None:
    if shutil.which(command[0]) is None:
        raise CannotSandbox(f"the simulated internet needs the command {command[0]}")
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=10, check=False)
    if done.returncode:
        raise SandboxError(f"{' '.join(command)}: {done.stderr.strip()[:500]}")


def listen(family: socket.AddressFamily) -> socket.socket:
    """The socket that gets every TCP connection; `getsockname` of one says where it was meant to go."""
    listener = _transparent(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", PORT))
    listener.listen(4096)
    return listener


def receive(family: socket.AddressFamily, interface: str) -> socket.socket:
    """The socket that gets every UDP datagram; ask `aim` where one was meant to go."""
    receiver = _transparent(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        receiver.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1)
    else:
        receiver.setsockopt(socket.SOL_IP, IP_RECVORIGDSTADDR, 1)
    with contextlib.suppress(OSError):
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    receiver.bind(("", PORT))
    for group in GROUPS if family == socket.AF_INET else ():
        with contextlib.suppress(OSError):
            member = struct.pack("4s4si", socket.inet_aton(group), bytes(4), socket.if_nametoindex(interface))
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    return receiver


def echoes(family: socket.AddressFamily) -> socket.socket:
    """The socket that sees every ICMP packet; ask `met` where one of IPv6 was sent."""
    if family == socket.AF_INET6:
        listener = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        listener = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    listener.setblocking(False)
    return listener


def met(ancillary: list[tuple[int, int, bytes]]) -> str:
    """The IPv6 address that a packet was sent to, from what came with it; nothing for IPv4."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO) and len(data) >= 16:
            return socket.inet_ntop(socket.AF_INET6, data[:16])
    return ""


def aim(ancillary: list[tuple[int, int, bytes]]) -> tuple[str, int] | None:
    """The address and port that a datagram was sent to, from what came with it."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_IP, IP_RECVORIGDSTADDR) and len(data) >= 8:
            return socket.inet_ntop(socket.AF_INET, data[4:8]), int.from_bytes(data[2:4], "big")
        if (level, kind) == (socket.IPPROTO_IPV6, IPV6_RECVORIGDSTADDR) and len(data) >= 24:
            return socket.inet_ntop(socket.AF_INET6, data[8:24]), int.from_bytes(data[2:4], "big")
    return None


def answer(family: socket.AddressFamily, sender: tuple[str, int], to: tuple[str, int], data: bytes) -> None:
    """Send a datagram to `to`, from the address that it had asked: `sender`."""
    with _transparent(family, socket.SOCK_DGRAM) as reply:
        reply.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reply.bind(sender)
        reply.sendto(data, to)


def _transparent(family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
    made = socket.socket(family, kind)
    made.setblocking(False)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setsockopt(socket.IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
    else:
        made.setsockopt(socket.SOL_IP, IP_TRANSPARENT, 1)
    return made
