"""Feeds: the cursor moves with what it covers, or not at all."""

import asyncio
from typing import Any

import pytest
from working import At, job

from biopsy import queue
from biopsy.model.feed import Change, Item

FEED = "pypi/changelog"


def item(version: str = "1.0", change: Change = Change.NEW, **more: Any) -> Item:
    return Item("pypi", more.pop("name", "a"), version, change, **more)


def test_the_cursor_moves_with_items_and_jobs_or_not_at_all(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        assert await q.feed(FEED) == queue.FeedState(FEED)
        seen = queue.Seen({"etag": "x"}, "2026-11-22T10:00:00Z", late=2)
        moved = await q.advance(FEED, "", "7", [item(), item(), item("2.0")], [job("a")], seen)
        assert (moved.items, moved.repeated, moved.jobs.new) == (2, 1, 1)
        with pytest.raises(queue.CursorMoved):
            await q.advance(FEED, "", "9", [item("3.0")], [job("b")], queue.Seen())
        state = await q.feed(FEED)
        assert (state.cursor, state.items, state.repeated, state.late, state.jobs) == ("7", 2, 1, 2, 1)
        assert (state.validators, str(state.newest)[:10], state.failures) == ({"etag": "x"}, "2026-11-22", 0)
        assert await q.waiting() == 1
        assert [feed.name for feed in await q.feeds()] == [FEED]

    with_queue(body)


def test_an_advance_whose_answer_was_lost_is_known_again(
    with_queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(q: queue.Queue) -> None:
        do = q.line.do

        async def twice(what: Any) -> Any:
            await do(what)
            return await do(what)

        monkeypatch.setattr(q.line, "do", twice)
        moved = await q.advance(FEED, "", "7", [item()], [job("a")], queue.Seen())
        monkeypatch.undo()
        assert (moved.items, moved.jobs.new, (await q.feed(FEED)).items) == (1, 1, 1)

    with_queue(body)


def test_of_two_that_poll_the_same_feed_one_moves_its_cursor(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        async with queue.open(q.settings) as other:
            both = await asyncio.gather(
                *(one.advance(FEED, "", "7", [item()], [job("a")], queue.Seen()) for one in (q, other)),
                return_exceptions=True,
            )
            assert sorted(type(one).__name__ for one in both) == ["CursorMoved", "Moved"]
            async with q.hold(FEED) as mine, other.hold(FEED) as theirs, other.hold("npm") as another:
                assert (mine, theirs, another) == (True, False, True)
            async with other.hold(FEED) as theirs:
                assert theirs

    with_queue(body)


def test_a_job_whose_item_was_said_before_is_not_enqueued_again(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        async def done(_taken: queue.Taken) -> queue.Done:
            return queue.Done("looked")

        look, change = job("a", "", ""), item("", Change.CHANGED, serial=1)
        assert (await q.advance(FEED, "", "1", [change], [look], queue.Seen(), of=[0])).jobs.new == 1
        async with At(q, done):
            pass
        assert (await q.advance(FEED, "1", "1", [change], [look], queue.Seen(), of=[0])).jobs.new == 0
        assert (await q.advance(FEED, "1", "1", [change], [look], queue.Seen(), of=[-1])).jobs.new == 1

    with_queue(body)


@pytest.mark.parametrize(
    ("said", "linked"),
    [
        (item(change=Change.YANKED, reason="broken"), {"1.0 aa", "1.0 bb"}),
        (item(change=Change.DELETED, digest="sha256:aa"), {"1.0 aa"}),
        (item("", Change.DELETED), {"1.0 aa", "1.0 bb", "2.0 aa"}),
        (item(change=Change.DELETED, name="other"), set()),
    ],
)
def test_yanks_and_deletions_are_linked_to_what_is_known_whichever_came_first(with_queue: Any, said: Item, linked: set[str]) -> None:  # fmt: skip
    jobs = [job("a"), job("a", digest="sha256:bb"), job("a", "2.0"), job("z")]

    async def links(q: queue.Queue) -> set[str]:
        return {
            f"{e.job.release.version} {e.job.digest[-2:]}"
            for e in await q.jobs()
            if e.withdrawn == said.change and (await q.withdrawals(e.id))[0].reason == said.reason
        }

    async def known_first(q: queue.Queue) -> None:
        await q.enqueue(jobs)
        assert (await q.advance(FEED, "", "1", [said], [], queue.Seen())).linked == len(linked)
        assert await links(q) == linked
        back = item(said.version, Change.UNYANKED, digest=said.digest)
        await q.advance(FEED, "1", "2", [back], [], queue.Seen())
        assert await links(q) == set()

    async def taken_back_first(q: queue.Queue) -> None:
        await q.advance("npm/changes", "", "1", [said], jobs, queue.Seen())
        assert await links(q) >= linked

    with_queue(known_first)
    with_queue(taken_back_first)


def test_trouble_is_counted_until_a_poll_succeeds_and_a_feed_can_rest(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        assert [await q.troubled(FEED, "http-503", "x\0" * 9000) for _ in range(3)] == [1, 2, 3]
        await q.pause_feed(FEED)
        state = await q.feed(FEED)
        assert (state.failures, state.trouble, state.paused, len(state.detail) <= 4096) == (
            3,
            "http-503",
            True,
            True,
        )
        await q.pause_feed(FEED, paused=False)
        await q.advance(FEED, "", "", [], [], queue.Seen())
        state = await q.feed(FEED)
        assert (state.failures, state.trouble, state.paused) == (0, "", False)

    with_queue(body)


def test_a_gap_is_noted_once_and_closed_with_what_was_found(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        first = await q.gap(FEED, "10", "20", 9)
        assert await q.gap(FEED, "10", "20", 9) == first
        await q.gap(FEED, "30", "40")
        assert (await q.feed(FEED)).gaps == 2
        await q.close_gap(first, 8)
        (left,) = await q.gaps(FEED)
        assert (left.start, left.expected) == ("30", None)
        assert [(gap.found, bool(gap.closed)) for gap in await q.gaps(closed=True)] == [
            (8, True),
            (None, False),
        ]

    with_queue(body)


def test_a_clock_that_is_years_ahead_does_not_make_a_feed_look_fresh_for_ever(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        await q.advance(FEED, "", "1", [], [], queue.Seen(newest="2026-11-22T10:00:00Z"))
        await q.advance(FEED, "1", "2", [], [], queue.Seen(newest="2099-01-01T00:00:00Z"))
        assert str((await q.feed(FEED)).newest)[:4] == "2026"

    with_queue(body)


def test_a_burst_is_one_transaction(with_queue: Any) -> None:
    async def body(q: queue.Queue) -> None:
        items = [item(f"{n}.0", serial=n, digest="sha256:aa") for n in range(5_000)]
        jobs = [job("a", f"{n}.0") for n in range(5_000)]
        moved = await q.advance(FEED, "", "5000", items, jobs, queue.Seen(), of=range(5_000))
        assert (moved.items, moved.jobs.new, await q.waiting()) == (5_000, 5_000, 5_000)

    with_queue(body)


@pytest.mark.parametrize("text", ["\0", "\ud800", "x" * 200_000, "%s'\"\\"])
def test_what_hostile_feeds_say_is_kept_within_limits(with_queue: Any, text: str) -> None:
    async def body(q: queue.Queue) -> None:
        odd = Item("pypi", text, text, Change.YANKED, text, text, text, None, text)
        assert (await q.advance(FEED, "", "1", [odd, odd], [job(text)], queue.Seen(newest=text))).items == 1

    with_queue(body)
