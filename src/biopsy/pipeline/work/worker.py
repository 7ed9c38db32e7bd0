"""A worker: takes jobs from the queue, has each done in a process of its own, and says what it came to."""

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from biopsy.errors import BiopsyError, QueueError
from biopsy.model.job import Lane
from biopsy.pipeline.work import messages
from biopsy.pipeline.work.answering import LINGER, Weather, answer, lost
from biopsy.pipeline.work.coming import Came, Outcome, Task, age
from biopsy.pipeline.work.delivering import Sender
from biopsy.pipeline.work.logs import say
from biopsy.pipeline.work.messages import Place
from biopsy.pipeline.work.metrics import Metrics
from biopsy.pipeline.work.processes import Lost, Processes
from biopsy.pipeline.work.task import Limits
from biopsy.queue import Again, Done, GiveBack, Park, Queue, Taken
from biopsy.queue import Worker as Me

FLOOR = 512 * 1024**2
"""Bytes that must be free below BIOPSY_HOME for a job to begin."""

LOOK = 15.0
"""Seconds between two looks at the queue, for the metrics."""

EMPTY = 0.5
"""Seconds between two looks whether the queue is empty."""

TELL = 5.0
"""Seconds between two looks into the box of messages."""

LAST_WORDS = 10.0
"""Seconds that messages have to be sent when a worker ends; what is not is another's to send."""

BATCH_NICE = 15
"""How far jobs of the batch lane, and their sandboxes, stand back where processors are short."""

QUIET = 600.0
"""Seconds in which the same trouble of this machine is told once."""

OURS = frozenset({"disk-full", "no-sandbox", "no-registry", "store-failed", "reports-failed", "policy-wrong"})
"""Reasons that a person who looks after this machine should hear of."""

log = logging.getLogger("biopsy.worker")


class Bounds(Struct, frozen=True):
    """What a worker holds its jobs to."""

    limits: Limits = Limits()
    floor: int = FLOOR
    until_empty: bool = False  # end when nothing waits any more


class Worker:
    """One worker. `run` works until `stop` is set."""

    def __init__(
        self, queue: Queue, processes: Processes, home: Path, *, bounds: Bounds, places: dict[str, Place],
        metrics: Metrics,
    ) -> None:  # fmt: skip
        """Take what it works with; nothing is asked yet."""
        self.queue, self.processes, self.home, self.bounds = queue, processes, home, bounds
        self.metrics, self.sender = metrics, Sender(queue, places, metrics)
        self.stop = asyncio.Event()
        self._weather, self._wanted = Weather(), messages.wanted(places.values())
        self._told: dict[str, float] = {}
        self._running: dict[int, Taken] = {}

    async def run(self, me: Me) -> None:
        """Take jobs and do them; ends when told to and what was begun has ended or was given back."""
        self.metrics.slots.set(me.slots)
        say(
            log,
            logging.INFO,
            "worker begins",
            name=me.name,
            slots=me.slots,
            lanes=me.lanes,
            ecosystems=me.ecosystems,
        )
        chores = [self._often(LOOK, self._watch), self._often(TELL, self.sender.deliver)]
        if self.bounds.until_empty:
            chores.append(self._often(EMPTY, partial(self._end_if_empty, me)))
        running = [asyncio.create_task(chore) for chore in chores]
        try:
            await self.queue.run(me, self.handle, self.stop)
        finally:
            for chore in running:
                chore.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        with contextlib.suppress(BiopsyError, TimeoutError):
            await asyncio.wait_for(self.sender.deliver(), LAST_WORDS)
        say(log, logging.INFO, "worker ended", name=me.name)

    def drain(self) -> None:
        """Take nothing more and end; asked a second time, at once: what runs is given back."""
        if self.stop.is_set():
            say(log, logging.WARNING, "worker leaves now", running=len(self._running))
            for taken in self._running.values():
                taken.ask_to_leave("draining")
        else:
            say(log, logging.INFO, "worker drains", running=len(self._running))
        self.metrics.draining.set(1)
        self.stop.set()

    async def handle(self, taken: Taken) -> Done:
        """Do one job, as the queue wants it done."""
        job, lane = taken.job, taken.lane.value
        ecosystem, began = job.release.ecosystem, time.monotonic()
        fields = {"job": taken.id, "purl": job.release.purl, "attempt": taken.attempt, "lane": lane}
        say(log, logging.DEBUG, "job begins", **fields, why=job.why)
        self._running[taken.id] = taken
        self.metrics.busy.set(len(self._running))
        try:
            await self._room()
            came = await self._do(taken)
            done = answer(taken, came, self._weather, self._wanted)
        except (Again, Park, GiveBack) as said:
            outcome = {Again: "again", Park: "parked"}.get(type(said), "given-back")
            reason = getattr(said, "reason", taken.why_leave)
            self.metrics.ended(ecosystem, lane, outcome, reason)
            level = logging.WARNING if outcome == "parked" else logging.INFO
            detail = getattr(said, "detail", "")
            say(log, level, f"job {outcome}", **fields, reason=reason, detail=detail, seconds=_since(began))
            raise
        finally:
            self._running.pop(taken.id, None)
            self.metrics.busy.set(len(self._running))
        self._done(taken, came, fields, began)
        return done

    def _done(self, taken: Taken, came: Came, fields: dict[str, Any], began: float) -> None:
        ecosystem, lane = taken.job.release.ecosystem, taken.lane.value
        self.metrics.ended(ecosystem, lane, came.outcome.value, came.reason)
        self.metrics.spent(ecosystem, {**came.seconds, "whole": _since(began)})
        waited = age(taken.job.published)
        if came.verdict:
            self.metrics.verdicts.labels(ecosystem, came.verdict).inc()
            if waited is not None and came.outcome is Outcome.ANALYSED:
                self.metrics.to_verdict.labels(ecosystem, lane).observe(waited)
        say(
            log, logging.INFO, f"job {came.outcome.value}", **fields, reason=came.reason, detail=came.detail,
            verdict=came.verdict, run_id=",".join(came.run_ids), found=len(came.found) or None,
            skipped=came.skipped, report=came.report, seconds=_since(began), stages=came.seconds,
        )  # fmt: skip

    async def _do(self, taken: Taken) -> Came:
        """Have it done; who is asked to leave meanwhile kills it and gives it back."""
        task = msgspec.msgpack.encode(Task(taken.job, taken.attempt))
        limits = self.bounds.limits
        if taken.lane is Lane.BATCH:
            limits = replace(limits, nice=BATCH_NICE)
        running = asyncio.ensure_future(self.processes.run(task, limits))
        leaving = asyncio.ensure_future(taken.leave.wait())
        ecosystem = taken.job.release.ecosystem
        try:
            await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                raise GiveBack
            given = running.result()
        except Lost as err:
            self.metrics.memory.labels(ecosystem).observe(err.peak)
            if err.why.said:
                say(
                    log, logging.WARNING, "process failed", job=taken.id, code=err.why.code, said=err.why.said
                )
            if err.why.code == "disk-full":
                await self._trouble("disk-full", err.why.detail)
            raise lost(taken, err.why) from None
        finally:
            leaving.cancel()
            if not running.done():
                running.cancel()
                await asyncio.wait({running})
        self.metrics.memory.labels(ecosystem).observe(given.peak)
        self.metrics.processor.labels(ecosystem).inc(given.processor)
        came = msgspec.msgpack.decode(given.data, type=Came)
        if came.reason in OURS:
            await self._trouble(came.reason, came.detail)
        return came

    async def _room(self) -> None:
        """Begin nothing on a disk that is full: what is half written there would be lost."""
        free = shutil.disk_usage(self.home).free
        if free < self.bounds.floor:
            detail = f"{free >> 20} MiB free at {self.home}; {self.bounds.floor >> 20} MiB are wanted"
            await self._trouble("disk-full", detail)
            raise Again("disk-full", LINGER, detail, counted=False)

    async def _trouble(self, reason: str, detail: str) -> None:
        """Tell people of this machine's trouble, not of every job that meets it."""
        now = time.monotonic()
        if now - self._told.get(reason, -QUIET) < QUIET:
            return
        self._told[reason] = now
        say(log, logging.ERROR, "trouble", reason=reason, detail=detail)
        with contextlib.suppress(QueueError):
            await self.queue.tell(
                "trouble", {"reason": reason, "detail": detail[:500], "home": str(self.home)}
            )

    async def _often(self, seconds: float, chore: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await chore()
            except BiopsyError as err:
                say(log, logging.WARNING, "chore failed", detail=str(err))
            except Exception:  # a fault of ours here must not stop what the worker is for
                log.exception("chore failed")
            await asyncio.sleep(seconds)

    async def _watch(self) -> None:
        view = self.metrics.view
        view.feeds, view.depth = await self.queue.feeds(), await self.queue.depth()
        view.workers, view.now = await self.queue.workers(), time.time()

    async def _end_if_empty(self, me: Me) -> None:
        for row in await self.queue.depth():
            mine = row.lane in me.lanes and row.ecosystem in me.ecosystems
            if mine and row.state in {"waiting", "running"}:
                return
        self.stop.set()


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
