"""The guard as an ASGI application: who is answered, by which side, and what holds for every answer."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpcore
import httpx

from biopsy import fetch
from biopsy.ecosystems import by_type
from biopsy.errors import BiopsyError, RegistryError
from biopsy.model.release import Endpoint
from biopsy.web.guard import pages
from biopsy.web.guard.asked import Answer, Asked, Receive, RefusedError, Scope, Send, problem, read
from biopsy.web.guard.audits import Audits
from biopsy.web.guard.decisions import Decisions
from biopsy.web.guard.files import Files
from biopsy.web.guard.gate import Gate
from biopsy.web.guard.known import Analyses, Knowledge
from biopsy.web.guard.metrics import Metrics
from biopsy.web.guard.npm import Npm
from biopsy.web.guard.passing import Analyst, Passing
from biopsy.web.guard.projects import Projects
from biopsy.web.guard.pypi import Pypi
from biopsy.web.guard.upstream import Upstream

MAX_SCOPES = 5000
"""Scopes of npm whose registries are remembered."""

PAUSE = 2.0
"""Seconds between looks at the policy's file."""

LOG = logging.getLogger("biopsy.guard")
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; style-src 'self'"),
    (b"referrer-policy", b"no-referrer"),
)
_LOCAL = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the guard goes by.

    `folder` is where it keeps files and its log; `url` how clients reach it, where that is not how they ask;
    `site` where people read reports; `hosts` what a Host header may say beside this machine's own names,
    `*` for anything. `endpoint` gives the registry of an ecosystem for a name.
    """

    folder: Path
    database: Path | None = None
    policy: Path | None = None
    url: str = ""
    site: str = ""
    hosts: tuple[str, ...] = ()
    fresh: float = 60.0
    most: int = 10 * 1024**3
    log: bool = True
    endpoint: Callable[[str, str], Endpoint] = field(default=lambda kind, name: by_type(kind).endpoint(name))


class Guard:
    """The application. Raises PolicyError where the policy cannot be read."""

    def __init__(
        self, settings: Settings, analyses: Analyses | None = None, analyst: Analyst | None = None
    ) -> None:
        """Read the policy; nothing is asked yet."""
        self.settings = settings
        self.knowledge = Knowledge(settings.database, settings.site.rstrip("/"), analyses)
        self.decisions = Decisions(settings.folder if settings.log else None)
        self.gate = Gate(self.knowledge, self.decisions, settings.policy)
        self.metrics = Metrics(
            lambda: self.knowledge.state(self.gate.policy), analyst.waiting if analyst else int
        )
        self.decisions.heard = self.metrics.decided
        self.upstream = Upstream(fetch.trusted(), settings.fresh, self.metrics)
        self.files = Files(settings.folder / "files", self.upstream, settings.most)
        self.passing = Passing(self.gate, self.files, analyst)
        self.analyst = analyst
        given = self.registry
        projects = Projects(self.gate, self.upstream, partial(given, "pypi"))
        self.pypi = Pypi(self.gate, self.upstream, self.passing, projects)
        audits = Audits(self.knowledge, self.upstream, partial(given, "npm"), self.gate.reserves)
        self.npm = Npm(self.gate, self.upstream, self.passing, partial(given, "npm"), audits)
        self._registries: dict[tuple[str, str], Endpoint] = {}
        self._asking = asyncio.Lock()
        self._tasks: list[asyncio.Task[Any]] = []

    async def registry(self, kind: str, name: str) -> Endpoint:
        """The registry that a name comes from, asked of the client that knows: once, and in a thread."""
        key = (kind, name.partition("/")[0] if name.startswith("@") else "")
        if key not in self._registries:
            while len(self._registries) >= MAX_SCOPES:
                del self._registries[next(iter(self._registries))]
            async with self._asking:  # each asks a process of npm's: one at a time, whatever clients invent
                if key not in self._registries:
                    found = await asyncio.to_thread(self.settings.endpoint, kind, name)
                    self._registries[key] = found
        return self._registries[key]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or begin and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._tasks = [asyncio.create_task(one) for one in (self._watch(), self.decisions.keep())]
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def close(self) -> None:
        """Write what is to be written, and let go of everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.analyst is not None:
            await self.analyst.close()
        await self.files.close()
        await self.upstream.close()
        await asyncio.to_thread(self.decisions.flush)
        self.knowledge.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            self.gate.look()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer() -> Answer:
            return await self._answer(read(scope, receive, base=self._base(scope)))

        began = time.monotonic()
        given = await answered(answer)
        side = scope["path"].lstrip("/").partition("/")[0]
        self.metrics.answered(side, scope["method"], given.status, time.monotonic() - began)
        await deliver(given, scope["method"], send)

    async def _answer(self, asked: Asked) -> Answer:
        match asked.path:
            case ("pypi", *_):
                return await self.pypi.answer(asked)
            case ("npm", *_):
                return await self.npm.answer(asked)
            case (*_, "-", _) if asked.path[0] != "-":  # npm replaces the host of a lock file, not the path
                return await self.npm.answer(_below(asked))
        return await pages.answer(self, asked)

    def _base(self, scope: Scope) -> str:
        """How this client reaches us; raises RefusedError for a Host that is none of ours.

        A page of the web that has its own name lead here would be one (DNS rebinding). Probes, which ask by
        address, are told numbers alone.
        """
        if scope["path"] in pages.ANYHOW:
            return ""
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        host = hosts[0].lower() if len(hosts) == 1 else ""
        bare = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if not host or not all(c.isalnum() or c in "-._:[]" for c in host):
            raise RefusedError(400, "one Host, please")
        mine = (*_LOCAL, *self.settings.hosts)
        if "*" not in mine and bare not in mine and host not in mine:
            raise RefusedError(
                421, f"this guard is not called {host[:80]!r}: --url or --allow-host says how it is"
            )
        return self.settings.url.rstrip("/") or f"{scope.get('scheme', 'http')}://{host}"


async def answered(answer: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer, or what is said in its place: nothing passes that could not be decided on."""
    try:
        return await answer()
    except RefusedError as error:
        return problem(error.status, str(error), **error.headers)
    except RegistryError as error:
        return problem(502, str(error))
    except (httpx.HTTPError, httpcore.ConnectError) as error:
        return problem(502, f"the registry did not answer: {type(error).__name__}")
    except (BiopsyError, sqlite3.Error, OSError) as error:
        LOG.warning("%s: %s", type(error).__name__, error)
        return problem(503, "the guard cannot decide now, and lets nothing through")
    except Exception:
        LOG.exception("a fault of the guard")
        return problem(500, "a fault of the guard: it lets nothing through")


def _below(asked: Asked) -> Asked:
    from dataclasses import replace  # noqa: PLC0415

    return replace(asked, path=("npm", *asked.path))


async def deliver(answer: Answer, method: str, send: Send) -> None:
    """Send an answer. A stream that breaks off ends the connection, so that nobody takes it for whole."""
    headers = [*_ALWAYS]
    if answer.status != 304:
        headers.append((b"content-type", answer.type.encode()))
    size = answer.size if answer.stream is not None else len(answer.body)
    if size is not None and answer.status != 304:
        headers.append((b"content-length", str(size).encode()))
    answer.headers.setdefault("cache-control", "no-store")
    headers += [(k.encode(), v.encode("latin-1", "replace")) for k, v in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if method == "HEAD" or answer.stream is None:
        body = b"" if method == "HEAD" or answer.status == 304 else answer.body
        await send({"type": "http.response.body", "body": body})
        return
    try:
        async for chunk in answer.stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except BiopsyError as error:
        LOG.warning("%s", error)
        raise ConnectionAbortedError(str(error)) from error
    finally:
        with suppress(Exception):
            await answer.stream.aclose()  # type: ignore[attr-defined]
    await send({"type": "http.response.body", "body": b""})
