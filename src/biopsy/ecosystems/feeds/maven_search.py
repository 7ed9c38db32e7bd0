"""Maven Central by its search API (`solrsearch/select`, its REST guide): releases, the newest first.

Chosen because nothing else that is documented is as fresh: the repository's own index is published once a
week, and there is no RSS. What it lacks is order (entries show late), so each poll reads back to an hour
before the newest known, and what was said is remembered.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from biopsy.ecosystems.feeds.asking import Talk, moment, stamp
from biopsy.ecosystems.feeds.following import (
    Followed,
    Memory,
    believed,
    document,
    ended,
    entries,
    read,
    whole,
    written,
)
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.protocol import Gap, Poll
from biopsy.errors import UsageError

if TYPE_CHECKING:
    import httpx

    from biopsy.model.release import Endpoint

ROWS = 200
"""Most entries that the API gives at once."""

PAGES = 10
"""Most pages read in one poll."""

OVERLAP = 3600.0
"""Seconds that an entry may show late."""

KEPT = 6000
"""Most entries remembered; some thousand releases appear in an hour."""


class _Cursor(msgspec.Struct):
    at: float
    seen: list[str] = []


class _Found(msgspec.Struct):
    response: dict[str, msgspec.Raw] = {}


class _Entry(msgspec.Struct):
    g: Any = None
    a: Any = None
    v: Any = None
    timestamp: Any = None


class Search(Followed):
    """The search, by its timestamps."""

    name = "maven/search"
    every = 300.0
    main = True

    def begin(self, talk: Talk) -> str:
        """Take the newest there is, and remember what is on its page."""
        heap, memory = Heap("maven", ""), Memory()
        newest, _, _ = self._page(talk, heap, 0, memory)
        return written(_Cursor(newest or talk.now, memory.last(KEPT)))

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Read pages until they are older than what must be known."""
        cursor: _Cursor = read(heap.cursor, _Cursor)
        memory, newest, oldest, full = Memory(cursor.seen), cursor.at, 4e9, True
        for number in range(PAGES):
            high, low, full = self._page(talk, heap, number * ROWS, memory)
            newest, oldest = max(newest, high), min(oldest, low)
            if not full or oldest < cursor.at - OVERLAP:
                break
        if full and oldest > cursor.at:
            heap.gap = Gap(
                stamp(cursor.at), stamp(oldest), None, "more releases than the pages that are read"
            )
        heap.items.reverse()
        heap.cursor = written(_Cursor(believed(newest, talk), memory.last(KEPT)))

    def fill(self, client: "httpx.Client", endpoint: "Endpoint", gap: Gap) -> Poll | None:
        """Read further back, ten pages a call; `start` of what is left is `TIME from N`."""
        since, _, offset = gap.start.partition(" from ")
        start, end = moment(since), moment(gap.end)
        if start is None or end is None or not (offset or "0").isdigit():
            raise UsageError(f"not a gap of {self.name}: {gap.start!r:.60}")
        talk, heap = Talk(client, endpoint, {}), Heap("maven", gap.start)

        def again() -> None:
            memory, first = Memory(), int(offset or "0")
            for number in range(first, first + PAGES * ROWS, ROWS):
                _, low, full = self._page(talk, heap, number, memory, (start, end))
                heap.more = full and low > start
                heap.cursor = f"{since} from {number + ROWS}" if heap.more else gap.end
                if not heap.more:
                    break

        return ended(self.name, talk, heap, gap.start, again)

    @staticmethod
    def _page(
        talk: Talk, heap: Heap, offset: int, memory: Memory, between: tuple[float, float] | None = None
    ) -> tuple[float, float, bool]:
        """Say what is new on a page; give its newest and oldest time, and whether it was full."""
        path = f"solrsearch/select?q=*:*&core=gav&rows={ROWS}&start={offset}&wt=json"
        found = document(talk.ask(path), _Found)
        docs = msgspec.json.decode(found.response.get("docs", b"[]"), type=list[msgspec.Raw])
        high, low = 0.0, 4e9
        for entry in entries(docs, _Entry, heap):
            when = (whole(entry.timestamp) or 0) / 1000
            high, low = max(high, when), min(low, when or 4e9)
            if between is not None and not between[0] <= when <= between[1]:
                continue
            if memory.fresh(f"{entry.g}:{entry.a}:{entry.v}"):
                heap.add(f"{entry.g}:{entry.a}", entry.v, at=when or None)
        return high, low, len(docs) >= ROWS


FEED = Search()
