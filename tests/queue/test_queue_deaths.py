"""Whoever dies, and whenever: nothing is lost, and nothing is done twice."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from working import At, job

from biopsy import queue
from biopsy.errors import QueueError
from biopsy.queue import embedded, ends
from biopsy.queue.keeping import keep_house
from biopsy.queue.line import Connection, answers, line

HANGS = """
import asyncio, sys
from pathlib import Path
from biopsy import queue

async def handle(taken):
    print(taken.id, flush=True)
    await asyncio.sleep(600)

async def main():
    async with queue.open(queue.Settings(Path(sys.argv[1]), sys.argv[2])) as q:
        await q.run(queue.Worker("doomed", ("pypi",), heartbeat=1.0), handle, asyncio.Event())

asyncio.run(main())
"""


async def benign(_taken: queue.Taken) -> queue.Done:
    return queue.Done(verdict="benign")


def test_a_worker_killed_in_the_middle_loses_its_job_to_another(
    with_queue: Any, dsn: str, tmp_path: Path
) -> None:
    async def body(q: queue.Queue) -> None:
        (number,) = (await q.enqueue([job("a")])).ids
        doomed = subprocess.Popen([sys.executable, "-c", HANGS, tmp_path, dsn], stdout=subprocess.PIPE)  # noqa: ASYNC220
        assert doomed.stdout is not None
        assert await asyncio.to_thread(doomed.stdout.readline) == f"{number}\n".encode()
        doomed.send_signal(signal.SIGKILL)
        doomed.wait()
        async with At(q, benign, heartbeat=1.0):
            pass
        assert [(a.number, a.how, a.reason) for a in await q.attempts(number)] == [
            (1, "lost", "worker-died"),
            (2, "done", ""),
        ]
        assert len(await q.results()) == 1
        assert {w.name.split()[0]: w.state for w in await q.workers(gone=0.5)} == {
            "doomed": "gone",
            "w": "gone",
        }

    with_queue(body)


def test_a_job_that_kills_every_worker_is_parked_and_told_of(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        (number,) = (await q.enqueue([job("poison")])).ids
        handed = (await q.line.rows("SELECT pgq FROM job"))[0]["pgq"]

        async def take(made: Connection) -> queue.Taken | None:
            return await ends.take(made, number, handed=handed, lease=uuid4(), worker="w", most=3)

        taken = [await q.line.do(take) for _ in range(4)]
        assert [one.attempt if one else None for one in taken] == [1, 2, 3, None]
        (parked,) = await q.parked("worker-died")
        assert "last of 3 attempts" in parked.detail
        assert [m.kind for m in await q.untold()] == ["parked"]

    with_queue(body)


def test_of_two_that_think_they_have_a_job_the_first_to_end_it_ends_it(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        (number,) = (await q.enqueue([job("a")])).ids
        handed = (await q.line.rows("SELECT pgq FROM job"))[0]["pgq"]
        leases = [uuid4(), uuid4()]

        async def both(made: Connection) -> list[bool]:
            for lease in leases:
                await ends.take(made, number, handed=handed, lease=lease, worker="w", most=5)
            old = leases[0]
            park = await ends.park(made, number, old, queue.Park("crashed"))
            back = await ends.give_back(made, number, old, "")
            again = await ends.again(made, number, old, queue.Again("timed-out"), 5) is not None
            found = queue.Done(verdict="benign", found=(job("b"),))
            return [
                park,
                back,
                again,
                *[await ends.done(made, "biopsy", number, one, found) for one in leases],
            ]

        assert await q.line.do(both) == [False, False, False, True, False]
        assert (len(await q.results()), await q.waiting()) == (1, 1)

    with_queue(body)


def test_who_reads_results_one_after_the_other_misses_none_that_was_slow_to_commit(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        numbers = (await q.enqueue([job("slow"), job("quick")])).ids
        under_way, go_on = asyncio.Event(), asyncio.Event()

        async def slow(made: Connection) -> None:
            await ends.done(made, "biopsy", numbers[0], uuid4(), queue.Done())
            under_way.set()
            await go_on.wait()

        async def quick(made: Connection) -> None:
            await ends.done(made, "biopsy", numbers[1], uuid4(), queue.Done())

        async with line(q.access) as one, line(q.access) as two:
            first = asyncio.ensure_future(one.do(slow))
            await under_way.wait()
            second = asyncio.ensure_future(two.do(quick))
            await asyncio.sleep(0.1)
            assert await q.results() == ()
            go_on.set()
            await asyncio.gather(first, second)
        assert [r.job for r in await q.results()] == [*numbers]

    with_queue(body)


def test_a_job_that_fell_between_the_tables_is_found_again(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        await q.enqueue([job("a"), job("b")])
        await q.line.rows("DELETE FROM pgqueuer WHERE id = (SELECT min(id) FROM pgqueuer)")
        assert (await keep_house(q.line, "biopsy"), await keep_house(q.line, "biopsy")) == (1, 0)
        async with At(q, benign):
            pass
        assert len(await q.results()) == 2

    with_queue(body)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An embedded PostgreSQL of these tests' own, gone soon after them."""
    home = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "LINGER", 0.3)
        try:
            used = embedded.use(home, answers)
        except QueueError as err:
            pytest.skip(str(err))
        yield home
        used.release()
    for _ in range(200):
        if not (home / "queue" / "data" / "postmaster.pid").exists():
            return
        time.sleep(0.1)
    pytest.fail("PostgreSQL goes on though nobody uses it")


def _postmaster(home: Path) -> int:
    return int((home / "queue" / "data" / "postmaster.pid").read_text().split()[0])


def _keeper(home: Path) -> int:
    return int((home / "queue" / "keeper.lock").read_text())


def test_the_embedded_database_is_ours_alone_and_hears_no_network(own: Path) -> None:
    with psycopg.connect(f"host={own / 'queue'} user=biopsy dbname=postgres") as made:
        said = dict(made.execute("SELECT name, setting FROM pg_settings").fetchall())
    assert (said["listen_addresses"], said["unix_socket_permissions"], said["fsync"]) == ("", "0700", "on")
    assert (own / "queue").stat().st_mode & 0o077 == 0
    assert (own / "queue" / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0


def test_a_database_killed_while_workers_work_comes_back_and_nothing_is_lost(own: Path) -> None:
    async def handle(_taken: queue.Taken) -> queue.Done:
        await asyncio.sleep(0.05)
        return queue.Done()

    async def main() -> None:
        async with queue.open(queue.Settings(own)) as q:
            await q.enqueue([job(f"n{n}") for n in range(40)])
            async with At(q, handle, slots=3):
                for kill in (_postmaster, _keeper):
                    await asyncio.sleep(0.4)
                    os.kill(await asyncio.to_thread(kill, own), signal.SIGKILL)
            assert len(await q.results()) == len({r.job for r in await q.results()}) == 40

    asyncio.run(main())


def test_a_home_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "queue").write_text("a file")
    with pytest.raises(QueueError, match="cannot use"):
        embedded.use(tmp_path, answers)


def test_a_database_of_a_version_that_is_not_here_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(QueueError, match="made by PostgreSQL 9, which is not here"):
        embedded.find_binaries(tmp_path / "data")


def test_a_home_with_a_long_name_has_its_socket_elsewhere_and_ours_alone(tmp_path: Path) -> None:
    assert embedded.sockets(tmp_path) == tmp_path
    folder = embedded.sockets(tmp_path / ("long" * 20))
    assert (len(str(folder)) < 60, folder.stat().st_mode & 0o077) == (True, 0)
    folder.chmod(0o755)  # as somebody else might have made it
    with pytest.raises(QueueError, match="not ours alone"):
        embedded.sockets(tmp_path / ("long" * 20))
    folder.rmdir()


def test_without_a_database_it_says_so_in_one_line(tmp_path: Path) -> None:
    async def main(dsn: str) -> None:
        async with queue.open(queue.Settings(tmp_path, dsn, patience=0.1)):
            pass

    for dsn, told in (("host=/nonexistent", "cannot be used"), ("no dsn", "makes no sense")):
        with pytest.raises(QueueError, match=told) as raised:
            asyncio.run(main(dsn))
        assert "\n" not in str(raised.value)
    with pytest.raises(QueueError, match="no name for a schema"):
        asyncio.run(_schema(tmp_path))


async def _schema(home: Path) -> None:
    async with queue.open(queue.Settings(home, schema='x"; DROP')):
        pass


def test_a_database_that_goes_away_is_waited_for_and_then_told(with_queue: Any, dsn: str) -> None:
    async def body(q: queue.Queue) -> None:
        q.line.patience = 0.2
        q.access.settings = queue.Settings(q.settings.home, "host=/nonexistent")
        await q.line.close()
        with pytest.raises(QueueError, match="does not answer"):
            await q.depth()

    with_queue(body)
