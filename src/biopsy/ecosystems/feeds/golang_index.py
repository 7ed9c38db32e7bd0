"""The Go module index: `index?since=TIME&limit=2000`, one JSON object a line, oldest first.

`since` is inclusive, and entries are stamped before they show: each poll begins a minute before the last
entry, and what was said within it is remembered.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from biopsy.ecosystems.feeds.asking import Talk, moment, stamp
from biopsy.ecosystems.feeds.following import Followed, Memory, at, believed, ended, entries, read, written
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.protocol import Gap, Poll
from biopsy.errors import RegistryError, UsageError

if TYPE_CHECKING:
    import httpx

    from biopsy.model.release import Endpoint

LIMIT = 2000
"""Most entries that the index gives at once."""

OVERLAP = 60.0
"""Seconds before the last entry from which each poll begins."""

KEPT = 4000
"""Most entries remembered; in a minute there are some hundreds."""

MAX_LINE = 8192
"""Longest line read, in bytes."""


class _Cursor(msgspec.Struct):
    at: float
    seen: list[str] = []


class _Line(msgspec.Struct):
    Path: Any = None
    Version: Any = None
    Timestamp: Any = None


class Index(Followed):
    """The index, by its timestamps."""

    name = "golang/index"
    every = 60.0
    main = True

    def begin(self, talk: Talk) -> str:
        """Take the index's own clock."""
        answer = talk.ask("index?limit=1")
        if answer.status != 200:
            raise RegistryError(f"{self.name}: the index answered {answer.status}")
        return written(_Cursor(answer.now))

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Ask for a page from a minute before the last entry; go on while pages are full."""
        cursor: _Cursor = read(heap.cursor, _Cursor)
        memory = Memory(cursor.seen)
        newest, full = self._page(talk, heap, cursor.at - OVERLAP, memory)
        if full and newest <= cursor.at:  # the overlap alone fills a page: go on from its end
            newest, full = self._page(talk, heap, cursor.at, memory)
        if full and newest <= cursor.at:
            past = cursor.at + 1e-6
            heap.gap = Gap(stamp(cursor.at), stamp(past), None, "more in one microsecond than a page holds")
            newest = past
        heap.more = full
        heap.cursor = written(_Cursor(believed(max(newest, cursor.at), talk), memory.last(KEPT)))

    def fill(self, client: "httpx.Client", endpoint: "Endpoint", gap: Gap) -> Poll | None:
        """Ask for the stretch again."""
        start, end = moment(gap.start), moment(gap.end)
        if start is None or end is None:
            raise UsageError(f"not a gap of {self.name}: {gap.start!r:.60}")
        if end - start < 1e-3:
            return None  # it is a page that cannot be turned
        talk, heap = Talk(client, endpoint, {}), Heap("golang", gap.start)

        def again() -> None:
            newest, full = self._page(talk, heap, start, Memory(), end)
            heap.more = full and start < newest < end
            heap.cursor = stamp(newest) if heap.more else gap.end

        return ended(self.name, talk, heap, gap.start, again)

    def _page(
        self, talk: Talk, heap: Heap, since: float, memory: Memory, until: float | None = None
    ) -> tuple[float, bool]:
        """Say the entries of one page; give the time of its newest, and whether it was full."""
        query: Mapping[str, str] = {"since": stamp(since), "limit": str(LIMIT)}
        path = "index?" + "&".join(f"{name}={value}" for name, value in query.items())
        answer = talk.ask(path, accept="application/json, text/plain")
        if answer.status != 200:
            raise RegistryError(f"{self.name}: the index answered {answer.status}")
        if answer.body and not answer.body.endswith(b"\n"):
            raise RegistryError(f"{self.name}: the answer ends in the middle of a line")
        lines = [line for line in answer.body.split(b"\n") if line.strip()]
        newest = since
        for line in entries((msgspec.Raw(one[:MAX_LINE]) for one in lines), _Line, heap):
            when = at(line.Timestamp)
            newest = max(newest, when or 0.0)
            within = until is None or (when or 0.0) <= until
            if within and memory.fresh(f"{line.Path}@{line.Version}@{line.Timestamp}"):
                heap.add(line.Path, line.Version, at=when)
        return newest, len(lines) >= LIMIT


FEED = Index()
