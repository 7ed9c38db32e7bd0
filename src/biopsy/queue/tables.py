"""The tables, brought up to date by numbered SQL files; each is applied once, in its own transaction."""

import functools
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.db import PsycopgDriver
from pgqueuer.domain.settings import DBSettings
from pgqueuer.queries import Queries
from pgqueuer.types import Channel
from psycopg import sql

from biopsy.errors import QueueError
from biopsy.queue.line import Connection

VERSION = metadata.version("pgqueuer")
FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x62696F70  # "biop": one process at a time brings tables up to date


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: its number, what it is for, and its SQL."""

    number: int
    title: str
    text: str


def steps() -> tuple[Step, ...]:
    """The migrations there are, in order. Raises QueueError where their numbers do not count up from 1."""
    found = []
    for number, path in enumerate(sorted(FOLDER.glob("[0-9]*.sql")), 1):
        name, _, title = path.stem.partition("_")
        if int(name) != number:
            raise QueueError(f"{path.name}: migration {number} is missing")
        found.append(Step(number, title, path.read_text()))
    return tuple(found)


@functools.cache
def names(schema: str) -> DBSettings:
    """What PgQueuer calls its tables with us: its own names, in our schema."""
    return DBSettings(db_schema=schema, channel=Channel(f"{schema}_ch_pgqueuer"))


def queries(driver: object, schema: str) -> Queries:
    """PgQueuer's statements, over a driver of its, for its tables in our schema."""
    settings = names(schema)
    return Queries(
        driver,  # type: ignore[arg-type]
        QueryBuilderEnvironment(settings),
        QueryQueueBuilder(settings),
        QuerySchedulerBuilder(settings),
    )


async def migrate(made: Connection, schema: str, until: int | None = None) -> int:
    """Bring the tables up to date; harmless where they are. Gives the version they now have.

    Raises QueueError when they are of a later biopsy than this one.
    """
    every = steps()
    if until is None and await version(made, schema) == len(every) and await _engine(made, schema) == VERSION:
        return len(every)
    await made.execute(sql.SQL("SELECT pg_advisory_lock({})").format(_LOCK))
    try:
        async with made.transaction():
            await made.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        now = await version(made, schema)
        if now > len(every):
            raise QueueError(f"the queue's tables are of a newer biopsy (version {now}): use that one")
        await _pgqueuer(made, schema)
        for step in every[now:until]:
            async with made.transaction():
                await made.execute(step.text)
                await made.execute(
                    "INSERT INTO migration (number, title) VALUES (%s, %s)", (step.number, step.title)
                )
        return await version(made, schema)
    finally:
        await made.execute(sql.SQL("SELECT pg_advisory_unlock({})").format(_LOCK))


async def _pgqueuer(made: Connection, schema: str) -> None:
    await made.execute(
        "CREATE TABLE IF NOT EXISTS migration "
        "(number integer PRIMARY KEY, title text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
    )
    await made.execute("CREATE TABLE IF NOT EXISTS engine (version text NOT NULL)")
    await made.execute("CREATE UNIQUE INDEX IF NOT EXISTS engine_one ON engine ((true))")
    driver = PsycopgDriver(made)
    theirs = queries(driver, schema)
    if await theirs.schema_is_installed():
        await theirs.upgrade()
    else:
        await theirs.install(create_schema=False)
        await theirs.optimize_autovacuum()
    await made.execute(
        "INSERT INTO engine (version) VALUES (%s)"
        " ON CONFLICT ((true)) DO UPDATE SET version = excluded.version",
        (VERSION,),
    )


async def _engine(made: Connection, schema: str) -> str:
    """Which PgQueuer brought its tables up to date last; empty if none said so."""
    there = await made.execute("SELECT to_regclass(%s)", (f"{schema}.engine",))
    if (await there.fetchone() or (None,))[0] is None:
        return ""
    found = await made.execute(sql.SQL("SELECT version FROM {}.engine").format(sql.Identifier(schema)))
    row = await found.fetchone()
    return str(row[0]) if row else ""


async def version(made: Connection, schema: str) -> int:
    """How many migrations the tables have seen; 0 without tables."""
    there = await made.execute("SELECT to_regclass(%s)", (f"{schema}.migration",))
    if (await there.fetchone() or (None,))[0] is None:
        return 0
    counted = await made.execute(
        sql.SQL("SELECT coalesce(max(number), 0) FROM {}.migration").format(sql.Identifier(schema))
    )
    row = await counted.fetchone()
    return int(row[0]) if row else 0
