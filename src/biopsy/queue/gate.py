"""Which jobs a worker may take now: free slots, some kept for what is urgent, limits over all workers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from biopsy.model.job import Lane
from biopsy.queue.filing import entrypoint
from biopsy.queue.line import Line
from biopsy.queue.records import Taken, Worker

FULL_SECONDS = 2.0  # with no slot free, look up so often for what else there is to do
URGENT = (Lane.MANUAL, Lane.REALTIME)

_CLOSED = """
SELECT what FROM pause
UNION ALL
SELECT 'ecosystem:' || bound.ecosystem FROM bound JOIN bucket ON bucket.name = 'job/' || bound.ecosystem
WHERE bound.per_second IS NOT NULL AND bucket.free > now() + make_interval(secs => (burst - 1) / per_second)
UNION ALL
SELECT 'ecosystem:' || bound.ecosystem FROM bound
WHERE bound.concurrency <= (SELECT count(*) FROM pgqueuer WHERE queue_manager_id IS NOT NULL
    AND status = 'picked' AND split_part(entrypoint, '/', 2) = bound.ecosystem)
UNION ALL
SELECT 'bound' WHERE EXISTS (SELECT FROM bound WHERE concurrency IS NOT NULL OR per_second IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be taken now: so many jobs, of these entry points. `bounded` where limits over all hold."""

    entrypoints: tuple[str, ...]
    batch: int
    bounded: bool


class Gate:
    """The slots of one worker."""

    def __init__(self, me: Worker, line: Line, wake: Callable[[bool], None]) -> None:
        self.me, self._line, self._wake = me, line, wake
        self._narrow = False  # whether jobs may wait that a slot more would have let in
        self._returned: set[int] = set()
        self.bounded = False  # whether limits over all workers hold
        self._held: dict[int, Lane] = {}
        self._taken: dict[int, Taken] = {}
        self._freed = asyncio.Event()

    @property
    def free(self) -> int:
        """How many slots are free."""
        return self.me.slots - len(self._held)

    @property
    def running(self) -> tuple[Taken, ...]:
        """What is in the hands of this worker."""
        return tuple(self._taken.values())

    def _free_for_batch(self) -> int:
        batch = sum(lane == Lane.BATCH for lane in self._held.values())
        return min(self.free, self.me.slots - self.me.reserved - batch)

    def hold(self, number: int, lane: Lane) -> None:
        """Give a slot to what was handed out, before anything is done with it."""
        self._held[number] = lane

    def begin(self, number: int, taken: Taken) -> None:
        """Note what is in the slot."""
        self._taken[number] = taken

    def give_back(self, number: int) -> None:
        """Note that a job goes back to the queue: somebody may take it as soon as it is released."""
        self._returned.add(number)

    def release(self, number: int) -> None:
        """Have the slot free again; harmless if it is."""
        self._held.pop(number, None)
        self._taken.pop(number, None)
        self._freed.set()
        returned = number in self._returned
        self._returned.discard(number)
        if self._narrow or returned:
            self._wake(returned)

    async def slot(self, stopped: Callable[[], bool]) -> bool:
        """Wait a while for a free slot; False if there is none."""
        while self.free <= 0 and not stopped():
            self._freed.clear()
            try:
                await asyncio.wait_for(self._freed.wait(), FULL_SECONDS)
            except TimeoutError:
                return False
        return not stopped()

    async def offer(self) -> Offer:
        """What may be taken into the free slots; nothing if that is no entry point."""
        closed = {row["what"] for row in await self._line.rows(_CLOSED)}
        lanes = [lane for lane in self.me.lanes if f"lane:{lane}" not in closed]
        batch = self._free_for_batch() if Lane.BATCH in lanes else 0
        self._narrow = batch < self.free
        if batch <= 0:
            lanes = [lane for lane in lanes if lane != Lane.BATCH]
        kinds = [kind for kind in self.me.ecosystems if f"ecosystem:{kind}" not in closed]
        self.bounded = "bound" in closed
        most = 1 if self.bounded else batch if Lane.BATCH in lanes else self.free
        return Offer(
            tuple(entrypoint(lane, kind) for lane in lanes for kind in kinds), max(1, most), self.bounded
        )

    def may_yield(self) -> Taken | None:
        """The batch job that was begun last, if no slot is free and none was asked to leave yet."""
        if self.free > 0 or any(taken.leave.is_set() for taken in self._taken.values()):
            return None
        batch = [taken for taken in self._taken.values() if taken.lane == Lane.BATCH]
        return batch[-1] if batch else None
