"""The registry gateway's wire: a fetch goes from the simulated internet to the parent, an answer comes back.

The internet's process has no route; the parent has, and performs a fetch only if `Allowed` and the canaries
say so, whatever the process on the other side believes. One connection of the Unix socket is one fetch:

    request   u32 LE length, then `Fetch` in JSON
    answer    u32 LE length, then `Head` in JSON, then `Head.size` bytes of body

Who really fetches is the `Forward` that the parent is given (`forwarder.Forwarder` for real registries).
"""

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec

from biopsy.model.release import Endpoint
from biopsy.sandbox.internet.allowed import MAX_LINKING, Allowed
from biopsy.sandbox.internet.carried import carried
from biopsy.sandbox.internet.spec import Bounds
from biopsy.sandbox.raw import Canary

MAX_FRAME = 64 * 1024
"""Longest `Fetch` or `Head`, in bytes."""
THREADS = 16
"""Fetches done at once."""

_LENGTH = struct.Struct("<I")
_CHUNK = 256 * 1024
_PATIENCE = 30.0  # seconds for either side of the socket to go on


class Fetch(msgspec.Struct, frozen=True):
    """A read-only fetch from a registry. `accept` holds known media types only."""

    method: str  # GET, HEAD
    url: str
    accept: str = "*/*"


class Reply(msgspec.Struct, frozen=True):
    """What a registry answered. The body is `path` (a file of the host's) if that is set, else `body`."""

    status: int
    kind: str = "application/octet-stream"  # the media type, as in Content-Type
    body: bytes = b""
    path: Path | None = None

    @property
    def size(self) -> int:
        """Length of the body, in bytes."""
        return self.path.stat().st_size if self.path else len(self.body)


class Head(msgspec.Struct, frozen=True):
    """What goes before the body over the socket; `refused` says why nothing was fetched."""

    status: int
    kind: str
    size: int
    refused: str = ""


Forward = Callable[[Fetch], Reply]
"""Performs a fetch that is allowed, on the host; raises BiopsyError or OSError where it cannot."""


def frame(message: msgspec.Struct) -> bytes:
    """A message as it goes over the socket."""
    data = msgspec.json.encode(message)
    return _LENGTH.pack(len(data)) + data


@contextmanager
def near(path: Path) -> Iterator[str]:
    """A name for a socket at `path` that fits the 108 bytes an address may have."""
    fd = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{fd}/{path.name}"
    finally:
        os.close(fd)


@contextmanager
def serve(
    path: Path,
    forward: Forward,
    endpoints: tuple[Endpoint, ...],
    canaries: tuple[Canary, ...] = (),
    bounds: Bounds = Bounds(),  # noqa: B008 - frozen
) -> Iterator[None]:
    """Answer the gateway's fetches on a Unix socket at `path` until the end of the block."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with near(path) as name:
            listener.bind(name)
            path.chmod(0o600)
        listener.listen(64)
        desk = _Desk(forward, endpoints, canaries, bounds)
        pool = ThreadPoolExecutor(THREADS, "gateway")
        thread = threading.Thread(target=_accept, args=(listener, pool, desk), name="gateway", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(2)
            pool.shutdown(wait=False, cancel_futures=True)
            path.unlink(missing_ok=True)


def _accept(listener: socket.socket, pool: ThreadPoolExecutor, desk: "_Desk") -> None:
    with contextlib.suppress(OSError, RuntimeError):  # closed: the run is over
        while True:
            connection, _ = listener.accept()
            connection.settimeout(_PATIENCE)
            pool.submit(desk.answer, connection)


class _Desk:
    """The host's side of one run: decides, counts, asks `forward`, and sends what came back."""

    def __init__(
        self, forward: Forward, endpoints: tuple[Endpoint, ...], canaries: tuple[Canary, ...], bounds: Bounds
    ) -> None:
        self._forward = forward
        self._allowed = Allowed(endpoints)
        self._canaries = canaries
        self._fetches = bounds.fetches
        self._bytes = bounds.fetched
        self._lock = threading.Lock()

    def answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, EOFError, msgspec.MsgspecError):
            (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
            if length > MAX_FRAME:
                return
            fetch = msgspec.json.decode(_exactly(connection, length), type=Fetch)
            fetch = Fetch(fetch.method, fetch.url, self._allowed.accept(fetch.accept))
            refused = self._refuse(fetch)
            try:
                reply = Reply(403) if refused else self._forward(fetch)
                size = reply.size
            except Exception as err:  # whatever the registry did to us, the install meets a gateway's error
                refused, reply, size = f"the registry failed: {type(err).__name__}", Reply(502), 0
            connection.sendall(frame(Head(reply.status, reply.kind, size, refused)))
            if fetch.method == "GET":
                self._send(connection, fetch, reply)

    def _refuse(self, fetch: Fetch) -> str:
        with self._lock:
            reason = self._allowed.refuse(fetch.method, fetch.url)
            if not reason and (found := carried(fetch.url.encode(), self._canaries)):
                reason = f"carries {found}"
            if not reason and (self._fetches <= 0 or self._bytes <= 0):
                reason = "too much was fetched in this run"
            if not reason:
                self._fetches -= 1
        return reason

    def _send(self, connection: socket.socket, fetch: Fetch, reply: Reply) -> None:
        with self._lock:
            self._bytes -= reply.size
        links = (
            reply.kind.startswith(("text/", "application/json", "application/vnd.")) and reply.status == 200
        )
        if reply.path is None:
            if links:
                self._learn(fetch.url, reply.body)
            connection.sendall(reply.body)
            return
        with reply.path.open("rb") as file:
            if links and reply.size <= MAX_LINKING:
                self._learn(fetch.url, file.read(MAX_LINKING))
                file.seek(0)
            while chunk := file.read(_CHUNK):
                connection.sendall(chunk)

    def _learn(self, url: str, body: bytes) -> None:
        with self._lock:
            self._allowed.learn(url, body)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        if not (chunk := connection.recv(count - len(data))):
            raise EOFError
        data += chunk
    return bytes(data)
