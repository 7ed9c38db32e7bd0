"""A guard that listens on loopback, before stand-in registries or made-up hostile ones."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from tests.clients import seeds
from tests.registry import build
from tests.registry.server import StandIn

from biopsy.cli.listening import listen
from biopsy.model.release import Endpoint
from biopsy.reports.database import Database
from biopsy.web.guard.app import Guard, Settings

BAD_PYPI, BAD_NPM = "MAL-2026-900011", "MAL-2026-900012"
DAY = 86400


@dataclass
class Running:
    """A guard that runs: its address, itself, and a client that asks it."""

    url: str
    guard: Guard
    http: httpx.Client

    def get(self, path: str, agent: str = "test", **headers: str) -> httpx.Response:
        """Ask it, as some client."""
        return self.http.get(self.url + path, headers={"user-agent": agent, **headers})

    def packument(self, name: str, agent: str = "test", **headers: str) -> dict[str, Any]:
        """A package's document."""
        held: dict[str, Any] = self.get(f"/npm/{name}", agent, **headers).json()
        return held

    def files(self, name: str, agent: str = "test") -> dict[str, dict[str, Any]]:
        """The files of a project, by their names."""
        answer = self.get(f"/pypi/simple/{name}/", agent, accept="application/vnd.pypi.simple.v1+json")
        return {one["filename"]: one for one in answer.json()["files"]}


@contextmanager
def running(settings: Settings, **more: Any) -> Iterator[Running]:
    """A guard at a free port."""
    guard = Guard(settings, **more)
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(guard, log_level="error", access_log=False, lifespan="on", timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with httpx.Client(trust_env=False, timeout=20) as http:
        yield Running(url, guard, http)
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports on bad-py 1.1 and bad-js 1.1.0, taken in just now."""
    path = tmp_path_factory.mktemp("guarded") / "reports.db"
    held = Database(path, create=True)
    import json

    reports = (
        seeds.report(BAD_PYPI, "PyPI", "bad-py", ["1.1"]),
        seeds.report(BAD_NPM, "npm", "bad-js", ["1.1.0"]),
    )
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    taken = held.take("made-up", [(r["id"], json.dumps(r).encode()) for r in reports], at)
    assert not [one for one in taken if one.code]
    held.close()
    return path


@dataclass
class Clock:
    """A clock of registries that a test may set back."""

    ago: float = 30 * DAY

    def __call__(self) -> float:
        """Give the time, so many seconds ago."""
        return time.time() - self.ago


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def registries(clock: Clock) -> Iterator[StandIn]:
    """Registries with a package of each kind whose second of three releases is bad, and what depends on it."""
    with StandIn(clock=clock) as stand:
        for version in ("1.0", "1.1", "1.2"):
            stand.publish(
                "pypi", "bad-py", version, [build.wheel("bad-py", version), build.sdist("bad-py", version)]
            )
        stand.publish("pypi", "needs-bad", "1.0", [build.wheel("needs-bad", "1.0", requires=("bad-py<1.2",))])
        for version in ("1.0.0", "1.1.0", "1.2.0-rc.1"):
            stand.publish("npm", "bad-js", version, [build.tgz("bad-js", version)])
        needs = {"dependencies": {"bad-js": "^1.0.0"}}
        stand.publish("npm", "needs-bad", "1.0.0", [build.tgz("needs-bad", "1.0.0", **needs)], **needs)
        scripts = {"scripts": {"postinstall": "node x.js"}}
        stand.publish(
            "npm", "with-script", "1.0.0", [build.tgz("with-script", "1.0.0", **scripts)], **scripts
        )
        stand.publish("npm", "@acme/tool", "1.0.0", [build.tgz("@acme/tool", "1.0.0")])
        clock.ago = 3600
        stand.publish("pypi", "fresh-py", "2.0", [build.wheel("fresh-py", "2.0")])
        stand.publish("npm", "bad-js", "1.3.0", [build.tgz("bad-js", "1.3.0")])
        clock.ago = 30 * DAY
        yield stand


def endpoints(stand: StandIn) -> Callable[[str, str], Endpoint]:
    """What pip and npm would be configured with."""
    return lambda kind, name: Endpoint(kind, stand.index if kind == "pypi" else stand.url("npm"))


@pytest.fixture(scope="session")
def guarded(
    registries: StandIn, database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A guard with the policy that there is without a file."""
    folder = tmp_path_factory.mktemp("guard")
    with running(Settings(folder, database, endpoint=endpoints(registries))) as one:
        yield one


@pytest.fixture
def ruled(registries: StandIn, database: Path, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start a guard with a policy of its own."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(policy: str, **more: Any) -> Running:
            file = tmp_path / "guard.yml"
            file.write_text(policy)
            looks = {key: more.pop(key) for key in ("analyses", "analyst") if key in more}
            given = {"database": database, "endpoint": endpoints(registries), **more}
            return stack.enter_context(running(Settings(tmp_path / "guard", policy=file, **given), **looks))

        yield start


@dataclass
class Made:
    """A registry of a test: answers by path, or whatever `answer` says."""

    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def made() -> Iterator[Made]:
    """A registry that answers what a test says, byte by byte."""
    held = Made()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            held.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            status, headers, body = held.answers.get(self.path, (404, {}, b"{}"))
            self.send_response_only(status)
            for name, value in ({"content-length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that the base asks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    held.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield held
    server.shutdown()
    server.server_close()
