"""Jobs as they are asked for: each once, as soon and as far as anybody asked."""

from typing import Any

import pytest
from working import job

from biopsy import queue
from biopsy.errors import QueueError
from biopsy.model.job import Depth, Lane


def test_the_same_job_is_enqueued_once(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        first = await q.enqueue([job("a"), job("a"), job("b")])
        second = await q.enqueue([job("a"), job("b"), job("a", digest="sha256:bb")])
        assert (first.new, first.known, second.new, second.known) == (2, 1, 1, 2)
        assert [entry.id for entry in await q.jobs()] == [*reversed(second.ids), *reversed(first.ids)]

    with_queue(body)


def test_a_look_waits_once_however_often_it_is_asked_for_and_sees_as_far_back_as_any(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        asked = ["2026-11-22T10:00:00Z", "2026-11-20T10:00:00Z", "", "2026-11-21T10:00:00Z"]
        assert [(await q.enqueue([job("a", "", "", published=p)])).new for p in asked] == [1, 0, 0, 0]
        assert [entry.job.published[:10] for entry in await q.jobs()] == ["2026-11-20"]

    with_queue(body)


def test_what_a_person_asks_for_goes_sooner_though_a_list_asked_first(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        await q.enqueue([job("a", lane=Lane.BATCH, depth=Depth.STATIC), job("b")])
        assert (await q.enqueue([job("a", lane=Lane.MANUAL), job("b", lane=Lane.BATCH)])).sooner == 1
        told = {entry.job.release.name: entry.job for entry in await q.jobs()}
        assert (told["a"].lane, told["a"].depth, told["b"].lane) == (Lane.MANUAL, Depth.FULL, Lane.REALTIME)

    with_queue(body)


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b", "x" * 100_000, "'; DROP TABLE job; --", "%s"])
def test_hostile_names_are_data(with_queue: Any, name: str) -> None:
    async def body(q: queue.Queue) -> None:
        for _ in range(2):
            await q.enqueue([job(name, name, name, filename=name, why=name, published=name)])
        (entry,) = await q.jobs(name=name[:20].replace("\0", "").replace("\ud800", "?") + "*")
        assert len(entry.job.release.name) <= 4096

    with_queue(body)


def test_jobs_are_found_by_what_they_are(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        await q.enqueue(
            [job("requests"), job("requests-oauth"), job("left_pad", ecosystem="npm", lane=Lane.BATCH)]
        )
        assert [len(await q.jobs(**w)) for w in ({"name": "req*"}, {"lane": "batch"}, {"ecosystem": "pypi", "limit": 1}, {"state": "done"}, {"name": "left?pad"})] == [2, 1, 1, 0, 0]  # fmt: skip
        newest = await q.jobs(limit=1)
        assert newest[0].id not in {entry.id for entry in await q.jobs(before=newest[0].id)}

    with_queue(body)


def test_a_job_parked_by_hand_or_cancelled_is_done_only_when_somebody_says_so(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        ids = (await q.enqueue([job("a"), job("b"), job("c", "", "")])).ids
        assert (await q.park(ids[:1]), await q.cancel(ids[1:])) == (1, 2)
        assert [entry.id for entry in await q.parked()] == [ids[0]]
        assert (await q.enqueue([job("a"), job("b")])).sooner == 0
        assert await q.waiting() == 0
        assert (await q.retry([*ids, 999_999]), await q.retry(ids)) == (3, 0)
        assert (await q.enqueue([job("a")], again=True)).sooner == 0  # it waits
        assert (await q.waiting(), await q.waiting("batch")) == (3, 0)

    with_queue(body)


def test_nothing_but_lanes_and_ecosystems_can_be_paused(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        await q.pause("batch")
        await q.pause("npm")
        assert await q.paused() == ("ecosystem:npm", "lane:batch")
        await q.resume("lane:batch")
        assert await q.paused() == ("ecosystem:npm",)
        with pytest.raises(QueueError, match="neither a lane"):
            await q.pause("what:ever")

    with_queue(body)


def test_a_long_list_is_taken_in_and_gone_on_with_after_an_interruption(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        jobs = [job(f"n{number}", lane=Lane.BATCH) for number in range(6_000)]
        assert (await q.enqueue(jobs[:2_000])).new == 2_000  # interrupted here, and called again
        again = await q.enqueue(jobs)
        assert (again.new, again.known) == (4_000, 2_000)
        (depth,) = await q.depth()
        assert (depth.jobs, depth.lane, depth.state) == (6_000, "batch", "waiting")
        assert await q.cancel([entry.id for entry in await q.jobs(limit=10_000)]) == 6_000

    with_queue(body)


def test_messages_are_leased_told_and_due_again_when_they_were_not(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        for number in range(3):
            await q.tell("verdict", {"purl": f"pkg:pypi/a@{number}", "odd": "a\0b\ud83d"})
        first, second = await q.untold(2), await q.untold(2)
        assert [len(first), len(second), len(await q.untold())] == [2, 1, 0]
        assert first[0].payload["purl"] == "pkg:pypi/a@0"
        await q.told(first[0].id)
        await q.not_told(first[1].id, "503", 0.0)
        (again,) = await q.untold()
        assert (again.id, again.tries, await q.waiting_messages()) == (first[1].id, 2, 2)

    with_queue(body)


def test_tokens_are_shared_and_run_dry(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        assert await q.take("pypi") == 0.0
        await q.limit(queue.Limit("pypi", per_second=2.0, burst=3))
        waits = [await q.take("pypi") for _ in range(5)]
        assert waits[:3] == [0.0, 0.0, 0.0]
        assert 0.2 < waits[3] <= 0.5 < waits[4] <= 1.0
        assert await q.take("npm") == 0.0

    with_queue(body)
