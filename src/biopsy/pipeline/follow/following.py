"""Following one feed: ask, judge, enqueue, and move the cursor in the transaction that enqueues.

Whatever happens in between, the cursor stands before what is not in the queue yet: a process that dies, a
database that goes away or an answer that is lost make the next poll say the same again, and what was said
before is known. Nothing is kept here that a restart would lose.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from biopsy.ecosystems.feeds import Feed, Poll
from biopsy.errors import BiopsyError, RegistryError, UsageError
from biopsy.model.job import Lane
from biopsy.model.release import Endpoint
from biopsy.pipeline.follow import gaps, writing
from biopsy.pipeline.follow.judging import Judged, judge
from biopsy.pipeline.follow.pace import pause
from biopsy.pipeline.follow.policy import Policies
from biopsy.queue import CursorMoved, FeedState, Moved, Queue, Seen

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("biopsy.follow")

TELL_AT = 3
"""Failures in a row after which people are told; once, and once more when it is over."""

STAND_BY = 5.0
"""Seconds between two tries to take over a feed that another instance holds."""

FULL_PAUSE = 15.0
"""Seconds until a queue that was full is looked at again."""

POLL_DEADLINE = 900.0
"""Longest that one poll may take, in seconds: past it the feed counts as troubled. (The thread it runs in
has its own limits and ends by them.)"""

MAX_DETAIL = 500


class Options(Struct, frozen=True):
    """How feeds are followed.

    With `high` waiting jobs of its ecosystem in the realtime lane a feed is not asked any more, until there
    are fewer than `low`: what is not asked waits at the registry, which forgets nothing. `endpoints` are
    addresses of feeds by name; `every` takes the place of the seconds that a feed itself would wait.
    """

    high: int = 20_000
    low: int = 15_000
    every: float | None = None
    endpoints: Mapping[str, str] = {}


class Turn(Struct, frozen=True):
    """What one turn did. `state` is one word: read, full, paused, troubled, overtaken."""

    feed: str
    state: str
    wait: float = 0.0  # seconds until the next
    more: bool = False
    judged: Judged = Judged()
    moved: Moved = Moved()
    refused: int = 0
    gap: bool = False
    filled: int = 0
    detail: str = ""


def utc_now() -> datetime:
    """Give this moment."""
    return datetime.now(UTC)


class Follower:
    """Follows one feed for as long as nobody stops it."""

    def __init__(
        self,
        feed: Feed,
        queue: Queue,
        client: "httpx.Client",
        policies: Policies,
        options: Options = Options(),  # noqa: B008 - frozen
        *,
        told: Callable[[Turn], None] = lambda _turn: None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.feed, self.queue, self.client, self.policies = feed, queue, client, policies
        self.options, self.told, self.clock = options, told, clock
        self.endpoint: Endpoint | None = None
        self._full = False
        self._gaps = gaps.Filling(feed, queue, clock)

    @property
    def every(self) -> float:
        """Seconds between two polls."""
        return self.options.every or self.feed.every

    async def follow(self, stop: asyncio.Event, *, once: bool = False) -> None:
        """Take turns until `stop`, or `once` until nothing is left to ask for at once.

        One instance holds a feed at a time; the others stand by, and one of them goes on when it dies.
        """
        while not stop.is_set():
            async with self.queue.hold(self.feed.name) as held:
                if held:
                    overtaken = await self._hold(stop, once=once)
                    if once and not overtaken:
                        return
                elif once:
                    self.told(Turn(self.feed.name, "held", detail="another instance follows it"))
                    return
            await _rest(stop, STAND_BY)

    async def _hold(self, stop: asyncio.Event, *, once: bool) -> bool:
        """Take turns; gives whether another instance came between."""
        while not stop.is_set():
            turn = await self.turn()
            self.told(turn)
            if turn.state == "overtaken":
                return True  # it believes to hold the feed too: let the lock decide anew
            if once and not turn.more:
                break
            await _rest(stop, turn.wait)
        return False

    async def turn(self) -> Turn:
        """Ask once, and enqueue what came of it. Raises QueueError where the database stays away."""
        state = await self.queue.feed(self.feed.name)
        if state.paused:
            return Turn(self.feed.name, "paused", self.every)
        if waiting := await self._too_many():
            return Turn(self.feed.name, "full", FULL_PAUSE, detail=f"{waiting} jobs wait")
        try:
            return await asyncio.wait_for(self._ask(state), POLL_DEADLINE)
        except CursorMoved:
            return Turn(self.feed.name, "overtaken", 0.0, more=True)
        except (RegistryError, UsageError, TimeoutError) as err:
            return await self._troubled(state, _reason(err), str(err) or type(err).__name__)
        except BiopsyError:
            raise
        except Exception as err:
            # a page that nobody thought of must not end the following of all other feeds
            log.exception("a fault in following %s", self.feed.name)
            return await self._troubled(state, "fault", f"{type(err).__name__}: {err}")

    async def _ask(self, state: FeedState) -> Turn:
        if self.endpoint is None:
            self.endpoint = await asyncio.to_thread(self.feed.endpoint, self.options.endpoints)
        if not state.cursor:
            cursor = await asyncio.to_thread(self.feed.start, self.client, self.endpoint)
            await self.queue.advance(self.feed.name, "", cursor, (), (), Seen())
            # asked again at once: a list of names has nothing to compare with before it was read once
            return Turn(self.feed.name, "read", more=True, detail="followed from now on")
        poll = await asyncio.to_thread(
            self.feed.poll, self.client, self.endpoint, state.cursor, state.validators
        )
        if poll.retry_after is not None and not poll.items and poll.cursor in ("", state.cursor):
            detail = f"asks to be left alone for {poll.retry_after:.0f} s"
            return await self._troubled(state, "asked-to-wait", detail, poll.retry_after)
        turn = await self._take(state, poll)
        filled = await self._gaps.fill(self.client, self.endpoint, self._enqueue) if not poll.more else 0
        wait = 0.0 if poll.more else pause(self.every, 0, poll.retry_after)
        if poll.retry_after is not None:
            wait = max(wait, pause(0.0, 0, poll.retry_after))
        more = (poll.more and poll.retry_after is None) or self._gaps.more
        return replace(turn, wait=wait, more=more, filled=filled)

    async def _take(self, state: FeedState, poll: Poll) -> Turn:
        # since the feed last moved, not since it was last asked: between the two it may have been away
        judged = await asyncio.to_thread(self._judged, poll, state, state.moved or self.clock())
        if poll.gap is not None:
            # before the cursor moves: a gap noted twice is one gap, a gap not noted is a loss
            await self.queue.gap(self.feed.name, poll.gap.start, poll.gap.end, poll.gap.expected)
        seen = Seen(poll.validators, judged.newest, judged.late)
        moved, left_out = await writing.write(
            self.queue, self.feed.name, (state.cursor, poll.cursor or state.cursor), judged, seen
        )
        if state.failures >= TELL_AT:
            await self._tell("feed-well", failures=state.failures, trouble=state.trouble)
        if poll.gap is not None:
            await self._tell("feed-gap", start=poll.gap.start, end=poll.gap.end, expected=poll.gap.expected)
        detail = "; ".join(poll.why)[:MAX_DETAIL]
        return Turn(
            self.feed.name,
            "read",
            judged=judged,
            moved=moved,
            refused=poll.refused + judged.refused + left_out,
            gap=poll.gap is not None,
            detail=detail,
        )

    def _judged(self, poll: Poll, state: FeedState, since: datetime) -> Judged:
        why = f"feed {self.feed.name}"
        return judge(poll, self.policies, why, now=self.clock(), since=since, newest=state.newest)

    async def _enqueue(self, poll: Poll, since: datetime) -> int:
        """Take in what a gap had hidden; the cursor stays. Gives how many items were new."""
        state = await self.queue.feed(self.feed.name)
        judged = await asyncio.to_thread(self._judged, poll, state, since)
        seen = Seen(state.validators, "", judged.late)
        moved, _ = await writing.write(self.queue, self.feed.name, (state.cursor, state.cursor), judged, seen)
        return moved.items

    async def _too_many(self) -> int:
        rows = await self.queue.depth()
        waiting = sum(
            row.jobs
            for row in rows
            if row.ecosystem == self.feed.ecosystem and row.lane == Lane.REALTIME and row.state == "waiting"
        )
        self._full = waiting >= (self.options.low if self._full else self.options.high)
        return waiting if self._full else 0

    async def _troubled(self, state: FeedState, reason: str, detail: str, wish: float | None = None) -> Turn:
        detail = " ".join(detail.split())[:MAX_DETAIL]
        await self.queue.troubled(self.feed.name, reason, detail)
        failures = state.failures + 1
        if failures == TELL_AT:
            await self._tell("feed-trouble", reason=reason, detail=detail, failures=failures)
        wait = pause(self.every, failures, wish)
        return Turn(self.feed.name, "troubled", wait, detail=f"{reason}: {detail}")

    async def _tell(self, kind: str, **payload: Any) -> None:
        await self.queue.tell(kind, {"feed": self.feed.name, "ecosystem": self.feed.ecosystem, **payload})


def _reason(err: Exception) -> str:
    if isinstance(err, TimeoutError):
        return "timed-out"
    return "registry-down" if isinstance(err, RegistryError) else "bad-cursor"


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not when told to stop."""
    try:
        await asyncio.wait_for(stop.wait(), max(seconds, 0.0))
    except TimeoutError:
        return
