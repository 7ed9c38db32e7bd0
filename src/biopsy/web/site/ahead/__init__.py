"""Pages of what is new, written before anybody asks: an analysis that has just landed is looked at most.

A process of its own, which gives way to all others, asks the very application for the pages of the newest
analyses, each beside the one before it. That they are kept is the doing of `shelf`.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlencode

from msgspec.structs import replace

from biopsy.web.app import build, handed_over
from biopsy.web.beside import beside, settle_beside
from biopsy.web.site.index.answers import Seen
from biopsy.web.site.index.reading import Index

NEWEST = 500  # analyses whose pages are written ahead
NEAR = 20  # of a package, among which the one before is looked for
DELAY = 10.0  # seconds after the start of the server: one that is there for a moment needs none of it
PAUSE = 5.0  # seconds between two looks
FAILED_PAUSE = 60.0
NICE = 19
LOG = logging.getLogger("biopsy.web")


def written_ahead(delay: float = DELAY) -> AbstractContextManager[None]:
    """Have another process write pages of what is new, for the server that `hand_over` told of."""
    return beside("biopsy.web.site.ahead", (), "writes pages ahead", delay)


def go_on() -> None:
    """Write ahead until standard input ends."""
    settle_beside(NICE)
    settings = replace(handed_over(), reads=0, writes=0, workers=1, tokens=None)
    app = build(settings.database, settings)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # or it tells of every page
    asyncio.run(_go_on(app))


async def _go_on(app: Any) -> None:
    index: Index = app.state.site.index
    state: tuple[int, ...] = ()
    done: set[str] = set()
    while True:
        if index.state != state:
            state, new = index.state, list(pages(index))
            failed = await written(app, [one for one in new if one not in done])
            done = {*new} - {*failed}
            if failed:
                LOG.warning("%d pages could not be written ahead: %s …", len(failed), failed[0])
                await asyncio.sleep(FAILED_PAUSE)
        await asyncio.sleep(PAUSE)


async def written(app: Any, addresses: Iterable[str]) -> list[str]:
    """Ask an application for pages; return those that it failed to write."""
    import httpx  # noqa: PLC0415 - the server that starts the process needs none

    at = httpx.ASGITransport(app, raise_app_exceptions=False)
    failed = []
    async with httpx.AsyncClient(transport=at, base_url="http://ahead.invalid") as client:
        for one in addresses:
            answer = await client.get(one, headers={"accept": "text/html"})
            if answer.status_code >= 500:
                failed.append(one)
    return failed


def pages(index: Index) -> Iterator[str]:
    """The addresses of the newest analyses, each followed by how it compares with the one before it."""
    for one in index.newest(limit=NEWEST):
        yield f"/analysis/{one.run_id}"
        if before := _before(index, one):
            yield f"/compare?{urlencode({'before': before.run_id, 'after': one.run_id})}"


def _before(index: Index, one: Seen) -> Seen | None:
    """The analysis of the package that was made before that one."""
    others = index.analyses(ecosystem=one.ecosystem, name=one.name, limit=NEAR).rows
    return next((other for other in others if other.created < one.created), None)
