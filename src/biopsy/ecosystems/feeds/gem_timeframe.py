"""RubyGems: versions created in a stretch of time (`timeframe_versions.json`, its API documents), 30 a page.

A stretch is read to its end before the cursor moves over it, and the next begins ten minutes earlier: what
was said within them is remembered. A stretch that has too many pages is halved.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from biopsy.ecosystems.feeds import naming
from biopsy.ecosystems.feeds.asking import Talk, moment, stamp
from biopsy.ecosystems.feeds.following import Followed, Heap, Memory, at, ended, entries, read, written
from biopsy.ecosystems.feeds.protocol import Gap, Poll
from biopsy.errors import RegistryError, UsageError

if TYPE_CHECKING:
    import httpx

    from biopsy.model.release import Endpoint

PAGES = 40
"""Most pages of one stretch."""

STRETCH = 12 * 3600.0
"""Longest stretch asked for, in seconds; the registry takes up to seven days."""

OVERLAP = 600.0
"""Seconds that a version may show late."""

KEPT = 2000
"""Most versions remembered."""


class _Cursor(msgspec.Struct):
    at: float
    seen: list[str] = []
    wide: float = STRETCH


class _Version(msgspec.Struct):
    name: Any = None
    version: Any = None
    number: Any = None
    platform: Any = None
    sha: Any = None
    created_at: Any = msgspec.field(default=None, name="created_at")
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
        """Read one stretch from ten minutes before the cursor."""
        cursor: _Cursor = read(heap.cursor, _Cursor)
        memory, since = Memory(cursor.seen), cursor.at - OVERLAP
        wide = min(max(cursor.wide, 1.0), STRETCH)
        to = cursor.at + wide
        last = self._stretch(talk, heap, since, to, memory)
        if last is not None and wide > 1.0:
            heap.cursor = written(_Cursor(cursor.at, memory.last(KEPT), wide / 2))
            heap.more = True
            return
        if last is not None:
            heap.gap = Gap(stamp(last), stamp(to), None, "more versions in a second than can be read")
        reached = min(to, talk.now)
        heap.more = to < talk.now
        heap.cursor = written(_Cursor(max(reached, cursor.at), memory.last(KEPT), min(wide * 2, STRETCH)))

    def fill(self, client: "httpx.Client", endpoint: "Endpoint", gap: Gap) -> Poll | None:
        """Read the stretch again, in parts that the registry takes."""
        start, end = moment(gap.start), moment(gap.end)
        if start is None or end is None:
            raise UsageError(f"not a gap of {self.name}: {gap.start!r:.60}")
        talk, heap = Talk(client, endpoint, {}), Heap("gem", gap.start)

        def again() -> None:
            to = min(end, start + STRETCH)
            last = self._stretch(talk, heap, start, to, Memory())
            reached = to if last is None else max(last, start + 1.0)
            heap.more = reached < end
            heap.cursor = stamp(reached) if heap.more else gap.end

        return ended(self.name, talk, heap, gap.start, again)

    @staticmethod
    def _stretch(talk: Talk, heap: Heap, since: float, to: float, memory: Memory) -> float | None:
        """Say what was created; None where all was read, else the time of the newest that was."""
        newest = since
        for page in range(1, PAGES + 1):
            path = f"api/v1/timeframe_versions.json?from={_whole(since)}&to={_whole(to + 1)}&page={page}"
            answer = talk.ask(path)
            if answer.status != 200:
                raise RegistryError(f"gem/timeframe: the registry answered {answer.status}")
            raws = msgspec.json.decode(answer.body, type=list[msgspec.Raw])
            if not raws:
                return None
            for version in entries(raws, _Version, heap):
                newest = max(newest, _say(heap, version, memory))
        return newest


def _say(heap: Heap, one: _Version, memory: Memory) -> float:
    when = at(one.version_created_at) or at(one.created_at)
    number = one.version if isinstance(one.version, str) else one.number
    platform = one.platform if isinstance(one.platform, str) and one.platform != "ruby" else ""
    if memory.fresh(f"{one.name} {number} {platform}"):
        full = f"{number}-{platform}" if platform else number
        file = f"{one.name}-{full}.gem"
        heap.add(one.name, number, filename=file, digest=naming.digest("sha256", one.sha), at=when)
    return when or 0.0


def _whole(seconds: float) -> str:
    return stamp(float(int(seconds))).replace(".000000", "")


FEED = Timeframe()
