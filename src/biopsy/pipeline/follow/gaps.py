"""Catching up with what a feed left out."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from biopsy.ecosystems.feeds import Feed, Gap, Poll
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint
from biopsy.queue import Queue

if TYPE_CHECKING:
    import httpx

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
"""Between two tries to fill a gap that the registry could not tell of; twice as long after each."""

REACH = timedelta(days=7)
"""How long before it was noticed a gap may have begun: what came out since then counts as new."""


class Filling:
    """Asks again for the open gaps of a feed, a page at a time, between its polls.

    A gap that a registry has no way to tell of stays open: it is counted and shown for as long as nobody has
    said that it may be forgotten.
    """

    def __init__(self, feed: Feed, queue: Queue, clock: Callable[[], datetime]) -> None:
        self.feed, self.queue, self.clock = feed, queue, clock
        self.more = False
        self._tries: dict[str, tuple[int, datetime]] = {}

    async def fill(
        self, client: "httpx.Client", endpoint: Endpoint, enqueue: Callable[[Poll, datetime], Awaitable[int]]
    ) -> int:
        """Ask for a page of the first gap whose time it is; gives how many items it had hidden."""
        self.more = False
        for gap in await self.queue.gaps(self.feed.name):
            tries, due = self._tries.get(gap.end, (0, self.clock()))
            if gap.closed is not None or due > self.clock():
                continue
            try:
                wanted = Gap(gap.start, gap.end, gap.expected)
                poll = await asyncio.to_thread(self.feed.fill, client, endpoint, wanted)
            except (RegistryError, UsageError):
                poll = None
            if poll is None:
                self._later(gap.end, tries)
                continue
            found = await enqueue(poll, gap.noticed - REACH)
            left = poll.more or poll.retry_after is not None
            rest = poll.cursor or gap.start
            if left and rest == gap.start:
                self._later(gap.end, tries)  # the registry may tell the rest another time
                return found
            if left:
                # what is left is a gap of its own, noted before this one is closed
                await self.queue.gap(self.feed.name, rest, gap.end, None)
            await self.queue.close_gap(gap.id, found)
            self.more = poll.more and poll.retry_after is None
            return found
        return 0

    def _later(self, end: str, tries: int) -> None:
        wait = min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)
        self._tries[end] = (tries + 1, self.clock() + wait)
