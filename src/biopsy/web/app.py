"""The server as one application: routes, its database, its OpenAPI document."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, Response, asgi, get
from litestar.datastructures import State
from litestar.di import Provide

from biopsy.reports.tokens import Tokens
from biopsy.web.check import Check
from biopsy.web.document import CONFIG, document
from biopsy.web.errors import handle
from biopsy.web.exports import Exports
from biopsy.web.limits import Rate
from biopsy.web.npm import Npm
from biopsy.web.osv import Osv
from biopsy.web.own import Own
from biopsy.web.page import STYLE, page
from biopsy.web.shield import HEADERS, Shield
from biopsy.web.store import Asked, Stores
from biopsy.web.writing import Writing

SWITCH = 0.0005
"""Seconds that a thread which works out a page may keep others waiting: quick pages change threads often."""

SETTINGS = "BIOPSY_SERVE"
"""The environment variable by which worker processes learn what to serve."""


class Settings(msgspec.Struct, frozen=True):
    """What to serve: the database, a folder of exports, a file of tokens; and how often one address may ask.

    `url` is where clients reach it, for links. `home` is the BIOPSY_HOME that the site shows; None: no site.
    `dsn` names the PostgreSQL of the queue, where that is not the one of `home`.
    `reads` and `writes` are requests a minute, 0 for no limit; each of `workers` processes counts its share.
    """

    database: Path
    exports: Path | None = None
    tokens: Path | None = None
    reads: float = 0
    writes: float = 0
    workers: int = 1
    url: str = ""
    home: Path | None = None
    dsn: str = ""


def build(database: Path, settings: Settings | None = None) -> Litestar:
    """Make the application that serves a report database; raises DatabaseError where there is none."""
    chosen = settings or Settings(database)
    stores = Stores(database, chosen.url.rstrip("/"))
    tokens = Tokens(chosen.tokens) if chosen.tokens else None
    site = _site(chosen, stores)
    stores.warm = site is not None
    work = _work(chosen, tokens)
    handlers: list[Any] = [Osv, Npm, Own, Check, Writing, *_pages(front=site is None)]
    if chosen.exports:
        handlers.append(asgi("/exports", is_mount=True, copy_scope=True)(Exports(chosen.exports).__call__))
    if site:
        from biopsy.web.site.routes import handlers as pages  # noqa: PLC0415

        handlers += pages()
    app = Litestar(
        route_handlers=handlers,
        before_request=work["office"].look if work else None,
        dependencies={
            "office": Provide(lambda: work["office"], sync_to_thread=False),
            "site": Provide(lambda: site, sync_to_thread=False),
            "stores": Provide(lambda: stores, sync_to_thread=False),
            "tokens": Provide(lambda: tokens, sync_to_thread=False),
        },
        exception_handlers={Exception: handle},
        state=State({"site": site, **work}),
        lifespan=[_life(stores)],
        openapi_config=CONFIG,
        request_max_body_size=None,  # `body` has the limits
    )
    reads, writes = (Rate(rate / chosen.workers) for rate in (chosen.reads, chosen.writes))
    app.asgi_handler = Shield(app.asgi_handler, reads, writes)
    return app


def _site(chosen: Settings, stores: Stores) -> Any:
    if chosen.home is None:
        return None
    from biopsy.web.site.index.reading import Index  # noqa: PLC0415 - whoever serves the API alone does without
    from biopsy.web.site.place import Site  # noqa: PLC0415

    return Site(chosen.home, stores, Index(chosen.home))


def _work(chosen: Settings, tokens: Tokens | None) -> dict[str, Any]:
    """What operators of the site need: who they are, and a window on the queue. Raises UsageError."""
    if chosen.home is None:
        return {}
    from biopsy.web.site.accounts.office import Office  # noqa: PLC0415
    from biopsy.web.site.accounts.settings import read  # noqa: PLC0415
    from biopsy.web.site.operating.window import QueueWindow  # noqa: PLC0415

    office = Office(chosen.home, tokens, read(chosen.home), chosen.url)
    return {"office": office, "window": QueueWindow(chosen.home, chosen.dsn)}


def worker() -> Litestar:
    """The application of a worker process, by what its environment says."""
    chosen = handed_over()
    return build(chosen.database, chosen)


def handed_over() -> Settings:
    """What the process that started this one said is served."""
    return msgspec.json.decode(os.environ[SETTINGS], type=Settings, dec_hook=lambda kind, text: kind(text))


def hand_over(settings: Settings) -> None:
    """Tell processes that are started from here on what to serve."""
    os.environ[SETTINGS] = msgspec.json.encode(settings, enc_hook=str).decode()


def _pages(*, front: bool) -> list[Any]:
    """The OpenAPI document, and the page that shows it: the front page, too, where there is no site."""
    kept: dict[str, bytes] = {}

    def made(app: Litestar) -> dict[str, bytes]:
        if not kept:
            held = document(app)
            kept["json"], kept["html"] = msgspec.json.encode(held), page(held).encode()
        return kept

    @get("/openapi.json", include_in_schema=False, sync_to_thread=False)
    def openapi(request: Asked) -> Response[Any]:
        return Response(made(request.app)["json"], media_type="application/json")

    @get(["/", "/docs"] if front else "/docs", include_in_schema=False, sync_to_thread=False)
    def docs(request: Asked) -> Response[Any]:
        policy = HEADERS["content-security-policy"] + "; style-src 'self'"
        headers = {"content-security-policy": policy}
        return Response(made(request.app)["html"], media_type="text/html", headers=headers)

    @get("/docs/style.css", include_in_schema=False, sync_to_thread=False)
    def style() -> Response[Any]:
        return Response(STYLE.encode(), media_type="text/css")

    return [openapi, docs, style]


def _life(stores: Stores) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def life(_app: Litestar) -> AsyncIterator[None]:
        gc.freeze()  # what is loaded stays: collections need not look at it again
        sys.setswitchinterval(SWITCH)
        keeping = asyncio.create_task(stores.keep_current())
        yield
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        stores.close()

    return life
