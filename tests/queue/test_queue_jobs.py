"""Jobs: each once, in order, ended once."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from biopsy import queue
from biopsy.model.job import Depth, Job, Lane
from biopsy.model.release import Release

HOME = Path("/nonexistent")


def job(name: str, version: str = "1.0", digest: str = "sha256:aa", **more: object) -> Job:
    return Job(Release("pypi", name, version), digest, **more)  # type: ignore[arg-type]


def with_queue(dsn: str, body: Callable[[queue.Queue], Awaitable[None]]) -> None:
    async def main() -> None:
        async with queue.open(queue.Settings(HOME, dsn)) as q:
            await asyncio.wait_for(body(q), 60)

    asyncio.run(main())


def test_the_same_job_is_enqueued_once(dsn: str) -> None:
    async def body(q: queue.Queue) -> None:
        first = await q.enqueue([job("a"), job("a"), job("b")])
        second = await q.enqueue([job("a"), job("b"), job("a", digest="sha256:bb")])
        assert (first.new, first.known, second.new, second.known) == (2, 1, 1, 2)

    with_queue(dsn, body)


def test_a_look_waits_once_however_often_it_is_asked_for(dsn: str) -> None:
    async def body(q: queue.Queue) -> None:
        assert [(await q.enqueue([job("a", "", "")])).new for _ in range(3)] == [1, 0, 0]

    with_queue(dsn, body)


def test_what_a_person_asks_for_goes_sooner_though_a_list_asked_first(dsn: str) -> None:
    async def body(q: queue.Queue) -> None:
        await q.enqueue([job("a", lane=Lane.BATCH, depth=Depth.STATIC)])
        assert (await q.enqueue([job("a", lane=Lane.MANUAL)])).sooner == 1
        (entry,) = await q.jobs()
        assert (entry.job.lane, entry.job.depth) == (Lane.MANUAL, Depth.FULL)

    with_queue(dsn, body)
