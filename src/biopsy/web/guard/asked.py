"""A request, read strictly, and an answer, as the guard's parts give it."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import msgspec

from biopsy.guard.showing import Client, client

MAX_BODY = 32 * 1024**2
"""Largest body of a request, in bytes."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class RefusedError(Exception):
    """A request that gets no more than a reason. `status` is the answer's."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        """Say why, and which status and headers that has."""
        super().__init__(message)
        self.status, self.headers = status, headers


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: `path` in its parts, each without escapes; `base` is how this client reaches us."""

    method: str
    path: tuple[str, ...]
    headers: dict[str, str]
    base: str
    query: str
    address: str
    client: Client
    receive: Receive
    through: bool = False  # it was on its way to the registry itself: addresses stay as they are

    @property
    def agent(self) -> str:
        """What the client calls itself."""
        return self.headers.get("user-agent", "")

    def knows(self, tag: str) -> bool:
        """Whether the client has what a tag stands for."""
        held = self.headers.get("if-none-match", "")
        return bool(tag) and tag.removeprefix("W/") in [
            one.strip().removeprefix("W/") for one in held.split(",")
        ]

    async def body(self) -> bytes:
        """What was sent; raises RefusedError where that is too much, or breaks off."""
        data = bytearray()
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                raise RefusedError(400, "the request breaks off")
            data += message.get("body", b"")
            if len(data) > MAX_BODY:
                raise RefusedError(413, f"more than {MAX_BODY:,} bytes")
            if not message.get("more_body"):
                return bytes(data)


@dataclass(slots=True)
class Answer:
    """An answer; `stream` takes the place of the body where it does not lie in memory."""

    status: int = 200
    body: bytes = b""
    type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None
    size: int | None = None


def read(scope: Scope, receive: Receive, *, base: str) -> Asked:
    """Read a request; raises RefusedError for a path that no client of a registry asks."""
    raw = scope.get("raw_path") or scope["path"].encode()
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    try:
        parts = tuple(unquote(part.decode("ascii"), errors="strict") for part in raw.lstrip(b"/").split(b"/"))
    except UnicodeDecodeError as error:
        raise RefusedError(400, "a path is ASCII, and UTF-8 behind its escapes") from error
    if any(part in {".", ".."} or not part.isprintable() or "\\" in part for part in parts):
        raise RefusedError(400, "no such path")
    who = scope.get("client")
    agent = headers.get("user-agent", "")
    query = scope.get("query_string", b"").decode("latin-1")
    return Asked(scope["method"], parts, headers, base, query, who[0] if who else "", client(agent), receive)


def tag(body: bytes) -> str:
    """The ETag of a body."""
    return f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def problem(status: int, message: str, **headers: str) -> Answer:
    """A refusal as uv shows it (RFC 9457), and npm's clients (`error`)."""
    held = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Refused"),
        "status": status,
        "detail": message,
    }
    body = msgspec.json.encode({**held, "error": message, "message": message})
    return Answer(status, body, "application/problem+json", dict(headers))


_TITLES = {
    403: "Blocked by biopsy guard",
    404: "Not there",
    502: "The registry does not answer",
    503: "Not yet",
}
