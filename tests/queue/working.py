"""What tests of the queue share: jobs, and a worker that does as it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self

from biopsy import queue
from biopsy.model.job import Job
from biopsy.model.release import Release


def job(name: str, version: str = "1.0", digest: str = "sha256:aa", **more: Any) -> Job:
    return Job(Release(more.pop("ecosystem", "pypi"), name, version), digest, **more)


def worker(**more: Any) -> queue.Worker:
    return queue.Worker("w", ("pypi", "npm"), **{"slots": 2, "grace": 5.0, "patience": 2.0, **more})


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 - it asks the database
            await asyncio.sleep(0.02)


async def ended(q: queue.Queue) -> bool:
    return not any(d.state in {"waiting", "running"} for d in await q.depth())


class At:
    """A worker at work in the background: `async with At(q, handle):` ends when nothing waits or runs."""

    def __init__(self, q: queue.Queue, handle: queue.Handle, **more: Any) -> None:
        self.q, self.stop = q, asyncio.Event()
        self.task = asyncio.ensure_future(q.run(worker(**more), handle, self.stop))
        self.wait = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None and self.wait:
                await until(lambda: ended(self.q))
        finally:
            self.stop.set()
            await self.task
