"""A line to the database: a connection made anew when it breaks, transactions that are tried again."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from biopsy.errors import QueueError
from biopsy.queue import embedded
from biopsy.queue.records import Settings

Connection = psycopg.AsyncConnection[TupleRow]
Answer = TypeVar("Answer")

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,40}")
# A peer that is cut off is noticed in about half a minute, not in the two hours that TCP allows: here, and
# there, where a connection that nobody holds any more would keep rows locked that it was about to change.
_THERE = """
    SET search_path TO {};
    SET tcp_keepalives_idle = 10;
    SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = 25000;
    SET idle_in_transaction_session_timeout = '60s'
"""
_ALWAYS: dict[str, Any] = {
    "client_encoding": "UTF8",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


def answers(dsn: str) -> bool:
    """Say whether a database answers to a DSN; a failure to say is no."""
    try:
        psycopg.connect(dsn, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error:
        return False
    return True


class Access:
    """How to reach the database: starts the embedded one where none is named, and keeps it from stopping."""

    def __init__(self, settings: Settings) -> None:
        if not _SCHEMA.fullmatch(settings.schema):
            raise QueueError(f"{settings.schema!r} is no name for a schema: small letters, digits, _")
        self.settings = settings
        self._use: embedded.Use | None = None
        self._had = False
        self._lock = asyncio.Lock()

    async def connect(self) -> Connection:
        """Make a connection. Raises psycopg.OperationalError, or QueueError where no server can be had."""
        dsn = self.settings.dsn or await self._embedded()
        try:
            made = await psycopg.AsyncConnection.connect(
                dsn, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="biopsy", **_ALWAYS
            )
        except psycopg.ProgrammingError as err:
            raise QueueError(f"the DSN makes no sense: {str(err).strip()}") from err
        try:
            await made.execute(sql.SQL(_THERE).format(sql.Identifier(self.settings.schema)))
        except BaseException:
            await made.close()
            raise
        return made

    async def _embedded(self) -> str:
        """Have the embedded server running; asked again for every connection, since it may have died.

        That it cannot be had is final the first time only: later its disk may be full, and not for ever.
        """
        async with self._lock:
            if self._use is not None and self._use.kept():
                return self._use.dsn
            held, self._use = self._use, None
            if held is not None:
                held.release()
            try:
                self._use = await asyncio.to_thread(embedded.use, self.settings.home, answers)
            except QueueError as err:
                if self._had:
                    raise psycopg.OperationalError(str(err)) from err
                raise
            self._had = True
            return self._use.dsn

    def release(self) -> None:
        """Say that we need the embedded server no more."""
        if self._use is not None:
            self._use.release()
            self._use = None


class Line:
    """One connection, one transaction at a time; made anew when it breaks."""

    def __init__(self, access: Access, patience: float | None = None) -> None:
        self.access = access
        self.patience = access.settings.patience if patience is None else patience
        self._made: Connection | None = None
        self._lock = asyncio.Lock()

    async def connection(self) -> Connection:
        """The connection, made anew if it broke. Raises psycopg.OperationalError."""
        if self._made is not None and (self._made.closed or self._made.broken):
            await self._drop()
        if self._made is None:
            self._made = await self.access.connect()
        return self._made

    async def _drop(self) -> None:
        made, self._made = self._made, None
        if made is not None:
            try:
                await made.close()
            except psycopg.Error:
                log.debug("a broken connection would not close", exc_info=True)

    async def close(self) -> None:
        """Close the connection."""
        async with self._lock:
            await self._drop()

    async def do(self, body: Callable[[Connection], Awaitable[Answer]]) -> Answer:
        """Run `body` in a transaction; run it again when the database went away or had to choose a victim.

        It may have been committed when the answer was lost, so it must be harmless to run twice. Raises
        QueueError when the database did not come back within the patience.
        """
        began, pause = time.monotonic(), FIRST_PAUSE
        async with self._lock:
            while True:
                try:
                    made = await self.connection()
                    async with made.transaction():
                        return await body(made)
                except (psycopg.OperationalError, psycopg.InterfaceError) as err:
                    await self._lost(err, time.monotonic() - began)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _lost(self, err: psycopg.Error, waited: float) -> None:
        if not isinstance(err, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
            await self._drop()
        if waited > self.patience:
            raise QueueError(f"the queue's database does not answer: {_one_line(err)}") from err
        log.warning("the queue's database: %s; trying again", _one_line(err))

    async def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Run one statement with `%s` for values; give its rows by column."""

        async def ask(made: Connection) -> list[dict[str, Any]]:
            return await rows(made, query, *values)

        return await self.do(ask)


async def rows(made: Connection, query: str, *values: Any) -> list[dict[str, Any]]:
    """Run one statement in whatever transaction there is; give its rows by column."""
    async with made.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        await cursor.execute(query, values or None)
        return await cursor.fetchall() if cursor.description else []


def _one_line(err: BaseException) -> str:
    return " ".join(str(err).split()) or type(err).__name__


@asynccontextmanager
async def line(access: Access, patience: float | None = None) -> AsyncIterator[Line]:
    """Have a line for a while."""
    made = Line(access, patience)
    try:
        yield made
    finally:
        await made.close()
