"""The tables: made once, brought up to date in order, and refused when they are of a later biopsy."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from biopsy import queue
from biopsy.errors import QueueError
from biopsy.queue import tables
from biopsy.queue.line import Connection


@pytest.fixture
def bare(_postgres: str) -> Iterator[Callable[..., str]]:
    """Empty databases."""
    made: list[str] = []

    def make(how: str = "") -> str:
        name = f"bare_{len(made)}_{id(made)}"
        with psycopg.connect(_postgres, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name} {how}")
        made.append(name)
        return f"{_postgres} dbname={name}"

    yield make
    with psycopg.connect(_postgres, autocommit=True) as server:
        for name in made:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run(dsn: str, body: Callable[[Connection], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as made:
            await made.execute("SET search_path TO biopsy")
            return await body(made)

    return asyncio.run(main())


async def shape(made: Connection) -> list[Any]:
    """Every column, index, view and constraint there is."""
    queries = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default"  # noqa: ISC004
        " FROM information_schema.columns WHERE table_schema = 'biopsy' ORDER BY 1, 2",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'biopsy' ORDER BY 1",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"  # noqa: ISC004
        " WHERE connamespace = 'biopsy'::regnamespace ORDER BY 1",
    )
    return [await (await made.execute(query)).fetchall() for query in queries]


def test_migrations_are_numbered_without_a_gap() -> None:
    steps = tables.steps()
    assert [step.number for step in steps] == [*range(1, len(steps) + 1)]


def test_tables_made_step_by_step_are_those_made_at_once(bare: Callable[..., str]) -> None:
    async def slowly(made: Connection) -> list[Any]:
        for number in range(1, len(tables.steps()) + 1):
            assert await tables.migrate(made, "biopsy", number) == number
        return await shape(made)

    async def at_once(made: Connection) -> list[Any]:
        for _ in range(2):
            assert await tables.migrate(made, "biopsy") == len(tables.steps())
        return await shape(made)

    assert run(bare(), slowly) == run(bare(), at_once)


def test_many_may_open_an_empty_database_at_once(bare: Callable[..., str], tmp_path: Path) -> None:
    dsn = bare()

    async def one() -> int:
        async with queue.open(queue.Settings(tmp_path, dsn)) as q:
            return await q.waiting()

    async def main() -> list[int]:
        return await asyncio.gather(*(one() for _ in range(4)))

    assert asyncio.run(main()) == [0] * 4


def test_tables_of_a_later_biopsy_are_left_alone(dsn: str, tmp_path: Path) -> None:
    async def later(made: Connection) -> None:
        await made.execute("INSERT INTO migration (number, title) VALUES (999, 'later')")

    run(dsn, later)
    with pytest.raises(QueueError, match="newer biopsy"):
        asyncio.run(_open(tmp_path, dsn))


@pytest.mark.parametrize("before", ["UPDATE engine SET version = '0.1'", "DROP TABLE engine"])
def test_the_engines_tables_follow_its_version(dsn: str, before: LiteralString) -> None:
    async def body(made: Connection) -> str:
        await made.execute(before)
        await tables.migrate(made, "biopsy")
        found = await (await made.execute("SELECT version FROM engine")).fetchall()
        return str(found)

    assert run(dsn, body) == f"[('{tables.VERSION}',)]"


def test_a_database_that_is_not_in_utf_8_is_refused(bare: Callable[..., str], tmp_path: Path) -> None:
    with pytest.raises(QueueError, match="not in UTF-8"):
        asyncio.run(
            _open(tmp_path, bare("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"))
        )


def test_two_queues_in_one_database_are_strangers(dsn: str, tmp_path: Path) -> None:
    from working import job

    async def main() -> list[int]:
        async with (
            queue.open(queue.Settings(tmp_path, dsn)) as one,
            queue.open(queue.Settings(tmp_path, dsn, schema="other")) as other,
        ):
            await one.enqueue([job("a")])
            return [await one.waiting(), await other.waiting()]

    assert asyncio.run(main()) == [1, 0]


async def _open(home: Path, dsn: str) -> None:
    async with queue.open(queue.Settings(home, dsn)):
        pass
