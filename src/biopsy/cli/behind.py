"""A guard for one command: it runs beside it, in a thread, and ends with it."""

import asyncio
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biopsy.cli.listening import listen
from biopsy.errors import BiopsyError, UsageError

if TYPE_CHECKING:
    import uvicorn

    from biopsy.web.guard.app import Guard

BACKLOG = 2048
GRACE = 15
MAX_OPEN = 4000
PATIENCE = 60.0  # seconds that a guard of one command may take to begin
MAX_READ = 16 * 1024**2  # bytes of a file of a project that is looked into for addresses
NAMING = (
    "uv.lock", "uv.toml", "pyproject.toml", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile",
    "Pipfile.lock", "requirements.txt",
)  # fmt: skip
"""Files of a project that name indexes, and addresses of files."""
INDEXES = (
    "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "PDM_PYPI_URL", "PIP_INDEX_URL",
)  # fmt: skip
"""Variables that say where a client asks."""


def uvicorn_server(app: Any, **more: Any) -> "uvicorn.Server":
    """What serves an application, with the guard's limits."""
    import uvicorn  # noqa: PLC0415 - an extra, and slow to import

    given = {"log_level": "warning", "lifespan": "on", "timeout_graceful_shutdown": GRACE, **more}
    config = uvicorn.Config(
        app, access_log=False, server_header=False, limit_concurrency=MAX_OPEN, backlog=BACKLOG,
        proxy_headers=False, **given,
    )  # fmt: skip
    return uvicorn.Server(config)


@dataclass(slots=True)
class _Beside:
    """The guard's thread: `url` is where it listens, `proxy` where it stands in the way of a command."""

    guard: "Guard"
    standing: bool
    url: str = ""
    proxy: str = ""
    authorities: bytes = b""
    error: BaseException | None = None
    passed: set[str] = field(default_factory=set)
    begun: threading.Event = field(default_factory=threading.Event)
    servers: list[Any] = field(default_factory=list)

    def run(self) -> None:
        """Serve until told to end."""
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self.error = error
        finally:
            self.begun.set()

    async def _serve(self) -> None:
        listening = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.servers = [uvicorn_server(self.guard, log_level="critical", timeout_graceful_shutdown=1)]
        serving = [self.servers[0].serve([listening])]
        if self.standing:
            serving.append(await self._stand())
        self.begun.set()
        await asyncio.gather(*serving)

    async def _stand(self) -> Any:
        from biopsy.web.guard.authority import Authority  # noqa: PLC0415
        from biopsy.web.guard.through import Through  # noqa: PLC0415
        from biopsy.web.guard.tunnel import Tunnel  # noqa: PLC0415

        through, authority = Through(self.guard, self.url), Authority()
        for url in (*_configured(), *public()):
            with suppress(BiopsyError):
                through.index(url)
        through.index((await self.guard.registry("pypi", "")).url)
        through.learn(_texts())
        inner = listen("127.0.0.1", 0)
        tunnel = Tunnel(through.heeds, inner.getsockname()[1], authority)
        self.passed = tunnel.passed
        self.proxy = f"http://127.0.0.1:{await tunnel.start()}"
        self.authorities = authority.bundle(_believed())
        self.servers.append(
            uvicorn_server(through, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        )
        return self.servers[1].serve([inner])

    def stop(self) -> None:
        """End it."""
        for server in self.servers:
            server.should_exit = True


@contextmanager
def guarding(guard: "Guard", passed: set[str], *, standing: bool) -> Iterator[dict[str, str]]:
    """Run a guard; gives the environment of a command behind it. UsageError where it does not begin.

    `passed` is filled with the hosts that the command asked, and that nobody looked into.
    """
    from biopsy.web.guard import clients  # noqa: PLC0415

    beside = _Beside(guard, standing)
    thread = threading.Thread(target=beside.run, daemon=True)
    thread.start()
    if not beside.begun.wait(PATIENCE) or beside.error:
        raise UsageError(f"the guard did not begin: {beside.error or 'it takes too long'}")
    try:
        if standing:
            with tempfile.NamedTemporaryFile("wb", prefix="biopsy-guard-") as file:
                file.write(beside.authorities)
                file.flush()
                yield clients.standing(beside.proxy, file.name, os.environ)
        else:
            yield clients.environment(beside.url, os.environ)
    finally:
        beside.stop()
        thread.join(GRACE)
        passed |= beside.passed


def _configured() -> Iterator[str]:
    """The index that the command would ask by its environment, and by that of pip."""
    for name in INDEXES:
        for url in os.environ.get(name, "").split():
            yield url.partition("=")[2] if "=" in url.partition("://")[0] else url


def public() -> Iterator[str]:
    """The index that uv, poetry and others ask by themselves: the one that pip knows, too."""
    try:
        from importlib import import_module  # noqa: PLC0415

        known = import_module("pip._internal.models.index").PyPI
    except (ImportError, AttributeError):
        return
    yield str(known.simple_url)


def _texts() -> Iterator[str]:
    """The files of the project, this folder's and those above it, that name where packages come from."""
    here = Path.cwd()
    for folder in (here, *list(here.parents)[:4]):
        for name in NAMING:
            with suppress(OSError):
                if (folder / name).stat().st_size <= MAX_READ:
                    yield (folder / name).read_text("utf-8", "replace")


def _believed() -> bytes:
    """The authorities that the command would believe."""
    import certifi  # noqa: PLC0415

    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")
    system = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
    held = b""
    for path in dict.fromkeys([certifi.where(), *system, *filter(None, map(os.environ.get, names))]):
        with suppress(OSError):
            held += b"\n" + Path(path).read_bytes()
    return held
