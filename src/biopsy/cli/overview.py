"""Feeds, queue and workers in one view, for `biopsy status`."""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from biopsy.cli.listing_jobs import ago, lasted
from biopsy.formats.views.visible import visible
from biopsy.queue import Depth, FeedState, Queue, Result, Times, WorkerState

HOUR = 3600.0
MAX_RESULTS = 8
MAX_REASONS = 8
MAX_GONE = 3
COUNTED_FOR = 10.0  # seconds for which what takes long to count is not counted anew
WIDE = 110  # columns
_BAD = {"malicious": "bold red", "suspicious": "yellow", "unknown": "dim", "benign": "green"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to see at one moment."""

    feeds: tuple[FeedState, ...]
    depth: tuple[Depth, ...]
    workers: tuple[WorkerState, ...]
    outcomes: dict[tuple[str, str], int]
    times: tuple[Times, ...]
    results: tuple[Result, ...]
    paused: tuple[str, ...]
    messages: int
    at: float = field(default_factory=time.monotonic)

    def trouble(self) -> tuple[str, ...]:
        """What wants a person, in sentences."""
        return tuple(self._trouble())

    def _trouble(self) -> Iterator[str]:
        for feed in self.feeds:
            if feed.failures and not feed.paused:
                yield f"feed {feed.name}: {feed.trouble} ({feed.failures} times in a row)"
        waiting = sum(d.jobs for d in self.depth if d.state == "waiting")
        if waiting and not any(worker.state != "gone" for worker in self.workers):
            yield f"{waiting:,} jobs wait and no worker lives: biopsy worker"

    def told(self) -> dict[str, Any]:
        """The same for programs."""
        ends = [{"outcome": what, "why": why, "jobs": jobs} for (what, why), jobs in self.outcomes.items()]
        return {
            "feeds": self.feeds,
            "depth": self.depth,
            "workers": self.workers,
            "last_hour": ends,
            "times": self.times,
            "results": self.results,
            "paused": self.paused,
            "messages": self.messages,
            "trouble": self.trouble(),
        }


async def look(q: Queue, before: Seen | None = None) -> Seen:
    """Look at the queue; what takes long to count is counted anew only after a while."""
    fresh = before is not None and time.monotonic() - before.at < COUNTED_FOR
    counted = (
        (before.outcomes, before.times)
        if before is not None and fresh
        else (await q.outcomes(HOUR), await q.times(HOUR))
    )
    return Seen(
        await q.feeds(),
        await q.depth(),
        await q.workers(),
        *counted,
        await q.newest(MAX_RESULTS),
        await q.paused(),
        await q.waiting_messages(),
        before.at if before is not None and fresh else time.monotonic(),
    )


def draw(seen: Seen, width: int) -> RenderableType:
    """Draw it all, what wants a person first; on a narrow terminal without what can be done without."""
    parts: list[RenderableType] = [
        Text(f"! {visible(line, limit=200)}", "bold red") for line in seen.trouble()
    ]
    parts += [Text(f"paused: {visible(what)}", "yellow") for what in seen.paused]
    parts += [
        _feeds(seen.feeds, wide=width >= WIDE),
        _queue(seen.depth),
        _workers(seen.workers, wide=width >= WIDE),
        _hour(seen),
        _results(seen.results),
    ]
    if seen.messages:
        parts.append(Text(f"{seen.messages:,} messages wait to be told", "yellow"))
    return Group(*parts)


def _table(title: str, *columns: str) -> Table:
    made = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in columns:
        name, _, right = column.partition(">")
        made.add_column(
            name, justify="right" if right else "left", style="", header_style="dim", no_wrap=True
        )
    return made


def _cursor(cursor: str) -> str:
    """A cursor in short: that of a watch list holds one for each of its packages."""
    if cursor.startswith("{"):
        try:
            return f"{len(msgspec.json.decode(cursor, type=dict[str, msgspec.Raw])):,} packages"
        except (msgspec.DecodeError, UnicodeEncodeError):
            pass
    return visible(cursor, limit=16)


def _feeds(feeds: tuple[FeedState, ...], *, wide: bool) -> RenderableType:
    if not feeds:
        return Text("no feed is followed: biopsy watch", "dim")
    cursor = ("cursor",) if wide else ()
    made = _table(
        "Feeds", "feed", *cursor, "asked>r", "newest>r", "items>r", "jobs>r", "late>r", "gaps>r", "state"
    )
    for feed in feeds:
        state = Text("paused", "yellow") if feed.paused else _feed_state(feed)
        made.add_row(
            visible(feed.name),
            *([_cursor(feed.cursor)] if wide else []),
            ago(feed.polled),
            ago(feed.newest),
            f"{feed.items:,}",
            f"{feed.jobs:,}",
            f"{feed.late:,}",
            Text(f"{feed.gaps:,}", "red" if feed.gaps else ""),
            state,
        )
    return made


def _feed_state(feed: FeedState) -> Text:
    if not feed.failures:
        return Text("ok", "green")
    return Text(visible(f"{feed.trouble} ×{feed.failures}: {feed.detail}", limit=60), "red")


def _queue(depth: tuple[Depth, ...]) -> RenderableType:
    by_kind: dict[tuple[str, str], dict[str, Depth]] = defaultdict(dict)
    for one in depth:
        by_kind[one.lane, one.ecosystem][one.state] = one
    if not by_kind:
        return Text("nothing waits in the queue", "dim")
    made = _table("Queue", "lane", "ecosystem", "waiting>r", "oldest>r", "running>r", "parked>r")
    order = {"manual": 0, "realtime": 1, "batch": 2}
    for (lane, kind), states in sorted(
        by_kind.items(), key=lambda pair: (order.get(pair[0][0], 3), pair[0][1])
    ):
        waiting, parked = states.get("waiting"), states.get("parked")
        made.add_row(
            lane,
            visible(kind),
            f"{waiting.jobs:,}" if waiting else "",
            lasted(waiting.oldest) if waiting else "",
            f"{states['running'].jobs:,}" if "running" in states else "",
            Text(f"{parked.jobs:,}", "yellow") if parked else "",
        )
    return made


def _workers(workers: tuple[WorkerState, ...], *, wide: bool) -> RenderableType:
    if not workers:
        return Text("no worker in the last hour: biopsy worker", "dim")
    columns = ("host", "takes") if wide else ()
    made = _table("Workers", "worker", "state", "running>r", "of>r", "up>r", "last seen>r", *columns)
    style = {"working": "green", "draining": "yellow", "gone": "dim"}
    gone = [worker for worker in workers if worker.state == "gone"]
    for worker in [*(worker for worker in workers if worker.state != "gone"), *gone[-MAX_GONE:]]:
        takes = f"{', '.join(worker.lanes)}; {', '.join(worker.ecosystems)}"
        more = (visible(f"{worker.host}:{worker.pid}", limit=30), visible(takes, limit=50))
        made.add_row(
            visible(worker.name, limit=30),
            Text(worker.state, style.get(worker.state, "")),
            f"{worker.running:,}",
            f"{worker.slots:,}",
            ago(worker.started),
            f"{lasted(worker.beat)} ago",
            *(more if wide else ()),
        )
    return made


def _hour(seen: Seen) -> RenderableType:
    if not seen.outcomes:
        return Text("nothing ended in the last hour", "dim")
    made = _table("Last hour", "outcome", "why", "jobs>r")
    for (what, why), jobs in [*seen.outcomes.items()][:MAX_REASONS]:
        made.add_row(visible(what), Text(visible(why, limit=50), _BAD.get(why, "")), f"{jobs:,}")
    took = _table("", "lane", "ecosystem", "done>r", "waited, p95>r", "worked, p95>r", "since published>r")
    for one in seen.times:
        pairs = (one.waited, one.worked, one.since)
        cells = [", ".join(lasted(seconds) for seconds in pair or ()) for pair in pairs]
        took.add_row(one.lane, visible(one.ecosystem), f"{one.jobs:,}", *cells)
    return Group(made, took) if seen.times else made


def _results(results: tuple[Result, ...]) -> RenderableType:
    if not results:
        return Text("")
    made = _table("Latest", "when>r", "package", "outcome", "verdict", "job>r")
    for one in results:
        verdict = Text(visible(one.verdict or one.reason, limit=30), _BAD.get(one.verdict, ""))
        made.add_row(f"{ago(one.at)} ago", visible(one.purl, limit=60), one.outcome, verdict, str(one.job))
    return made
