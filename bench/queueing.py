"""How fast the queue is: `python -m bench.queueing [--jobs N]`. A PostgreSQL of its own, or BIOPSY_DSN.

Jobs here do nothing, or sleep as a sandbox would: what is measured is the queue, not the analysis.
"""

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from biopsy import queue
from biopsy.model.feed import Item
from biopsy.model.job import Job, Lane
from biopsy.model.release import Release

NEED = 1.2  # jobs a second: 100,000 a day
SLOTS, WORK, ARRIVALS = 4, 3.0, 30  # of the trial of lanes: slots, seconds a job, jobs
LOAD = 0.5  # how much of the slots the urgent jobs need


def jobs(count: int, lane: Lane, name: str = "") -> list[Job]:
    """As many jobs, none of which was there before."""
    name = name or uuid.uuid4().hex
    return [Job(Release("pypi", f"{name}-{n}", "1.0"), "sha256:aa", lane=lane) for n in range(count)]


@asynccontextmanager
async def at_work(q: queue.Queue, handle: queue.Handle, slots: int, reserved: int = 0) -> AsyncIterator[None]:
    """A worker in the background."""
    stop = asyncio.Event()
    me = queue.Worker("bench", ("pypi",), slots=slots, reserved=reserved, grace=0.1, patience=1.0)
    task = asyncio.ensure_future(q.run(me, handle, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def enqueue(q: queue.Queue, count: int) -> float:
    """Jobs a second taken in, by the thousand."""
    asked = jobs(count, Lane.REALTIME)
    began = time.perf_counter()
    for start in range(0, count, 1000):
        await q.enqueue(asked[start : start + 1000])
    return count / (time.perf_counter() - began)


async def advance(q: queue.Queue, count: int) -> float:
    """Items of a feed a second, each with its job, a hundred a poll."""
    asked, state = jobs(count, Lane.BATCH), await q.feed("bench")
    cursor, began = state.cursor, time.perf_counter()
    for start in range(0, count, 100):
        some = asked[start : start + 100]
        items = [Item("pypi", one.release.name, "1.0", digest=one.digest) for one in some]
        await q.advance("bench", cursor, cursor := some[-1].release.name, items, some, queue.Seen())
    return count / (time.perf_counter() - began)


async def drain(q: queue.Queue, count: int, slots: int) -> float:
    """Jobs a second taken, done and written down by one worker, when they take no time themselves."""
    left, all_done = count, asyncio.Event()

    async def handle(_taken: queue.Taken) -> queue.Done:
        nonlocal left
        left -= 1
        if left <= 0:
            all_done.set()
        return queue.Done(verdict="benign")

    began = time.perf_counter()
    async with at_work(q, handle, slots):
        await all_done.wait()
        return count / (time.perf_counter() - began)


async def turnaround(q: queue.Queue, listed: int) -> list[float]:
    """Seconds from enqueued to done of urgent jobs that come at random, beside so many jobs of a list."""
    came: dict[str, float] = {}
    took: list[float] = []

    async def handle(taken: queue.Taken) -> queue.Done:
        try:
            await asyncio.wait_for(taken.leave.wait(), WORK)
        except TimeoutError:
            if taken.job.release.name in came:
                took.append(time.perf_counter() - came[taken.job.release.name])
            return queue.Done()
        raise queue.GiveBack

    chance = random.Random(6)  # the same each time
    await q.enqueue(jobs(listed, Lane.BATCH))
    async with at_work(q, handle, SLOTS, reserved=1):
        await asyncio.sleep(WORK / 2)
        for one in jobs(ARRIVALS, Lane.REALTIME):
            await asyncio.sleep(chance.expovariate(LOAD * SLOTS / WORK))
            came[one.release.name] = time.perf_counter()
            await q.enqueue([one])
        while len(took) < ARRIVALS:  # noqa: ASYNC110 - nothing else waits
            await asyncio.sleep(0.05)
    await q.cancel([entry.id for entry in await q.jobs(state="waiting", limit=10_000)])
    return took


def p95(values: Sequence[float]) -> float:
    """What 95 of a hundred do not exceed."""
    return statistics.quantiles(values, n=20)[-1]


async def measure(count: int) -> list[tuple[str, str, str]]:
    """Everything, as rows: what, how much, and beside what."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with queue.open(queue.Settings(Path(folder), os.environ.get("BIOPSY_DSN", ""))) as q:
            rows = [
                ("taken in", f"{await enqueue(q, count):,.0f} jobs/s", "by the thousand"),
                ("done, 8 slots", f"{await drain(q, count, 8):,.0f} jobs/s", f"the need is {NEED}"),
                ("fed", f"{await advance(q, count):,.0f} items/s", "a hundred a poll, each with a job"),
                ("done, 1 slot", f"{await drain(q, count, 1):,.0f} jobs/s", "of the batch lane"),
            ]
            await q.enqueue(jobs(20 * count, Lane.BATCH))
            rows.append(("taken in", f"{await enqueue(q, count):,.0f} jobs/s", f"{20 * count:,} wait"))
            rows.append(("done, 8 slots", f"{await drain(q, count, 8):,.0f} jobs/s", f"{20 * count:,} wait"))
            return rows


async def lanes() -> list[tuple[str, str, str]]:
    """What a list costs what is urgent."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with queue.open(queue.Settings(Path(folder), os.environ.get("BIOPSY_DSN", ""))) as q:
            alone, beside = p95(await turnaround(q, 0)), p95(await turnaround(q, 2_000))
    return [
        ("urgent alone, p95", f"{alone:.2f} s", f"jobs of {WORK} s, {SLOTS} slots, half busy"),
        ("… beside a list, p95", f"{beside:.2f} s", f"{(beside / alone - 1):+.1%}; may be +10 %"),
    ]


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--jobs", type=int, default=2_000, help="how many, for each figure")
    asked.add_argument("--lanes", action="store_true", help="only what a list costs what is urgent")
    given = asked.parse_args()
    table = Table("what", "how much", "beside what", title="The queue")
    rows = [] if given.lanes else asyncio.run(measure(given.jobs))
    for row in [*rows, *asyncio.run(lanes())]:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
