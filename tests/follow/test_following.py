"""Following one feed: the cursor moves with what it covers, and whatever goes wrong is told and made good."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from biopsy import queue
from biopsy.ecosystems.feeds import Gap, Poll
from biopsy.errors import QueueError, RegistryError
from biopsy.model.feed import Change, Item
from biopsy.model.job import Job, Lane
from biopsy.model.release import Endpoint, Release
from biopsy.pipeline.follow.following import TELL_AT, Follower, Options, Turn
from biopsy.pipeline.follow.policy import Policies
from biopsy.queue import Queue


class Scripted:
    """A feed that says what a test wrote for it: at each cursor a poll, or an error."""

    ecosystem, every, main = "npm", 60.0, False

    def __init__(self, name: str = "npm/scripted") -> None:
        self.name = name
        self.at: dict[str, Poll | Exception] = {}
        self.fills: list[Poll | Exception | None] = []
        self.asked: list[str] = []
        self.filled: list[Gap] = []

    def endpoint(self, settings: Mapping[str, str]) -> Endpoint:
        return Endpoint("npm", settings.get(self.name, "https://registry.example/"))

    def start(self, client: httpx.Client, endpoint: Endpoint) -> str:
        return "0"

    def poll(self, client: Any, endpoint: Any, cursor: str, validators: Any) -> Poll:
        self.asked.append(cursor)
        found = self.at.get(cursor, Poll((), cursor))
        if isinstance(found, Exception):
            raise found
        return found

    def fill(self, client: Any, endpoint: Any, gap: Gap) -> Poll | None:
        self.filled.append(gap)
        found = self.fills.pop(0) if self.fills else None
        if isinstance(found, Exception):
            raise found
        return found


def release(name: str, serial: int, **also: Any) -> Item:
    return Item("npm", name, "1.0.0", digest=f"sha512:{name}", serial=serial, **also)


class Bench:
    """A feed, a queue and who follows."""

    def __init__(self, held: Queue, home: Path, feed: Scripted, options: Options) -> None:
        self.queue, self.feed, self.turns = held, feed, list[Turn]()
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        self.follower = Follower(
            feed,
            held,
            httpx.Client(),
            Policies(home),
            options,
            told=self.turns.append,
            clock=lambda: self.now,
        )

    async def turn(self) -> Turn:
        return await self.follower.turn()

    async def jobs(self) -> list[str]:
        return sorted(entry.job.release.purl for entry in await self.queue.jobs())

    async def kinds(self) -> list[str]:
        return [message.kind for message in await self.queue.untold()]


With = Callable[[Bench], Awaitable[None]]


@pytest.fixture
def run(dsn: str, tmp_path: Path) -> Callable[..., None]:
    """Run a test's story on a bench of its own."""

    @asynccontextmanager
    async def bench(options: Options) -> AsyncIterator[Bench]:
        async with queue.open(queue.Settings(tmp_path, dsn)) as held:
            yield Bench(held, tmp_path, Scripted(), options)

    def go(story: With, options: Options | None = None) -> None:
        async def whole() -> None:
            async with bench(options or Options()) as one:
                await story(one)

        asyncio.run(whole())

    return go


Run = Callable[..., None]


def test_a_feed_is_followed_from_the_moment_it_is_first_asked(run: Run) -> None:
    async def story(bench: Bench) -> None:
        bench.feed.at["0"] = Poll((release("a", 1),), "1")
        first = await bench.turn()
        assert (first.state, await bench.jobs()) == ("read", [])
        assert (await bench.queue.feed(bench.feed.name)).cursor == "0"
        await bench.turn()
        assert await bench.jobs() == ["pkg:npm/a@1.0.0"]
        assert (await bench.queue.feed(bench.feed.name)).cursor == "1"

    run(story)


def test_what_is_said_again_is_a_job_once_and_counted(run: Run) -> None:
    async def story(bench: Bench) -> None:
        one, two = release("a", 1), release("b", 2)
        bench.feed.at |= {"0": Poll((one, one), "1"), "1": Poll((two, one), "2")}
        for _ in range(3):
            await bench.turn()
        state = await bench.queue.feed(bench.feed.name)
        assert await bench.jobs() == ["pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0"]
        assert (state.items, state.repeated, state.jobs) == (2, 1, 2)

    run(story)


def test_a_package_is_looked_at_again_only_for_what_is_news(run: Run) -> None:
    async def story(bench: Bench) -> None:
        window = Item("npm", "a", "1.0.0", published="2026-11-22T10:00:00Z")
        bench.feed.at |= {"0": Poll((window,), "1"), "1": Poll((window,), "2")}
        await bench.turn()
        await bench.turn()
        done = [entry.id for entry in await bench.queue.jobs()]
        assert await bench.queue.cancel(done) == 1
        turn = await bench.turn()
        assert (turn.moved.repeated, turn.moved.jobs.new) == (1, 0)

    run(story)


def test_items_that_came_late_are_taken_and_counted(run: Run) -> None:
    async def story(bench: Bench) -> None:
        new = release("a", 5, published="2026-11-22T11:00:00Z")
        late = release("b", 3, published="2026-11-22T09:00:00Z")
        bench.feed.at |= {"0": Poll((new,), "1"), "1": Poll((late,), "2")}
        for _ in range(3):
            await bench.turn()
        assert await bench.jobs() == ["pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0"]
        assert (await bench.queue.feed(bench.feed.name)).late == 1

    run(story)


def test_deletions_and_yanks_are_recorded_and_linked_to_the_release(run: Run) -> None:
    async def story(bench: Bench) -> None:
        gone = Item("npm", "a", "1.0.0", Change.DELETED, serial=2, reason="spam")
        strange = Item("npm", "never-seen", "1.0.0", Change.YANKED, serial=3)
        bench.feed.at |= {"0": Poll((release("a", 1),), "1"), "1": Poll((gone, strange), "3")}
        await bench.turn()
        await bench.turn()
        turn = await bench.turn()
        (entry,) = await bench.queue.jobs()
        assert (turn.judged.withdrawn, turn.moved.linked, turn.moved.jobs.new) == (2, 1, 0)
        assert [(w.change, w.reason) for w in await bench.queue.withdrawals(entry.id)] == [
            ("deleted", "spam")
        ]

    run(story)


def test_an_error_moves_nothing_and_the_wait_doubles(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        bench.feed.at["0"] = RegistryError("the registry did not answer:\n no route")
        waits = [(await bench.turn()).wait for _ in range(4)]
        state = await bench.queue.feed(bench.feed.name)
        assert (state.cursor, state.failures, state.trouble) == ("0", 4, "registry-down")
        assert state.detail == "the registry did not answer: no route"
        assert [round(wait / 60 / 2**n) for n, wait in enumerate(waits, 1)] == [1, 1, 1, 1]

    run(story)


def test_people_are_told_of_trouble_once_and_once_when_it_is_over(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        bench.feed.at["0"] = RegistryError("away")
        for _ in range(TELL_AT + 2):
            await bench.turn()
        bench.feed.at["0"] = Poll((), "0")
        await bench.turn()
        await bench.turn()
        assert await bench.kinds() == ["feed-trouble", "feed-well"]
        assert (await bench.queue.feed(bench.feed.name)).failures == 0

    run(story)


def test_a_page_that_nobody_thought_of_is_trouble_and_no_end(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        bench.feed.at["0"] = KeyError("surprise")
        turn = await bench.turn()
        assert (turn.state, turn.detail) == ("troubled", "fault: KeyError: 'surprise'")

    run(story)


@pytest.mark.parametrize(("items", "state"), [((), "troubled"), ((release("a", 1),), "read")])
def test_a_registry_that_asks_to_be_left_alone_is(run: Run, items: tuple[Item, ...], state: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        bench.feed.at["0"] = Poll(items, "1" if items else "0", more=bool(items), retry_after=700.0)
        turn = await bench.turn()
        assert turn.state == state
        assert turn.wait >= 700
        assert len(await bench.jobs()) == len(items)

    run(story)


def test_a_wish_of_weeks_is_kept_to_for_hours(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        bench.feed.at["0"] = Poll((), "0", retry_after=1e7)
        assert (await bench.turn()).wait == 6 * 3600

    run(story)


def test_a_gap_is_noted_told_and_caught_up_a_page_at_a_time(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        bench.feed.at |= {"0": Poll((release("d", 9),), "9", Gap("0", "8", 3))}
        bench.feed.fills = [
            Poll((release("a", 1), release("b", 2)), "2", more=True),
            Poll((release("c", 3),), "8"),
        ]
        first, second = await bench.turn(), await bench.turn()
        assert (first.gap, first.filled, first.more) == (True, 2, True)
        assert (second.filled, second.more) == (1, False)
        assert [(gap.start, gap.end) for gap in bench.feed.filled] == [("0", "8"), ("2", "8")]
        every = await bench.queue.gaps(bench.feed.name, closed=True)
        assert [(gap.found, gap.closed is not None) for gap in every] == [(2, True), (1, True)]
        state = await bench.queue.feed(bench.feed.name)
        assert (state.gaps, state.cursor, len(await bench.jobs())) == (0, "9", 4)
        assert await bench.kinds() == ["feed-gap"]

    run(story)


def test_a_gap_that_the_registry_cannot_tell_of_stays_open_and_is_not_asked_for_each_time(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        bench.feed.at["0"] = Poll((release("d", 9),), "9", Gap("0", "8"))
        for _ in range(3):
            await bench.turn()
        assert len(bench.feed.filled) == 1
        bench.now += timedelta(minutes=2)
        bench.feed.fills = [Poll((release("a", 1),), "8")]
        assert (await bench.turn()).filled == 1
        assert (await bench.queue.feed(bench.feed.name)).gaps == 0

    run(story)


def test_a_gap_of_which_the_rest_may_be_told_later_stays_open_and_is_left_alone_for_a_while(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        bench.feed.at["0"] = Poll((release("d", 9),), "9", Gap("0", "8"))
        bench.feed.fills = [Poll((release("a", 1),), "0", more=True), Poll((), "8")]
        first, second = await bench.turn(), await bench.turn()
        assert (first.filled, first.more, second.filled, len(bench.feed.filled)) == (1, False, 0, 1)
        bench.now += timedelta(minutes=2)
        await bench.turn()
        assert (await bench.queue.feed(bench.feed.name)).gaps == 0
        assert await bench.jobs() == ["pkg:npm/a@1.0.0", "pkg:npm/d@1.0.0"]

    run(story)


def test_a_gap_whose_asking_fails_does_not_hold_up_the_feed(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        bench.feed.at |= {
            "0": Poll((release("d", 9),), "9", Gap("0", "8")),
            "9": Poll((release("e", 10),), "10"),
        }
        bench.feed.fills = [RegistryError("away")]
        await bench.turn()
        turn = await bench.turn()
        state = await bench.queue.feed(bench.feed.name)
        assert (turn.moved.items, state.cursor, state.gaps, state.failures) == (1, "10", 1, 0)

    run(story)


def test_a_feed_rests_while_the_queue_is_full_and_goes_on_when_few_wait(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        await bench.queue.enqueue([Job(Release("npm", f"p{n}", "1.0.0"), f"sha512:{n}") for n in range(10)])
        await bench.queue.enqueue(
            [Job(Release("npm", f"q{n}", "1.0.0"), f"sha512:{n}", lane=Lane.BATCH) for n in range(50)]
        )
        assert (await bench.turn()).state == "full"
        ids = [entry.id for entry in await bench.queue.jobs(lane="realtime")]
        await bench.queue.cancel(ids[:5])
        assert (await bench.turn()).state == "full"  # 5 wait: below high, not yet below low
        await bench.queue.cancel(ids[5:8])
        assert (await bench.turn()).state == "read"
        assert bench.feed.asked == ["0"]

    run(story, Options(high=10, low=4))


def test_a_feed_that_a_person_paused_is_left_alone(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        await bench.queue.pause_feed(bench.feed.name)
        assert (await bench.turn()).state == "paused"
        await bench.queue.pause_feed(bench.feed.name, paused=False)
        assert (await bench.turn()).state == "read"

    run(story)


def test_one_instance_holds_a_feed_and_another_takes_over(run: Run, dsn: str, tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        stop = asyncio.Event()
        async with queue.open(queue.Settings(tmp_path, dsn)) as theirs:
            async with theirs.hold(bench.feed.name):
                await bench.follower.follow(stop, once=True)
                assert [turn.state for turn in bench.turns] == ["held"]
            await bench.follower.follow(stop, once=True)
            assert [turn.state for turn in bench.turns] == ["held", "read", "read"]

    run(story)


def test_two_that_both_believe_to_hold_a_feed_enqueue_everything_once(
    run: Run, dsn: str, tmp_path: Path
) -> None:
    async def story(bench: Bench) -> None:
        async with queue.open(queue.Settings(tmp_path, dsn)) as theirs:
            other = Bench(theirs, tmp_path, bench.feed, Options())
            for n in range(20):
                bench.feed.at[str(n)] = Poll((release(f"p{n}", n),), str(n + 1))
            await bench.turn()
            states = []
            for _ in range(20):
                both = await asyncio.gather(bench.turn(), other.turn())
                states += [turn.state for turn in both]
            state = await bench.queue.feed(bench.feed.name)
            assert (len(await bench.jobs()), state.cursor, state.items, state.repeated) == (20, "20", 20, 0)
            assert "overtaken" in states

    run(story)


def test_the_cursor_does_not_move_when_the_jobs_cannot_be_written(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from biopsy.queue import feeds as writing

    async def story(bench: Bench) -> None:
        await bench.turn()
        bench.feed.at["0"] = Poll((release("a", 1),), "1")

        async def full(*_: object, **__: object) -> None:
            raise QueueError("no room")

        with monkeypatch.context() as broken:
            broken.setattr(writing, "file_jobs", full)
            with pytest.raises(QueueError):
                await bench.turn()
        state = await bench.queue.feed(bench.feed.name)
        assert (state.cursor, state.items) == ("0", 0)
        await bench.turn()
        assert await bench.jobs() == ["pkg:npm/a@1.0.0"]

    run(story)


def test_following_once_reads_to_the_end_and_a_stop_ends_it_at_once(run: Run) -> None:
    async def story(bench: Bench) -> None:
        stop = asyncio.Event()
        for n in range(5):
            bench.feed.at[str(n)] = Poll((release(f"p{n}", n),), str(n + 1), more=n < 4)
        await bench.turn()
        await bench.follower.follow(stop, once=True)
        assert len(await bench.jobs()) == 5
        following = asyncio.create_task(bench.follower.follow(stop))
        await asyncio.sleep(0.2)
        stop.set()
        await asyncio.wait_for(following, 2)

    run(story)


def test_a_clock_that_is_wrong_is_said_and_changes_no_order(run: Run) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn()
        ahead = release("a", 1, published="2031-01-01T00:00:00Z")
        bench.feed.at |= {
            "0": Poll((ahead,), "1", now="2026-11-22T13:00:00Z"),
            "1": Poll((release("b", 2, published="2026-11-22T12:00:00Z"),), "2"),
        }
        first, second = await bench.turn(), await bench.turn()
        assert (first.judged.skew, first.judged.ahead, second.judged.late) == (3600.0, 1, 0)

    run(story)
