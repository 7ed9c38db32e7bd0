"""Having releases analysed that nobody has looked at: jobs of the most urgent lane, and what they come to."""

import asyncio
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

UNKNOWN = "unknown"
"""The verdict on what could not be analysed."""


@dataclass(slots=True)
class Analysing:
    """The queue below a home, or of a DSN; opened when it is needed. `told` hears what is waited for."""

    home: Path
    dsn: str = ""
    told: Callable[[str], None] | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _queue: "Queue | None" = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: "dict[tuple[Release, str], asyncio.Task[Known]]" = field(default_factory=dict)

    async def verdict(self, release: Release, digest: str, patience: float) -> Known | None:
        """What an analysis came to; None where it is not known within so many seconds.

        One file is asked for once, however many wait. What could not be analysed is `unknown`, with the
        reason: the policy decides whether such passes. Raises QueueError where there is no queue.
        """
        key = (release, digest)
        task = self._tasks.get(key)
        if task is None:
            if len(self._tasks) >= MAX_WAITING:
                self._tasks = {k: one for k, one in self._tasks.items() if not one.done()}
            if len(self._tasks) >= MAX_WAITING:
                return None
            task = self._tasks[key] = asyncio.create_task(self._analysed(release, digest))
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done:
            return None
        if task.exception() is not None or task.result().verdict == UNKNOWN:
            self._tasks.pop(key, None)  # an operator may have it tried again: the queue is asked anew
        return task.result()

    def waiting(self) -> int:
        """How many files are waited for."""
        return sum(not one.done() for one in self._tasks.values())

    async def _analysed(self, release: Release, digest: str) -> Known:
        from biopsy.queue import State  # noqa: PLC0415 - an extra

        queue = await self._opened()
        job = Job(release, digest, lane=Lane.MANUAL, priority=PRIORITY, why="guard")
        counted = await queue.enqueue([job])
        number = counted.ids[0] if counted.ids else await _number(queue, release, digest)
        began = told = time.monotonic()
        while True:
            entry = await queue.job(number)
            if entry is None or entry.state not in {State.WAITING, State.RUNNING}:
                return _known(entry)
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


async def _number(queue: "Queue", release: Release, digest: str) -> int:
    """The job of a file that somebody has asked for before; 0 where there is none any more."""
    found = await queue.jobs(ecosystem=release.ecosystem, name=release.name, limit=10_000)
    same = (one.id for one in found if (one.job.release, one.job.digest) == (release, digest))
    return next(same, 0)


def _known(entry: "Entry | None") -> Known:
    """What an ended job says of its release."""
    if entry is None or entry.state != "done" or not entry.verdict:
        why = (entry.reason or entry.state) if entry is not None else "its job is gone"
        return Known(UNKNOWN, f"it could not be analysed: {why}")
    if entry.verdict == UNKNOWN:
        return Known(UNKNOWN, "an analysis of it could not tell")
    return Known(entry.verdict, f"biopsy found it {entry.verdict}")
