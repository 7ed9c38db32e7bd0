"""Asking servers that a configuration or a person names, without being used against our own network (SSRF).

An address is looked up once, checked, and connected to as it was checked, so that a name cannot mean another
host by the time of the connection; every redirect is checked anew. Proxies of the environment are not used.
"""

import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

import certifi
import httpcore

from biopsy.errors import BiopsyError

MAX_REDIRECTS = 5
MAX_BODY = 1024**3
DEADLINE = 600.0  # seconds for one answer, redirects included
TIMEOUT = 30.0  # seconds without a byte
_SECRET = frozenset({"authorization", "cookie"})


class OutboundError(BiopsyError):
    """A server may not be asked, or does not answer as it should."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: its status, its headers in small letters, where in the end it was."""

    status: int
    headers: dict[str, str]
    url: str


def allowed(address: str) -> bool:
    """Whether an address is on the public internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return allowed(str(inner))
    return found.is_global and not found.is_multicast


def resolve(host: str, port: int, *, private: bool) -> str:
    """The address of a host; raises OutboundError unless all that it has are public, or `private`."""
    try:
        found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise OutboundError(f"{host}: {error}") from error
    if not private and not all(map(allowed, found)):
        raise OutboundError(f"{host} is in a private network; `private = true` allows that")
    return found[0]


class _Backend(httpcore.NetworkBackend):
    """Connects only to what was checked."""

    def __init__(self, *, private: bool) -> None:
        self._private, self._inner = private, httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        address = resolve(host, port, private=self._private)
        return self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        raise OutboundError(f"{path}: no server is asked through a file")


def target(url: str, *, private: bool) -> str:
    """Check the form of a URL; raises OutboundError. It is HTTPS unless `private`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutboundError(f"{url[:200]!r} is no URL: {error}") from error
    if parts.scheme not in ({"http", "https"} if private else {"https"}) or not parts.hostname or port == 0:
        raise OutboundError(f"{url[:200]!r}: only https: URLs are asked")
    if parts.username is not None or any(ord(c) <= 32 or ord(c) == 127 for c in url):
        raise OutboundError(f"{url[:200]!r}: a name, password or space in a URL")
    return url


@contextmanager
def ask(
    url: str, headers: Mapping[str, str] | None = None, *, private: bool = False,
    method: str = "GET", body: bytes | None = None,
) -> Iterator[tuple[Answer, Iterator[bytes]]]:  # fmt: skip
    """Ask a server and follow its redirects; yields the answer and its body, in parts and under limits.

    Raises OutboundError. Secrets among the headers go to the first host only; a POST is not redirected.
    """
    end = time.monotonic() + DEADLINE
    sent = {"user-agent": "biopsy", "accept-encoding": "identity"} | {
        k.lower(): v for k, v in (headers or {}).items()
    }
    try:
        with httpcore.ConnectionPool(_context(), network_backend=_Backend(private=private)) as pool:
            for _ in range(MAX_REDIRECTS + 1):
                target(url, private=private)
                timeouts = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT)
                listed = list(sent.items())
                with pool.stream(
                    method, url, headers=listed, content=body, extensions={"timeout": timeouts}
                ) as said:
                    got = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in said.headers}
                    if (
                        said.status not in {301, 302, 303, 307, 308}
                        or "location" not in got
                        or method != "GET"
                    ):
                        yield Answer(said.status, got, url), _body(said, end)
                        return
                before = urlsplit(url)
                url = urljoin(url, got["location"])
                if urlsplit(url)[:2] != before[:2]:
                    sent = {k: v for k, v in sent.items() if k not in _SECRET}
        raise OutboundError(f"{url[:200]}: more than {MAX_REDIRECTS} redirects")
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, ValueError) as error:
        raise OutboundError(f"{url[:200]}: {type(error).__name__}: {error}") from error


def _body(said: httpcore.Response, end: float) -> Iterator[bytes]:
    size = 0
    for chunk in said.iter_stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise OutboundError(f"an answer larger than {MAX_BODY >> 20} MiB")
        if time.monotonic() > end:
            raise OutboundError(f"no end of the answer after {DEADLINE:.0f} s")
        yield chunk


def save(body: Iterator[bytes], file: IO[bytes]) -> None:
    """Write an answer into a file."""
    for chunk in body:
        file.write(chunk)
    file.flush()


def _context() -> ssl.SSLContext:
    return _trusting((certifi.where(), os.environ.get("SSL_CERT_FILE", "")))


@cache
def _trusting(paths: tuple[str, ...]) -> ssl.SSLContext:
    """Made once: reading certificates takes longer than most requests."""
    context = ssl.create_default_context()
    for path in paths:
        if path and os.path.isfile(path):  # noqa: PTH113
            context.load_verify_locations(path)
    return context
