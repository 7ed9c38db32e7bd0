"""The queue: what feeds said, what is to be done, who does it, and what it came to, in PostgreSQL.

PgQueuer hands jobs out and notices workers that died; our own tables beside its say what a job is, how it
ended and what it led to, written in the same transactions (docs/decisions/0019).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from biopsy.errors import QueueError
from biopsy.queue.bounds import Bounds
from biopsy.queue.box import Box
from biopsy.queue.feeds import Feeds
from biopsy.queue.jobs import Jobs
from biopsy.queue.line import Access, Connection, Line
from biopsy.queue.numbers import Numbers
from biopsy.queue.records import (
    Again,
    Attempt,
    Counted,
    CursorMoved,
    Depth,
    Done,
    Entry,
    FeedState,
    Gap,
    GiveBack,
    Handle,
    Limit,
    Message,
    Moved,
    Park,
    Result,
    Seen,
    Settings,
    State,
    Taken,
    Times,
    Withdrawal,
    Worker,
    WorkerState,
)
from biopsy.queue.tables import migrate

__all__ = [
    "Again",
    "Attempt",
    "Counted",
    "CursorMoved",
    "Depth",
    "Done",
    "Entry",
    "FeedState",
    "Gap",
    "GiveBack",
    "Handle",
    "Limit",
    "Message",
    "Moved",
    "Park",
    "Queue",
    "Result",
    "Seen",
    "Settings",
    "State",
    "Taken",
    "Times",
    "Withdrawal",
    "Worker",
    "WorkerState",
    "open",
]


class Queue(Feeds, Jobs, Numbers, Bounds, Box):
    """An open queue. Its methods raise QueueError when the database is away for longer than the patience."""

    def __init__(self, settings: Settings, access: Access, line: Line) -> None:
        self.settings, self.access, self.line = settings, access, line

    async def run(self, me: Worker, handle: Handle, stop: asyncio.Event) -> None:
        """Take jobs and hand them to `handle` until `stop` is set and what was begun has ended.

        A database that goes away is waited for. A worker that dies loses its jobs to others within a minute.
        """
        from biopsy.queue.run import Runner  # noqa: PLC0415 - only workers need the whole engine

        await Runner(me, handle, stop, self.access).run()


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Queue]:  # noqa: A001 - `queue.open` is what it does
    """Open the queue: starts the embedded PostgreSQL if none is named, and brings the tables up to date.

    Raises QueueError where no database can be had, or its tables are of a newer biopsy.
    """
    access = Access(settings)
    line = Line(access)
    try:
        await _prepare(line, settings)
        yield Queue(settings, access, line)
    finally:
        await line.close()
        access.release()


async def _prepare(line: Line, settings: Settings) -> None:
    try:
        made: Connection = await line.connection()
        if made.info.parameter_status("server_encoding") != "UTF8":
            raise QueueError("the queue's database is not in UTF-8: CREATE DATABASE … ENCODING 'UTF8'")
        await migrate(made, settings.schema)
    except psycopg.Error as err:
        where = "the database of the DSN" if settings.dsn else "the embedded database"
        raise QueueError(f"{where} cannot be used: {' '.join(str(err).split())}") from err
