"""PgQueuer's way to the database, which finds the database again when it went away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import psycopg
from pgqueuer.core.tm import TaskManager
from pgqueuer.db import PsycopgDriver
from pgqueuer.domain.models import TableChangedEvent, utc_now
from pgqueuer.types import Channel
from psycopg import sql

from biopsy.queue.line import FIRST_PAUSE, LONGEST_PAUSE, Access, Connection

Answer = TypeVar("Answer")
Callback = Callable[[str | bytes | bytearray], None]

log = logging.getLogger(__name__)

HEAR_SECONDS = 5.0


class SteadyDriver:
    """A `pgqueuer.db.Driver` over two connections that are made anew when they break: to ask, and to hear.

    To hear is to hold a connection; one for both would let every question wait. `given_up` says when there
    is no point in waiting for the database any longer.
    """

    def __init__(self, access: Access, given_up: Callable[[], bool]) -> None:
        self._access, self._given_up = access, given_up
        self._asking: Connection | None = None
        self._lock = asyncio.Lock()
        self._heard: dict[str, list[Callback]] = {}
        self._shutdown = asyncio.Event()
        self._tm = TaskManager()
        self._entered = 0
        self.heard = asyncio.Event()
        """Set when something was heard; whoever waits for it clears it."""

    @property
    def shutdown(self) -> asyncio.Event:
        """Set when nothing more should be begun."""
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        """The tasks that hear."""
        return self._tm

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Ask; ask again when the database went away."""
        return await self._ask(lambda theirs: theirs.fetch(query, *args))

    async def execute(self, query: str, *args: object) -> str:
        """Tell; tell again when the database went away."""
        return await self._ask(lambda theirs: theirs.execute(query, *args))

    async def notify(self, channel: str, payload: str) -> None:
        """Send a NOTIFY."""
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def _ask(self, how: Callable[[PsycopgDriver], Awaitable[Answer]]) -> Answer:
        pause = FIRST_PAUSE
        while True:
            try:
                return await how(PsycopgDriver(await self._connection()))
            except psycopg.errors.DeadlockDetected:
                raise
            except (psycopg.OperationalError, psycopg.InterfaceError) as err:
                if self._given_up():
                    raise
                log.warning("the queue's database: %s; trying again", " ".join(str(err).split()))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _connection(self) -> Connection:
        async with self._lock:
            if self._asking is None or self._asking.closed or self._asking.broken:
                await _close(self._asking)
                self._asking = None
                self._asking = await self._access.connect()
            return self._asking

    async def add_listener(self, channel: str, callback: Callback) -> None:
        """Hear a channel, from when the database has said that it will be heard."""
        self._heard.setdefault(channel, []).append(callback)
        ready = asyncio.Event()
        self._tm.add(asyncio.create_task(self._hear(channel, ready)))
        await ready.wait()

    async def _hear(self, channel: str, ready: asyncio.Event) -> None:
        pause = FIRST_PAUSE
        while not self._shutdown.is_set():
            hearing: Connection | None = None
            try:
                hearing = await self._access.connect()
                await hearing.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                ready.set()
                pause = FIRST_PAUSE
                while not self._shutdown.is_set():
                    async for note in hearing.notifies(timeout=HEAR_SECONDS, stop_after=1):
                        self._pass_on(note.channel, note.payload)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if self._given_up():
                    return
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            finally:
                ready.set()
                await _close(hearing)

    def _pass_on(self, channel: str, payload: str) -> None:
        self.heard.set()
        for callback in self._heard.get(channel, ()):
            callback(payload)

    def wake(self, channel: str, *, everybody: bool = False) -> None:
        """Have PgQueuer look for jobs at once, as if a row had come: a slot is free, a job was given back."""
        sent = TableChangedEvent(
            channel=Channel(channel),
            sent_at=utc_now(),
            type="table_changed_event",
            operation="update",
            table="pgqueuer",
        )
        text = sent.model_dump_json()
        self._pass_on(channel, text)
        if everybody and not self._shutdown.is_set():
            self._tm.add(asyncio.create_task(self.notify(channel, text)))

    async def __aenter__(self) -> Self:
        self._entered += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        self._entered -= 1
        if self._entered:
            return
        self._shutdown.set()
        for task in [*self._tm.tasks]:
            task.cancel()
        await self._tm.gather_tasks()
        self._heard.clear()

    async def close(self) -> None:
        """Close what is open."""
        await _close(self._asking)
        self._asking = None


async def _close(made: Any) -> None:
    if made is not None:
        try:
            await made.close()
        except psycopg.Error:
            log.debug("a broken connection would not close", exc_info=True)
