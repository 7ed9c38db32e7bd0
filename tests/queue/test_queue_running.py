"""Workers: what is handed out to whom, in which order, and that every job ends once."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from working import At, ended, job, until

from biopsy import queue
from biopsy.model.job import Lane

Taken = queue.Taken


async def benign(_taken: Taken) -> queue.Done:
    return queue.Done(verdict="benign", run_ids=("r",), key="k", seconds={"read": 0.5})


def test_two_workers_do_every_job_once_and_say_what_it_came_to(with_queue: Any) -> None:
    done: Counter[int] = Counter()

    async def handle(taken: Taken) -> queue.Done:
        done[taken.id] += 1
        return queue.Done(verdict="benign", run_ids=("r1",), key="k", seconds={"read": 0.5})

    async def body(q: queue.Queue) -> None:
        ids = (await q.enqueue([job(f"n{n}") for n in range(40)])).ids
        async with At(q, handle), At(q, handle):
            pass
        assert done == Counter(dict.fromkeys(ids, 1))
        results = await q.results()
        assert sorted(r.job for r in results) == [*ids]
        assert (results[0].run_ids, results[0].seconds, results[0].verdict) == (
            ("r1",),
            {"read": 0.5},
            "benign",
        )
        assert await q.results(results[-1].id) == ()
        assert await q.outcomes(60) == {("analysed", "benign"): 40}
        assert {w.state for w in await q.workers()} == {"gone"}
        (times,) = await q.times(60)
        assert (times.jobs, times.since) == (40, None)

    with_queue(body)


def test_what_people_ask_for_goes_first_then_what_came_out_then_lists(with_queue: Any) -> None:
    order: list[str] = []

    async def handle(taken: Taken) -> queue.Done:
        order.append(taken.job.release.name)
        return queue.Done()

    async def body(q: queue.Queue) -> None:
        await q.enqueue(
            [job("list", lane=Lane.BATCH, priority=499_999), job("new"), job("popular", priority=9)]
        )
        await q.enqueue([job("asked", lane=Lane.MANUAL, priority=-499_999)])
        async with At(q, handle, slots=1):
            pass
        assert order == ["asked", "popular", "new", "list"]

    with_queue(body)


def test_lists_leave_a_slot_free_for_what_is_urgent(with_queue: Any) -> None:
    running: set[str] = set()
    most: list[int] = []

    async def handle(taken: Taken) -> queue.Done:
        running.add(taken.job.release.name)
        most.append(sum(name.startswith("list") for name in running))
        if taken.lane == Lane.BATCH:
            await asyncio.wait_for(urgent.wait(), 20)
        else:
            urgent.set()
        running.discard(taken.job.release.name)
        return queue.Done()

    urgent = asyncio.Event()

    async def body(q: queue.Queue) -> None:
        await q.enqueue([job(f"list{n}", lane=Lane.BATCH) for n in range(5)])
        async with At(q, handle, slots=3, reserved=1, preempt=False):
            await until(lambda: _is(len(running) == 2))
            await asyncio.sleep(0.7)
            assert len(running) == 2
            await q.enqueue([job("urgent")])
        assert max(most) == 2

    with_queue(body)


async def _is(true: bool) -> bool:
    return true


def test_a_list_job_makes_way_for_an_urgent_one_and_is_done_later_without_counting_it(
    with_queue: Any,
) -> None:
    order: list[str] = []

    async def handle(taken: Taken) -> queue.Done:
        order.append(f"{taken.job.release.name} {taken.attempt}")
        if taken.lane == Lane.BATCH and len(order) == 1:
            await asyncio.wait_for(taken.leave.wait(), 20)
            assert taken.why_leave == "preempted"
            raise queue.GiveBack
        return queue.Done()

    async def body(q: queue.Queue) -> None:
        (number,) = (await q.enqueue([job("list", lane=Lane.BATCH)])).ids
        async with At(q, handle, slots=1):
            await until(lambda: _is(bool(order)))
            await q.enqueue([job("urgent")])
        assert order == ["list 1", "urgent 1", "list 1"]
        assert [a.how for a in await q.attempts(number)] == ["given-back", "done"]

    with_queue(body)


def test_what_fails_is_tried_again_and_then_parked_and_told_of(with_queue: Any) -> None:
    tries: list[int] = []

    async def handle(taken: Taken) -> queue.Done:
        tries.append(taken.attempt)
        if taken.job.release.name == "odd":
            raise ValueError("what?")
        raise queue.Again("registry-down", 0.0, "503")

    async def body(q: queue.Queue) -> None:
        ids = (await q.enqueue([job("a")])).ids
        async with At(q, handle, attempts=3):
            pass
        assert tries == [1, 2, 3]
        (parked,) = await q.parked("registry-down")
        assert (parked.id, parked.detail, parked.attempts) == (ids[0], "503", 3)
        (message,) = await q.untold()
        assert (message.kind, message.payload["purl"]) == ("parked", "pkg:pypi/a@1.0")
        await q.enqueue([job("odd")])
        async with At(q, handle, attempts=1):
            pass
        (crashed,) = await q.parked("crashed")
        assert crashed.detail == "ValueError: what?"

    with_queue(body)


def test_waits_grow_and_an_attempt_that_is_not_the_jobs_fault_does_not_count(with_queue: Any) -> None:
    async def handle(taken: Taken) -> queue.Done:
        raise (
            queue.Again("disk-full", counted=False)
            if taken.job.release.name == "a"
            else queue.Again("timed-out")
        )

    async def body(q: queue.Queue) -> None:
        await q.enqueue([job("a"), job("b")])
        async with At(q, handle) as at:
            at.wait = False
            await until(lambda: _waits(q))
        told = {entry.job.release.name: entry for entry in await q.jobs()}
        assert (told["a"].attempts, told["b"].attempts) == (0, 1)
        assert 20 < (told["b"].ready - told["b"].taken).total_seconds() < 40

    async def _waits(q: queue.Queue) -> bool:
        return {(e.state, bool(e.reason)) for e in await q.jobs()} == {("waiting", True)}

    with_queue(body)
    from biopsy.queue.ends import LONGEST_WAIT, wait_for

    assert wait_for(1) < wait_for(3) < wait_for(30) <= LONGEST_WAIT * 1.2
    assert wait_for(5, 7.0) == 7.0


def test_a_job_leads_to_others_in_the_same_breath(with_queue: Any) -> None:
    async def handle(taken: Taken) -> queue.Done:
        if taken.job.release.version:
            return queue.Done()
        found = tuple(job(taken.job.release.name, f"{n}.0", lane=taken.lane) for n in range(3))
        return queue.Done("looked", found=found, tell=(("looked", {"n": 3}),))

    async def body(q: queue.Queue) -> None:
        await q.enqueue([job("a", "", "")])
        async with At(q, handle):
            pass
        assert Counter(r.outcome for r in await q.results()) == {"looked": 1, "analysed": 3}
        assert (
            await q.enqueue([job("a", "", "")])
        ).new == 1  # it waits no more: another change, another look
        async with At(q, handle):
            pass
        assert Counter(r.outcome for r in await q.results()) == {"looked": 2, "analysed": 3}

    with_queue(body)


def test_told_to_stop_it_finishes_what_it_can_and_gives_the_rest_back(with_queue: Any) -> None:
    slow = asyncio.Event()

    async def handle(taken: Taken) -> queue.Done:
        slow.set()
        match taken.job.release.name:
            case "quick":
                await asyncio.sleep(0.2)
            case "polite":
                await taken.leave.wait()
                assert taken.why_leave == "draining"
                raise queue.GiveBack
            case "deaf":
                await asyncio.sleep(60)
        return queue.Done()

    async def body(q: queue.Queue) -> None:
        await q.enqueue([job("quick"), job("polite"), job("deaf"), job("never")])
        async with At(q, handle, slots=3, grace=0.6, patience=0.4) as at:
            at.wait = False
            await until(lambda: _is(slow.is_set()))
            await asyncio.sleep(0.1)
        states = {e.job.release.name: (str(e.state), e.attempts) for e in await q.jobs()}
        assert states == {
            "quick": ("done", 1),
            "polite": ("waiting", 0),
            "deaf": ("waiting", 0),
            "never": ("waiting", 0),
        }
        async with At(q, benign):
            pass
        assert await ended(q)

    with_queue(body)


def test_a_running_job_that_a_person_cancels_is_asked_to_leave(with_queue: Any) -> None:
    left: list[str] = []

    async def handle(taken: Taken) -> queue.Done:
        await asyncio.wait_for(taken.leave.wait(), 20)
        left.append(taken.why_leave)
        return queue.Done()

    async def body(q: queue.Queue) -> None:
        (number,) = (await q.enqueue([job("a")])).ids
        async with At(q, handle):
            await until(lambda: _running(q))
            assert await q.cancel([number]) == 1
            await until(lambda: _is(bool(left)))
        entry = await q.job(number)
        assert (left, str(entry.state if entry else "")) == (["cancelled"], "cancelled")
        assert await q.results() == ()

    with_queue(body)


async def _running(q: queue.Queue) -> bool:
    return any(d.state == "running" for d in await q.depth())


def test_done_again_is_a_new_result_beside_the_old_one(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        (number,) = (await q.enqueue([job("a")])).ids
        async with At(q, benign):
            pass
        assert await q.retry([number]) == 1
        async with At(q, benign):
            pass
        assert [r.job for r in await q.results()] == [number, number]

    with_queue(body)


def test_what_is_paused_is_not_handed_out(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        await q.enqueue([job("a"), job("b", ecosystem="npm"), job("c", lane=Lane.BATCH)])
        await q.pause("npm")
        await q.pause("batch")
        async with At(q, benign) as at:
            await until(lambda: _one(q))
            await asyncio.sleep(0.5)
            assert len(await q.results()) == 1
            await q.resume("npm")
            await q.resume("batch")
            await until(lambda: ended(q))
            at.wait = False

    async def _one(q: queue.Queue) -> bool:
        return len(await q.results()) == 1

    with_queue(body)


def test_an_ecosystem_has_no_more_at_once_than_its_limit_over_all_workers(with_queue: Any) -> None:
    running: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def handle(taken: Taken) -> queue.Done:
        kind = taken.job.release.ecosystem
        running[kind] += 1
        most[kind] = max(most[kind], running[kind])
        await asyncio.sleep(0.15)
        running[kind] -= 1
        return queue.Done()

    async def body(q: queue.Queue) -> None:
        await q.limit(queue.Limit("npm", concurrency=2))
        await q.enqueue([job(f"n{n}", ecosystem=kind) for n in range(8) for kind in ("npm", "pypi")])
        async with At(q, handle, slots=4), At(q, handle, slots=4):
            pass
        assert most["npm"] == 2
        assert most["pypi"] > 2

    with_queue(body)


def test_an_ecosystem_begins_no_more_a_second_than_its_limit(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        await q.limit(queue.Limit("npm", per_second=5.0))
        await q.enqueue([job(f"n{n}", ecosystem="npm") for n in range(6)])
        began = asyncio.get_running_loop().time()
        async with At(q, benign, slots=4):
            pass
        assert asyncio.get_running_loop().time() - began >= 1.0

    with_queue(body)


@pytest.mark.parametrize("which", ["one", "all"])
def test_connections_that_break_lose_nothing_and_do_nothing_twice(with_queue: Any, which: str) -> None:
    async def handle(_taken: Taken) -> queue.Done:
        await asyncio.sleep(0.05)
        return queue.Done()

    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    async def body(q: queue.Queue) -> None:
        await q.enqueue([job(f"n{n}") for n in range(30)])
        async with At(q, handle, slots=3):
            for _ in range(4):
                await asyncio.sleep(0.2)
                await q.line.rows(kill + (" LIMIT 1" if which == "one" else ""))
        assert len(await q.results()) == len({r.job for r in await q.results()}) == 30

    with_queue(body)
