"""Taking jobs: PgQueuer hands them out and notices the dead; slots, leases and ends are kept here."""

import asyncio
import contextlib
import logging
import os
import random
import socket
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
from pgqueuer.domain.models import Context
from pgqueuer.domain.models import Job as Handed
from pgqueuer.errors import RetryRequested
from pgqueuer.queries import Queries
from pgqueuer.types import Channel, QueueEntrypoint

from biopsy.errors import QueueError
from biopsy.queue import ends
from biopsy.queue.bounds import token
from biopsy.queue.driver import SteadyDriver
from biopsy.queue.filing import entrypoint
from biopsy.queue.gate import URGENT, Gate
from biopsy.queue.handing import Manager
from biopsy.queue.keeping import keep_house
from biopsy.queue.line import Access, Connection, Line
from biopsy.queue.records import Again, Done, GiveBack, Handle, Park, Taken, Worker
from biopsy.queue.tables import names, queries

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0  # how often to look for work when nothing says that there is some
POLL_SECONDS = 0.5  # how often, when there is some that may not be taken now
BEAT_SECONDS = 5.0
YIELD_SECONDS = 0.5  # how often to look for something urgent if nothing says that it is there
OTHERS_SECONDS = 0.05  # so long another may have a slot for it
HOUSE_SECONDS = 60.0


@dataclass
class Runner:
    """One worker at work."""

    me: Worker
    handle: Handle
    stop: asyncio.Event
    access: Access

    def __post_init__(self) -> None:
        self.id = uuid4()
        self.name = f"{self.me.name} {str(self.id)[:8]}"
        self.over = asyncio.Event()
        self.line = Line(self.access, float("inf"))
        self.driver = SteadyDriver(self.access, self.over.is_set)
        self.gate = Gate(self.me, self.line, self._wake)
        self.leases: dict[int, UUID] = {}

    def _wake(self, everybody: bool) -> None:  # noqa: FBT001
        self.driver.wake(names(self.schema).channel, everybody=everybody)

    @property
    def schema(self) -> str:
        """Where the tables are."""
        return self.access.settings.schema

    async def run(self) -> None:
        """Work until told to stop and what was begun has ended or was given back."""
        theirs = queries(self.driver, self.schema)
        manager = Manager(theirs, Channel(names(self.schema).channel))
        manager.gate = self.gate
        manager.min_dequeue_poll_interval = timedelta(seconds=POLL_SECONDS)
        for lane in self.me.lanes:
            for kind in self.me.ecosystems:
                manager.entrypoint(entrypoint(lane, kind), accepts_context=True)(self._work)
        await self.line.do(self._hello)
        chores = [
            asyncio.create_task(chore)
            for chore in (self._beat(), self._yield(theirs), self._drain(manager), self._house())
        ]
        try:
            await manager.run(
                dequeue_timeout=timedelta(seconds=min(LOOK_SECONDS, self.me.heartbeat / 3)),
                batch_size=max(1, self.me.slots),
                heartbeat_timeout=timedelta(seconds=self.me.heartbeat),
                log_aggregation_interval=timedelta(0),
            )
        finally:
            self.over.set()
            self.line.patience = self.me.patience
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            with contextlib.suppress(QueueError, psycopg.Error):
                await self.line.rows("UPDATE worker SET state = 'gone', beat = now() WHERE id = %s", self.id)
            await asyncio.gather(self.line.close(), self.driver.close())

    async def _hello(self, made: Connection) -> None:
        await made.execute(
            "INSERT INTO worker (id, name, host, pid, slots, lanes, ecosystems)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
            (
                self.id,
                self.name,
                socket.gethostname(),
                os.getpid(),
                self.me.slots,
                [*self.me.lanes],
                [*self.me.ecosystems],
            ),
        )

    async def _work(self, handed: Handed, context: Context) -> None:
        """Do one job that was handed out, and write how it ended."""
        number, lease = int(handed.payload or b"0"), uuid4()

        async def take(made: Connection) -> Taken | None:
            return await ends.take(
                made, number, handed=handed.id, lease=lease, worker=self.name, most=self.me.attempts
            )

        taken = await self.line.do(take)
        if taken is None:
            return
        self.gate.begin(handed.id, taken)
        self.leases[number] = lease

        async def pay(made: Connection) -> float:
            return await token(made, f"job/{taken.job.release.ecosystem}", taken.job.release.ecosystem)

        try:
            if self.gate.bounded:
                await self._sleep(taken, await self.line.do(pay))
            await self._end(handed, taken, lease, await self._do(taken, context))
        finally:
            self.leases.pop(number, None)

    async def _sleep(self, taken: Taken, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(taken.leave.wait(), seconds)

    async def _do(self, taken: Taken, context: Context) -> "Done | Exception":
        """Let the handle do it; what it raises is an answer. Cancelled by a person, it is asked to leave.

        Asked to leave, for whatever reason, it has its patience to do so and is cut short then.
        """
        if taken.leave.is_set():
            return GiveBack()
        task = asyncio.ensure_future(self.handle(taken))
        asked = asyncio.ensure_future(taken.leave.wait())
        try:
            with context.cancellation:
                await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
            if context.cancellation.cancel_called:
                taken.ask_to_leave("cancelled")
            if not task.done():
                await asyncio.wait({task}, timeout=self.me.patience)
        finally:
            asked.cancel()
            if not task.done():
                task.cancel()
        try:
            return await task
        except (Again, Park, GiveBack) as said:
            return said
        except asyncio.CancelledError:
            return GiveBack()
        except Exception as err:
            log.exception("job %s: the worker failed at it", taken.id)
            return Again("crashed", detail=f"{type(err).__name__}: {err}")

    async def _end(self, handed: Handed, taken: Taken, lease: UUID, how: "Done | Exception") -> None:
        wait: float | None = None

        async def body(made: Connection) -> float | None:
            match how:
                case Done():
                    await ends.done(made, self.schema, taken.id, lease, how)
                case Park():
                    await ends.park(made, taken.id, lease, how)
                case Again():
                    return await ends.again(made, taken.id, lease, how, self.me.attempts)
                case _:
                    if await ends.give_back(made, taken.id, lease, taken.why_leave):
                        return 0.0
            return None

        wait = await self.line.do(body)
        if wait is not None:
            self.gate.give_back(handed.id)
            raise RetryRequested(timedelta(seconds=wait), reason=type(how).__name__)

    async def _beat(self) -> None:
        """Say that we live, and let go of what has meanwhile gone to another or was ended by hand."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self.line.rows("UPDATE worker SET beat = now() WHERE id = %s", self.id)
            mine = {taken.id: taken for taken in self.gate.running}
            found = await self.line.rows(
                "SELECT id, lease FROM job WHERE id = ANY(%s) AND state = 'running'", [*mine]
            )
            held = {row["id"]: row["lease"] for row in found}
            for number, taken in mine.items():
                lease = self.leases.get(number)
                if lease is not None and held.get(number) != lease and self.gate.running:
                    taken.ask_to_leave("taken-over")

    async def _yield(self, theirs: Queries) -> None:
        """Ask a batch job to leave when something urgent waits and no slot is free."""
        urgent = [
            QueueEntrypoint(entrypoint(lane, kind))
            for lane in self.me.lanes
            if lane in URGENT
            for kind in self.me.ecosystems
        ]
        while self.me.preempt and urgent:
            self.driver.heard.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.driver.heard.wait(), YIELD_SECONDS)
            if self.gate.may_yield() is None or not await theirs.eligible_queued_work(urgent):
                continue
            await asyncio.sleep(OTHERS_SECONDS * random.random())  # noqa: S311 - another may have a slot
            leaving = self.gate.may_yield()
            if leaving is not None and await theirs.eligible_queued_work(urgent):
                leaving.ask_to_leave("preempted")

    async def _drain(self, manager: Manager) -> None:
        """Told to stop: take nothing more, wait for what runs, then ask it to leave, then cut it short."""
        await self.stop.wait()
        manager.shutdown.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.me.patience):
                await self.line.rows("UPDATE worker SET state = 'draining' WHERE id = %s", self.id)
        await asyncio.sleep(self.me.grace)
        for taken in self.gate.running:
            taken.ask_to_leave("draining")
        await asyncio.sleep(self.me.patience)
        self.over.set()  # a database that is away now is not waited for
        self.line.patience = self.me.patience

    async def _house(self) -> None:
        while True:
            await keep_house(self.line, self.schema)
            await asyncio.sleep(HOUSE_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311
