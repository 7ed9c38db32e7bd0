"""RubyGems: versions created in a stretch of time (`timeframe_versions.json`, its API documents), 30 a page.

A stretch is read to its end before the cursor moves over it, if need be in several polls, and the next
begins ten minutes earlier: what was said within them is remembered.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from biopsy.ecosystems.feeds import naming
from biopsy.ecosystems.feeds.asking import Talk, moment, stamp
from biopsy.ecosystems.feeds.following import Followed, Memory, at, ended, entries, read, written
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.protocol import Gap, Poll
from biopsy.errors import RegistryError, UsageError

if TYPE_CHECKING:
    import httpx

    from biopsy.model.release import Endpoint

PAGES = 40
"""Most pages read in one poll."""

STRETCH = 12 * 3600.0
"""Longest stretch asked for, in seconds; the registry takes up to seven days."""

OVERLAP = 600.0
"""Seconds that a version may show late."""

KEPT = 2000
"""Most versions remembered."""


class _Cursor(msgspec.Struct, omit_defaults=True):
    at: float  # all before it was read
    seen: list[str] = []
    page: int = 1  # where to go on in the stretch
    to: float = 0.0  # that ends here


class _Version(msgspec.Struct):
    name: Any = None
    version: Any = None
    number: Any = None
    platform: Any = None
    sha: Any = None
    created_at: Any = None
    version_created_at: Any = None


class Timeframe(Followed):
    """Versions by the time of their creation."""

    name = "gem/timeframe"
    every = 60.0
    main = True

    def begin(self, talk: Talk) -> str:
        """Take the registry's own clock."""
        answer = talk.ask("api/v1/timeframe_versions.json?from=2020-01-01T00:00:00Z&to=2020-01-01T00:00:00Z")
        if answer.status != 200:
            raise RegistryError(f"{self.name}: the registry answered {answer.status}")
        return written(_Cursor(answer.now))

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Read the stretch from ten minutes before the cursor, or go on in it."""
        cursor: _Cursor = read(heap.cursor, _Cursor)
        memory, page = Memory(cursor.seen), max(cursor.page, 1)
        to = cursor.to if page > 1 else cursor.at + STRETCH
        done = self._pages(talk, heap, (cursor.at - OVERLAP, to), page, memory)
        to = min(to, talk.now)
        heap.more = not done or to < talk.now
        after = _Cursor(max(to, cursor.at)) if done else _Cursor(cursor.at, page=page + PAGES, to=to)
        after.seen = memory.last(KEPT)
        heap.cursor = written(after)

    def fill(self, client: "httpx.Client", endpoint: "Endpoint", gap: Gap) -> Poll | None:
        """Read the stretch again, some pages a call; `start` of what is left is `TIME page N`."""
        since, _, number = gap.start.partition(" page ")
        start, end = moment(since), moment(gap.end)
        if start is None or end is None or not (number or "1").isdigit():
            raise UsageError(f"not a gap of {self.name}: {gap.start!r:.60}")
        talk, heap = Talk(client, endpoint, {}), Heap("gem", gap.start)
        page, to = int(number or "1"), min(end, start + STRETCH)

        def again() -> None:
            done = self._pages(talk, heap, (start, to), page, Memory())
            heap.more = not done or to < end
            left = stamp(to) if done else f"{since} page {page + PAGES}"
            heap.cursor = left if heap.more else gap.end

        return ended(self.name, talk, heap, gap.start, again)

    def _pages(
        self, talk: Talk, heap: Heap, between: tuple[float, float], first: int, memory: Memory
    ) -> bool:
        """Say what was created in a stretch, from a page on; whether its end was reached."""
        since, to = _whole(between[0]), _whole(between[1] + 1)
        for page in range(first, first + PAGES):
            answer = talk.ask(f"api/v1/timeframe_versions.json?from={since}&to={to}&page={page}")
            if answer.status != 200:
                raise RegistryError(f"{self.name}: the registry answered {answer.status}")
            raws = msgspec.json.decode(answer.body, type=list[msgspec.Raw])
            if not raws:
                return True
            for version in entries(raws, _Version, heap):
                _say(heap, version, memory)
        return False


def _say(heap: Heap, one: _Version, memory: Memory) -> None:
    when = at(one.version_created_at) or at(one.created_at)
    number = one.version if isinstance(one.version, str) else one.number
    platform = one.platform if isinstance(one.platform, str) and one.platform != "ruby" else ""
    if memory.fresh(f"{one.name} {number} {platform}"):
        full = f"{number}-{platform}" if platform else number
        file = f"{one.name}-{full}.gem"
        heap.add(one.name, number, filename=file, digest=naming.digest("sha256", one.sha), at=when)


def _whole(seconds: float) -> str:
    return stamp(float(int(seconds))).replace(".000000", "")


FEED = Timeframe()
