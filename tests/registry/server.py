"""One process that serves all stand-in registries on the loopback address."""

import contextlib
import importlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Self

from tests.registry.answering import Answer, Desk, Mischief, Request
from tests.registry.world import Version, World

MAX_BODY = 1024 * 1024


class StandIn:
    """Registries that publish what tests build, and misbehave on order.

    `url(ecosystem)` is the root of one; `index` and `npm` are what pip and npm would be configured with.
    `environment()` points this project's commands at it. All of `World` is there under `world`.
    """

    def __init__(
        self, clock: Callable[[], float] = time.time, port: int = 0, host: str = "127.0.0.1"
    ) -> None:
        self.world = World(clock)
        self.mischief = Mischief()
        self.asked: list[tuple[str, str, float]] = []  # method, path, when
        self.agents: set[str] = set()
        self.errors: list[BaseException] = []
        self._modules: dict[str, ModuleType] = {}
        self._server = _Server((host, port), _handler(self))
        self.port = self._server.server_port
        self.root = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, ecosystem: str) -> str:
        """Give the root of a registry, with a / at the end."""
        return f"{self.root}/{ecosystem}/"

    @property
    def index(self) -> str:
        """What PIP_INDEX_URL is to be."""
        return self.url("pypi") + "simple/"

    def environment(self) -> dict[str, str]:
        """What to set so that pip, npm and this project ask here."""
        return {
            "PIP_INDEX_URL": self.index,
            "PIP_CONFIG_FILE": "/dev/null",
            "NPM_CONFIG_REGISTRY": self.url("npm"),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def publish(
        self,
        ecosystem: str,
        name: str,
        version: str,
        files: Iterable[tuple[str, bytes]] = (),
        **about: object,
    ) -> Version:
        """Publish a release; files come from `build.wheel`, `sdist`, `tgz`."""
        return self.world.publish(ecosystem, name, version, files, None, **about)

    @contextlib.contextmanager
    def outage(self, ecosystem: str = "") -> Iterator[None]:
        """Be away while the block lasts: connections are closed without a word."""
        trick = self.mischief.add("gone", ecosystem=ecosystem)
        try:
            yield
        finally:
            self.mischief.stop(trick)

    def count(self, part: str) -> int:
        """Say how many requests had `part` in their path."""
        return sum(part in path for _, path, _ in self.asked)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[str, Answer]:
        """Give the name of the registry that is meant, and its answer."""
        ecosystem, _, rest = target.lstrip("/").partition("/")
        if ecosystem not in self.world.of or not _there(ecosystem):
            return "", Answer(b"no such registry", "text/plain", 404)
        module = self._modules.get(ecosystem)
        if module is None:
            module = self._modules[ecosystem] = importlib.import_module(f"tests.registry.{ecosystem}")
        base = f"http://{headers['host']}" if "host" in headers else self.root  # as the client calls it
        request = Request.read(method, f"/{rest}", headers, body, f"{base}/{ecosystem}")
        with self.world.lock:
            given: Answer = module.answer(Desk(self.world, ecosystem, self.mischief), request)
        return ecosystem, given


def _there(ecosystem: str) -> bool:
    return Path(__file__).with_name(f"{ecosystem}.py").is_file()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that are killed leave in the middle."""


def _handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each body waits 40 ms for its headers to be acknowledged

        def do_GET(self) -> None:
            self._serve()

        def do_HEAD(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            headers = {k.lower(): v for k, v in self.headers.items()}
            body = self.rfile.read(min(int(headers.get("content-length") or 0), MAX_BODY))
            ecosystem = self.path.lstrip("/").partition("/")[0]
            stand_in.asked.append((self.command, self.path, time.time()))
            stand_in.agents.add(headers.get("user-agent", ""))
            trick = stand_in.mischief.fitting(ecosystem, self.path, ("gone", "status"))
            if trick and trick.kind == "gone":
                self.close_connection = True
                return
            if trick:
                more = {"retry-after": trick.retry_after} if trick.retry_after else {}
                self._send(ecosystem, Answer(b"not now", "text/plain", trick.status, more))
                return
            try:
                ecosystem, given = stand_in.answer(self.command, self.path, headers, body)
            except Exception as err:  # a mistake of the stand-in must not look like one of ours
                stand_in.errors.append(err)
                given = Answer(repr(err).encode(), "text/plain", 500)
            self._send(ecosystem, given)

        def _send(self, ecosystem: str, given: Answer) -> None:
            trick = stand_in.mischief.fitting(ecosystem, self.path, ("slow", "cut", "garbage"))
            body = given.body
            if trick and trick.kind == "garbage":
                body = body[: len(body) // 2] + b"\x00}{]<!--"
            self.send_response_only(given.status)
            of = stand_in.world.of.get(ecosystem)
            self.send_header("date", formatdate(of.now() if of else None, usegmt=True))
            self.send_header("content-type", given.type)
            self.send_header("content-length", str(len(body)))
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            if trick and trick.kind == "cut":
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
            elif trick and trick.kind == "slow":
                step = max(1, len(body) // 20)
                for start in range(0, len(body), step):
                    self.wfile.write(body[start : start + step])
                    self.wfile.flush()
                    time.sleep(trick.seconds / 20)
            else:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
