"""Jobs and their numbers, written for people and for programs."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.queue import Attempt, Depth, Entry, Limit, Times, Withdrawal

MAX_WHY = 60

MAX_LINE = 1000
"""Characters of a line that no terminal shows: a row is one line for whoever looks for words in it."""


def as_json(what: Any) -> None:
    """Print as JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(what), indent=2).decode())


def ago(moment: datetime | None) -> str:
    """How long ago something was, in words as short as may be."""
    return "" if moment is None else lasted((datetime.now(UTC) - moment).total_seconds())


def lasted(seconds: float) -> str:
    """A time in its largest unit, or two: `3.2 s`, `12 min`, `5 h`, `2 d`."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    for unit, length, most in (("s", 1, 120), ("min", 60, 120), ("h", 3600, 48)):
        if seconds < length * most:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: set[int], none: str = "nothing"
) -> None:
    """Print rows below heads, as wide as the terminal is; columns of `numbers` are set to the right."""
    from biopsy.cli.tabling import tabled  # noqa: PLC0415 - not for those who want JSON

    if not rows:
        click.echo(none)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else MAX_LINE
    click.echo(tabled(heads, rows, numbers, width, colour=False), nl=False)


def entries(found: "Sequence[Entry]", form: str) -> None:
    """List jobs."""
    if form == "json":
        as_json(found)
        return
    rows = [
        (str(e.id), e.state, e.job.lane, e.job.release.purl + ("" if e.job.release.version else " (look)"),
         str(e.attempts), ago(e.created), _came_to(e))
        for e in found
    ]  # fmt: skip
    table(("id", "state", "lane", "package", "tries", "age", "came to"), rows, {0, 4}, "no such job")


def _came_to(entry: "Entry") -> str:
    words = [entry.outcome, entry.verdict, entry.reason, entry.detail and f"({entry.detail[:MAX_WHY]})"]
    if entry.withdrawn:
        words.append(f"[{entry.withdrawn}]")
    return " ".join(word for word in words if word)


def whole(
    entry: "Entry", attempts: "Sequence[Attempt]", withdrawals: "Sequence[Withdrawal]", form: str
) -> None:
    """Show one job."""
    if form == "json":
        as_json({"job": entry, "attempts": attempts, "withdrawals": withdrawals})
        return
    job = entry.job
    lines = {
        "job": f"{entry.id}  {entry.state}",
        "package": job.release.purl if job.release.version else f"{job.release.purl} (look for new releases)",
        "artifact": " ".join(word for word in (job.filename, job.digest) if word),
        "asked by": f"{job.why}, lane {job.lane}, priority {job.priority}, {job.depth}",
        "published": job.published,
        "enqueued": f"{entry.created:%Y-%m-%d %H:%M:%S} UTC",
        "next": f"in {lasted(_until(entry.ready))}"
        if entry.state == "waiting" and _until(entry.ready) > 0
        else "",
        "came to": _came_to(entry),
        "detail": entry.detail,
    }
    for name, text in lines.items():
        if text:
            click.echo(f"{name:10} {visible(text)}")
    for attempt in attempts:
        took = lasted((attempt.ended - attempt.taken).total_seconds()) if attempt.ended else "so far"
        why = " ".join(word for word in (attempt.how or "running", attempt.reason, attempt.detail) if word)
        click.echo(
            visible(f"attempt {attempt.number:<2} {attempt.taken:%H:%M:%S}  {attempt.worker}  {took}  {why}")
        )
    for one in withdrawals:
        click.echo(visible(f"{one.change:10} {one.seen:%Y-%m-%d %H:%M}  {one.feed}  {one.reason}".rstrip()))


def _until(moment: datetime | None) -> float:
    return (moment - datetime.now(UTC)).total_seconds() if moment else 0.0


def statistics(  # noqa: PLR0917 - as they come from the queue
    hours: float,
    form: str,
    depth: "Sequence[Depth]",
    outcomes: Mapping[tuple[str, str], int],
    times: "Sequence[Times]",
    limits: "Sequence[Limit]",
    paused: Sequence[str],
) -> None:
    """Show the numbers of the queue."""
    if form == "json":
        ends = [{"outcome": what, "why": why, "jobs": jobs} for (what, why), jobs in outcomes.items()]
        as_json(
            {
                "depth": depth,
                "hours": hours,
                "ended": ends,
                "times": times,
                "limits": limits,
                "paused": paused,
            }
        )
        return
    rows = [(d.lane, d.ecosystem, d.state, f"{d.jobs:,}", lasted(d.oldest)) for d in depth]
    table(("lane", "ecosystem", "state", "jobs", "oldest"), rows, {3}, "the queue is empty")
    click.echo(f"\nended in the last {hours:g} h")
    table(("outcome", "why", "jobs"), [(a, b, f"{n:,}") for (a, b), n in outcomes.items()], {2})
    if times:
        click.echo("\nseconds: median, 95 %")
        took = [
            (t.lane, t.ecosystem, f"{t.jobs:,}", *map(_pair, (t.waited, t.worked, t.since))) for t in times
        ]
        table(("lane", "ecosystem", "jobs", "waited", "worked", "since publication"), took, {2})
    for limit in limits:
        at_once = f"{limit.concurrency} at once" if limit.concurrency else ""
        rate = f"{limit.per_second:g} a second" if limit.per_second else ""
        click.echo(f"limit: {limit.ecosystem} {', '.join(word for word in (at_once, rate) if word)}")
    for what in paused:
        click.echo(f"paused: {what}")


def _pair(pair: tuple[float, float] | None) -> str:
    return "" if pair is None else f"{pair[0]:.1f}, {pair[1]:.1f}"
