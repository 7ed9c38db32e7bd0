"""A window on the queue: looked through now and then, in a thread; where there is no queue it stays shut."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from anyio import to_thread
from msgspec import Struct

from biopsy.errors import BiopsyError, QueueError

if TYPE_CHECKING:
    from biopsy.queue import Queue

Answer = TypeVar("Answer")

FRESH = 5.0  # seconds for which what was seen is shown again
PATIENCE = 5.0  # seconds that the database may be away
HOUR = 3600.0
MAX_PARKED = 100


class Feed(Struct, frozen=True):
    """A feed: seconds since the newest that it told (`lag`) and since it was read (`silence`); trouble."""

    name: str
    lag: float | None
    silence: float | None
    items: int
    jobs: int
    gaps: int
    failures: int
    trouble: str
    detail: str
    paused: bool


class Lane(Struct, frozen=True):
    """How many jobs of a lane and ecosystem wait, run or were parked; seconds that the oldest is old."""

    lane: str
    ecosystem: str
    state: str
    jobs: int
    oldest: float


class WorkerRow(Struct, frozen=True):
    """A worker; `beat` is how many seconds ago it said that it lives."""

    name: str
    host: str
    state: str
    running: int
    slots: int
    lanes: tuple[str, ...]
    ecosystems: tuple[str, ...]
    beat: float


class Ended(Struct, frozen=True):
    """How jobs of the last hour ended, and why."""

    outcome: str
    why: str
    jobs: int


class Took(Struct, frozen=True):
    """Seconds that jobs of the last hour waited and were worked on, and from publication: median and 95 %."""

    lane: str
    ecosystem: str
    jobs: int
    waited: tuple[float, float] | None
    worked: tuple[float, float] | None
    since: tuple[float, float] | None


class Parked(Struct, frozen=True):
    """A job that waits for a person, and why."""

    id: int
    ecosystem: str
    name: str
    version: str
    lane: str
    attempts: int
    reason: str
    detail: str
    ended: str


class QueueSeen(Struct, frozen=True):
    """The queue at one moment. `trouble` is what wants a person, in sentences."""

    feeds: tuple[Feed, ...] = ()
    lanes: tuple[Lane, ...] = ()
    workers: tuple[WorkerRow, ...] = ()
    hour: tuple[Ended, ...] = ()
    times: tuple[Took, ...] = ()
    parked: tuple[Parked, ...] = ()
    paused: tuple[str, ...] = ()
    messages: int = 0
    trouble: tuple[str, ...] = ()


class QueueWindow:
    """Looks at the queue of one home, or of a DSN."""

    def __init__(self, home: Path, dsn: str = "") -> None:
        """Nothing is opened before somebody looks."""
        self._home, self._dsn = home, dsn
        self._seen: tuple[float, QueueSeen, Any] | None = None
        self._looking: asyncio.Lock | None = None

    def absent(self) -> str:
        """Why there is no queue to look at; empty where there is one."""
        if not self._dsn and not (self._home / "queue" / "data").is_dir():
            return "This home has no queue: nothing follows registries here (biopsy watch, biopsy worker)."
        try:
            import biopsy.queue  # noqa: F401, PLC0415 - an extra, and slow to import
        except ImportError:
            return "The queue needs more than is installed: pip install 'biopsy[queue]'."
        return ""

    async def look(self) -> QueueSeen:
        """The queue as it was at most some seconds ago; raises QueueError."""
        return (await self._looked())[0]

    async def raw(self) -> tuple[Any, Any, Any]:
        """Feeds, depth and workers as the queue gives them, for metrics; raises QueueError."""
        return (await self._looked())[1]  # type: ignore[no-any-return]

    async def _looked(self) -> tuple[QueueSeen, Any]:
        if self._looking is None:
            self._looking = asyncio.Lock()
        async with self._looking:
            if self._seen is None or time.monotonic() - self._seen[0] > FRESH:
                seen, raw = await self.do(_look)
                self._seen = (time.monotonic(), seen, raw)
        return self._seen[1], self._seen[2]

    async def do(self, body: "Callable[[Queue], Awaitable[Answer]]") -> Answer:
        """Open the queue and do something with it; raises QueueError."""
        if why := self.absent():
            raise QueueError(why)
        return await to_thread.run_sync(self._do, body)

    def forget(self) -> None:
        """Look anew the next time: something was changed."""
        self._seen = None

    def _do(self, body: "Callable[[Queue], Awaitable[Answer]]") -> Answer:
        from biopsy import queue  # noqa: PLC0415 - an extra, and slow to import

        async def main() -> Answer:
            async with queue.open(queue.Settings(self._home, self._dsn, patience=PATIENCE)) as opened:
                return await body(opened)

        try:
            return asyncio.run(main())
        except BiopsyError:
            raise
        except Exception as error:  # psycopg's, and the system's
            raise QueueError(f"the queue cannot be read: {type(error).__name__}") from error


async def _look(q: "Queue") -> tuple[QueueSeen, Any]:
    feeds, depth, workers = await q.feeds(), await q.depth(), await q.workers()
    now = time.time()
    outcomes, times = await q.outcomes(HOUR), await q.times(HOUR)
    parked = await q.parked(limit=MAX_PARKED)
    seen = QueueSeen(
        tuple(
            Feed(
                one.name,
                now - one.newest.timestamp() if one.newest else None,
                now - one.polled.timestamp() if one.polled else None,
                one.items, one.jobs, one.gaps, one.failures, one.trouble, one.detail, one.paused,
            )
            for one in feeds
        ),
        tuple(Lane(one.lane, one.ecosystem, one.state, one.jobs, one.oldest) for one in depth),
        tuple(
            WorkerRow(
                w.name, w.host, w.state, w.running, w.slots, tuple(w.lanes), tuple(w.ecosystems), w.beat
            )
            for w in workers
        ),
        tuple(Ended(what, why, jobs) for (what, why), jobs in outcomes.items()),
        tuple(Took(t.lane, t.ecosystem, t.jobs, t.waited, t.worked, t.since) for t in times),
        tuple(
            Parked(
                e.id, e.job.release.ecosystem, e.job.release.name, e.job.release.version, e.job.lane.value,
                e.attempts, e.reason, e.detail, e.ended.strftime("%Y-%m-%dT%H:%M:%SZ") if e.ended else "",
            )
            for e in parked
        ),
        await q.paused(),
        await q.waiting_messages(),
        tuple(_trouble(feeds, depth, workers)),
    )  # fmt: skip
    return seen, (feeds, depth, workers)


def _trouble(feeds: Any, depth: Any, workers: Any) -> list[str]:
    made = [
        f"Feed {one.name}: {one.trouble}, {one.failures} times in a row."
        for one in feeds
        if one.failures and not one.paused
    ]
    waiting = sum(one.jobs for one in depth if one.state == "waiting")
    if waiting and not any(worker.state != "gone" for worker in workers):
        made.append(f"{waiting:,} jobs wait and no worker lives: biopsy worker.")
    return made
