"""A server on loopback before `biopsy serve`: it keeps what clients ask, and passes on what is a registry's.

npm's clients ask one address for packages and for advisories. Until biopsy has a registry proxy of its own,
this stands in for it: what `biopsy serve` knows is asked of it, packages of the registry that npm is set up
with. Links to that registry are turned to here, so that clients need to know one address alone.
"""

import threading
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx

from biopsy import fetch
from biopsy.ecosystems.npm import configuration
from biopsy.model.release import Endpoint

OURS = ("/v1/", "/api/", "/-/npm/v1/security/", "/exports/")
"""What is asked of `biopsy serve`; everything else is a registry's."""

PASSED = ("accept", "content-type", "content-encoding", "if-none-match", "user-agent")
RETURNED = ("content-type", "etag", "last-modified", "cache-control")
MAX_BODY = 64 * 1024**2  # bytes of a request, and of an answer


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and the status that it was answered with."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int


@dataclass
class Front:
    """A running server; `asked` is what of ours was asked of it, `passed` what of a registry."""

    server: str
    asked: list[Asked] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    url: str = ""

    def paths(self) -> list[str]:
        """What of ours was asked, each once, in order."""
        return list(dict.fromkeys(f"{one.method} {one.path}" for one in self.asked))

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        """Ask whose it is."""
        kept = {k: v for k, v in headers.items() if k in PASSED}
        if not path.startswith(OURS):
            self.passed.append(path)
            theirs = configuration.endpoint()
            return registry().request(method, theirs.url + path[1:], headers=_known(kept, theirs))
        with httpx.Client(timeout=60, trust_env=False) as http:
            kept.setdefault("content-type", "")  # httpx adds none, and neither did the client
            kept = {k: v for k, v in kept.items() if v}
            answer = http.request(method, self.server + path, headers=kept, content=body)
        self.asked.append(Asked(method, path, headers, body, answer.status_code))
        return answer


def _known(headers: dict[str, str], theirs: Endpoint) -> dict[str, str]:
    kept = {k: v for k, v in headers.items() if k == "accept"}
    return kept | ({"authorization": theirs.authorization} if theirs.authorization else {})


@cache
def registry() -> httpx.Client:
    """What registries are asked with."""
    return fetch.client("biopsy-tests")


class Handler(BaseHTTPRequestHandler):
    """Reads a request whole, and answers it whole."""

    protocol_version = "HTTP/1.1"
    front: Front

    def _any(self) -> None:
        body = self._body()
        headers = {k.lower(): v for k, v in self.headers.items()}
        try:
            answer = self.front.answer(self.command, self.path, headers, body)
            status, data = answer.status_code, answer.content
            returned = {k: v for k, v in answer.headers.items() if k in RETURNED}
        except httpx.HTTPError as error:
            status, data, returned = 502, f"{type(error).__name__}: {error}".encode(), {}
        if "json" in returned.get("content-type", "") and not self.path.startswith(OURS):
            data = data.replace(configuration.endpoint().url.encode(), f"{self.front.url}/".encode())
            returned.pop("etag", None)
        self.send_response(status)
        length = answer.headers.get("content-length", "0") if self.command == "HEAD" else len(data)
        for name, value in {**returned, "content-length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_HEAD = do_PUT = _any  # noqa: N815 - the names that the base asks for

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(min(int(self.headers.get("content-length") or 0), MAX_BODY))
        parts: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the base gives it
        """Say nothing: `Front.asked` has it."""


def start(server: str) -> tuple[Front, ThreadingHTTPServer]:
    """Listen on a free port of loopback, before the server at `server`."""
    front = Front(server.rstrip("/"))
    handler = type("Handler", (Handler,), {"front": front})
    listener = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    listener.daemon_threads = True
    front.url = f"http://127.0.0.1:{urlsplit(f'//x:{listener.server_address[1]}').port}"
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    return front, listener
