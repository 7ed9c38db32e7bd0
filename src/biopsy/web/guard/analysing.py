"""Having releases analysed that nobody has looked at: jobs of the most urgent lane, and what they come to."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from biopsy.guard.ruling import Known
from biopsy.model.job import Job, Lane
from biopsy.model.release import Release

if TYPE_CHECKING:
    from biopsy.queue import Entry, Queue

PAUSE = 1.0
"""Seconds between looks at a job."""

TELL = 5.0
"""Seconds between words on what is waited for."""

PRIORITY = 300_000
"""Before what people asked for by name: somebody's install waits."""

MAX_WAITING = 2000
"""Releases that are waited for at once."""

LOG = logging.getLogger("biopsy.guard")


@dataclass(slots=True)
class Analysing:
    """The queue below a home, or of a DSN; opened when it is needed. `told` hears what is waited for."""

    home: Path
    dsn: str = ""
    told: Callable[[str], None] | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _queue: "Queue | None" = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: "dict[Release, asyncio.Task[Known]]" = field(default_factory=dict)

    async def verdict(self, release: Release, digest: str, patience: float) -> Known | None:
        """What an analysis came to; None where it is not known within so many seconds.

        One release is asked for once, however many wait. What could not be analysed is `unknown`, with the
        reason: the policy decides whether such passes. Raises QueueError where there is no queue.
        """
        task = self._tasks.get(release)
        if task is None:
            if len(self._tasks) >= MAX_WAITING:
                self._tasks = {key: one for key, one in self._tasks.items() if not one.done()}
            if len(self._tasks) >= MAX_WAITING:
                return None
            task = self._tasks[release] = asyncio.create_task(self._analysed(release, digest))
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done:
            return None
        if task.exception() is not None:
            self._tasks.pop(release, None)
        return task.result()

    async def _analysed(self, release: Release, digest: str) -> Known:
        from biopsy.queue import State  # noqa: PLC0415 - an extra

        queue = await self._opened()
        job = Job(release, digest, lane=Lane.MANUAL, priority=PRIORITY, why="guard")
        await queue.enqueue([job])
        began = told = time.monotonic()
        while True:
            entry = await _entry(queue, release, digest)
            if entry is None or entry.state in {State.PARKED, State.CANCELLED}:
                return Known(
                    "unknown", f"it could not be analysed: {entry.reason if entry else 'its job is gone'}"
                )
            if entry.state is State.DONE:
                return Known(entry.verdict or "unknown", f"biopsy found it {entry.verdict or 'unclear'}")
            now = time.monotonic()
            if self.told and now - told >= TELL:
                told = now
                self.told(
                    f"{release.name} {release.version} is being analysed: {entry.state}, {now - began:.0f} s"
                )
            await asyncio.sleep(PAUSE)

    async def _opened(self) -> "Queue":
        async with self._lock:
            if self._queue is None:
                from biopsy import queue  # noqa: PLC0415 - an extra, and slow to import

                self._queue = await self._stack.enter_async_context(
                    queue.open(queue.Settings(self.home, self.dsn))
                )
            return self._queue

    async def close(self) -> None:
        """Wait for nothing any more, and let go of the queue."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._stack.aclose()


async def _entry(queue: "Queue", release: Release, digest: str) -> "Entry | None":
    """The job of a release: that of this file, if there is one."""
    found = await queue.jobs(ecosystem=release.ecosystem, name=release.name, limit=10_000)
    mine = [one for one in found if one.job.release.version == release.version]
    return next((one for one in mine if one.job.digest == digest), mine[0] if mine else None)
