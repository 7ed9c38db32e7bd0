"""How registries are asked: at addresses that they may lead to, and no others.

A listing is not trusted: it names files anywhere. One of a registry on the Internet may not lead into this
machine's own networks; one that stands in such a network may. What no registry has business with (services
at link-local addresses, multicast) is never asked. Addresses are checked when they are connected to, so that
a name which changes its mind between two look-ups gains nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from biopsy.errors import RegistryError

CONNECT, READ, POOL = 15.0, 60.0, 60.0
MAX_CONNECTIONS = 64
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ForbiddenError(RegistryError):
    """An address that a registry may not lead to."""


class Backend(httpcore.AsyncNetworkBackend):
    """Connects to what may be connected to. Raises ForbiddenError."""

    def __init__(self, *, inwards: bool) -> None:
        """Say whether addresses of private networks are among those."""
        self._inwards = inwards
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None,  # noqa: ASYNC109 - the name it has there
        local_address: str | None = None, socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        """Look the name up, check every address, and connect to one of those."""
        error: Exception | None = None
        for address in (await resolved(host, port, inwards=self._inwards))[:4]:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error or httpcore.ConnectError(f"no address of {host}")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)


async def resolved(host: str, port: int, *, inwards: bool) -> list[str]:
    """The addresses of a host, all of which may be asked; raises ForbiddenError, and ConnectError."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host}: {error}") from error
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for one in addresses:
        if not allowed(ipaddress.ip_address(one.partition("%")[0]), inwards=inwards):
            raise ForbiddenError(f"the registry leads to {host}, which is none of its business")
    return addresses


def allowed(address: Address, *, inwards: bool) -> bool:
    """Whether an address may be asked."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return allowed(address.ipv4_mapped, inwards=inwards)
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    return inwards or address.is_global


async def stands_inside(host: str) -> bool:
    """Whether a registry that a person configured stands in a private network itself."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(not ipaddress.ip_address(str(one[4][0]).partition("%")[0]).is_global for one in found)


def client(verify: Any, *, inwards: bool) -> httpx.AsyncClient:
    """What registries are asked with: no redirects by itself, the environment's proxies, checked addresses.

    A proxy of the environment looks names up for itself: there, it decides what may be asked.
    """
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)
    http = httpx.AsyncClient(
        verify=verify,
        follow_redirects=False,
        timeout=httpx.Timeout(READ, connect=CONNECT, pool=POOL),
        limits=limits,
        trust_env=True,
        headers={"user-agent": "biopsy-guard", "accept-encoding": "gzip"},
    )
    transport: Any = http._transport  # noqa: SLF001 - httpx has no other way to name a backend
    transport._pool = httpcore.AsyncConnectionPool(  # noqa: SLF001
        ssl_context=verify,
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=MAX_CONNECTIONS,
        keepalive_expiry=30.0,
        network_backend=Backend(inwards=inwards),
    )
    return http
