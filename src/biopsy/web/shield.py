"""What holds for every answer: headers of security, HEAD wherever there is GET, ETags, limits of rates."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from biopsy.web.body import ROOM, Held
from biopsy.web.limits import Rate

MAX_TAGGED = 8 * 1024**2  # bytes of an answer that gets an ETag; files bring theirs
WRITES = "/api/v1/write/"
"""Below this is what changes the database: it has a limit of its own, and needs a token."""

COUNTED = (WRITES, "/act/", "/signin", "/sql/answer")
"""What an address may ask as often as it may write: what changes something, signs in, or takes a while."""

HEADERS = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "interest-cohort=()",
}
_HEADERS = tuple((name.encode(), value.encode()) for name, value in HEADERS.items())


class Shield:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, reads: Rate, writes: Rate) -> None:
        """Take the application, and how often one address may read and write."""
        self._app, self._reads, self._writes = app, reads, writes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if str(scope["type"]) != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        client = scope.get("client")
        rate = self._writes if scope["path"].startswith(COUNTED) else self._reads
        if wait := rate.wait(client[0] if client else ""):
            await answer.refuse(wait)
            return
        if answer.head:
            scope = {**scope, "method": "GET"}  # type: ignore[assignment]
        held = Held()
        scope[ROOM] = held  # type: ignore[literal-required]
        try:
            await self._app(scope, receive, answer.send)
        finally:
            held.give()


@dataclass(slots=True)
class _Answer:
    """One answer on its way: its start is held until its body is known."""

    scope: Any
    out: Send
    head: bool = False
    _start: Any = None
    _done: bool = False
    _tags: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.head = self.scope["method"] == "HEAD"
        if self.scope["method"] in {"GET", "HEAD"}:
            self._tags = [value for name, value in self.scope["headers"] if name == b"if-none-match"]

    async def send(self, message: Message) -> None:
        """Pass a message on, with what belongs to every answer."""
        if message["type"] == "http.response.start":
            self._start = message
        elif self._start is None:
            if not self._done:
                await self.out(message)
        else:
            await self._begin(message)

    async def _begin(self, message: Any) -> None:
        start, self._start = self._start, None
        body, more = message.get("body", b""), message.get("more_body", False)
        headers = {name.lower(): value for name, value in start["headers"]}
        for name, value in _HEADERS:
            headers.setdefault(name, value)
        reading = self.scope["method"] in {"GET", "HEAD"} and start["status"] == 200
        if reading and not more and len(body) <= MAX_TAGGED and b"etag" not in headers:
            headers[b"etag"] = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'.encode()
        headers.setdefault(b"cache-control", b"no-cache" if reading else b"no-store")
        if reading and known(self._tags, headers.get(b"etag", b"")):
            start, body = {**start, "status": 304}, b""
            for name in (b"content-length", b"content-type"):
                headers.pop(name, None)
            self._done, more = True, False
        elif self.head:
            if not more:
                headers.setdefault(b"content-length", str(len(body)).encode())
            body, self._done, more = b"", True, False
        out: Any = self.out  # messages as servers take them
        await out({**start, "headers": list(headers.items())})
        await out({"type": "http.response.body", "body": body, "more_body": more})

    async def refuse(self, wait: float) -> None:
        """Say that there were too many, and when to come again."""
        seconds = math.ceil(wait)
        body = msgspec.json.encode({"code": 8, "message": f"too many requests: come again in {seconds} s"})
        told: Mapping[str, str] = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "retry-after": str(seconds),
        }
        headers = [(name.encode(), value.encode()) for name, value in told.items()]
        await self.send({"type": "http.response.start", "status": 429, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})


def known(asked: list[bytes], tag: bytes) -> bool:
    """Whether a client has what a tag stands for: compared weakly (RFC 9110, section 13.1.2)."""
    if not tag:
        return False
    mine = tag.removeprefix(b"W/")
    listed = [one.strip().removeprefix(b"W/") for value in asked for one in value.split(b",")]
    return mine in listed or b"*" in listed
