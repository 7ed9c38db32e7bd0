"""`biopsy queue`: the jobs there are, and what people may do with them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.queueing import ask, dsn_option
from biopsy.cli.teach import Taught, TaughtGroup

if TYPE_CHECKING:
    from biopsy.queue import Entry, Queue

LIST = """
Examples
  biopsy queue list                                 the newest jobs
  biopsy queue list --state parked                  what waits for a person, and why
  biopsy queue list --reason timed-out --limit 500  what all went wrong the same way
  biopsy queue list --name 'requests*' -f json      for programs
"""
RETRY = """
Examples
  biopsy queue retry 17 23                  these two
  biopsy queue retry --reason registry-down all that were parked for that
  biopsy queue retry --parked               all that were parked

A job done is done anew, and its new result stands beside the old one.
"""
PAUSE = """
Examples
  biopsy queue pause npm             hand out nothing of npm; what runs goes on
  biopsy queue pause batch           hand out no lists
  biopsy queue pause pypi/changelog  do not follow this feed
  biopsy queue resume npm
"""
LIMIT = """
Examples
  biopsy queue limit npm --at-once 4                    over all workers
  biopsy queue limit pypi --a-second 2 --burst 10       jobs begun, and requests to the registry
  biopsy queue limit npm                                none
"""
WORDS = ("lane", "ecosystem", "state", "reason", "name")

ids_argument = click.argument("ids", metavar="ID...", nargs=-1, type=int)
limit_option = click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many, at most."
)


QUEUE = """
Examples
  biopsy queue list --state parked       what waits for a person
  biopsy queue show 17                   one job, and what became of it
  biopsy queue retry --parked            do all of that again
  biopsy queue pause npm                 and later: biopsy queue resume npm
"""


@click.group("queue", cls=TaughtGroup, epilog=QUEUE)
def command() -> None:
    """Look at the queue of jobs, and put right what is wrong with it."""


@command.command("list", cls=Taught, epilog=LIST)
@click.option(
    "--state", type=click.Choice(("waiting", "running", "done", "parked", "cancelled")), help="Only these."
)
@click.option("--ecosystem", "-e", metavar="NAME", default="", help="pypi, npm, …")
@click.option("--lane", type=click.Choice(("manual", "realtime", "batch")), help="Only of this one.")
@click.option("--name", metavar="PATTERN", default="", help="A package; * stands for anything.")
@click.option("--reason", metavar="CODE", default="", help="Why it was parked, or ended so.")
@limit_option
@form_option
@dsn_option
@home_option
def list_(home: Path, dsn: str, form: str, limit: int, **asked: Any) -> None:
    """List jobs, the newest first."""
    from biopsy.cli.listing_jobs import entries  # noqa: PLC0415 - slow to import, and --help is not

    wanted: dict[str, Any] = {name: asked[name] or "" for name in WORDS}
    entries(ask(home, dsn, lambda q: q.jobs(limit=limit, **wanted)), form)


@command.command("show")
@click.argument("number", metavar="ID", type=int)
@form_option
@dsn_option
@home_option
def show(home: Path, dsn: str, form: str, number: int) -> None:
    """Show one job: what was tried, what it came to, what its registry took back."""
    from biopsy.cli.listing_jobs import whole  # noqa: PLC0415
    from biopsy.errors import UsageError  # noqa: PLC0415

    async def body(q: "Queue") -> Any:
        return await q.job(number), await q.attempts(number), await q.withdrawals(number)

    entry, attempts, withdrawals = ask(home, dsn, body)
    if entry is None:
        raise UsageError(f"there is no job {number}")
    whole(entry, attempts, withdrawals, form)


def _some(home: Path, dsn: str, ids: tuple[int, ...], what: str, **also: Any) -> int:
    """Do something with jobs by their ids, and with parked ones by their reason; gives how many it was."""

    async def body(q: "Queue") -> int:
        found = [*ids]
        if also.get("parked") or also.get("reason"):
            found += [entry.id for entry in await _parked(q, also.get("reason") or "")]
        return int(await getattr(q, what)(found))

    return ask(home, dsn, body)


async def _parked(q: "Queue", reason: str) -> "list[Entry]":
    found: list[Entry] = []
    while some := await q.jobs(
        state="parked", reason=reason, limit=10_000, before=found[-1].id if found else 0
    ):
        found += some
    return found


@command.command("retry", cls=Taught, epilog=RETRY)
@ids_argument
@click.option("--reason", metavar="CODE", help="Those that were parked for this.")
@click.option("--parked", is_flag=True, help="All that were parked.")
@dsn_option
@home_option
def retry(home: Path, dsn: str, ids: tuple[int, ...], **also: Any) -> None:
    """Do jobs again that were parked, cancelled, or done."""
    _needs(ids, also)
    click.echo(f"{_some(home, dsn, ids, 'retry', **also):,} wait to be done again")


@command.command("cancel")
@ids_argument
@click.option("--reason", metavar="CODE", help="Those that were parked for this.")
@dsn_option
@home_option
def cancel(home: Path, dsn: str, ids: tuple[int, ...], **also: Any) -> None:
    """Do jobs not after all; those that run are stopped."""
    _needs(ids, also)
    click.echo(f"{_some(home, dsn, ids, 'cancel', **also):,} cancelled")


@command.command("park")
@ids_argument
@dsn_option
@home_option
def park(home: Path, dsn: str, ids: tuple[int, ...]) -> None:
    """Put waiting jobs aside."""
    _needs(ids, {})
    click.echo(f"{_some(home, dsn, ids, 'park'):,} parked")


def _needs(ids: tuple[int, ...], also: dict[str, Any]) -> None:
    if not ids and not any(also.values()):
        raise click.UsageError("which jobs? Name their ids: biopsy queue list")


@command.command("pause", cls=Taught, epilog=PAUSE)
@click.argument("what", metavar="LANE|ECOSYSTEM|FEED")
@dsn_option
@home_option
def pause(home: Path, dsn: str, what: str) -> None:
    """Hand out no more jobs of a lane or an ecosystem, or follow a feed no longer, until resumed."""
    ask(home, dsn, lambda q: q.pause_feed(what) if "/" in what else q.pause(what))
    click.echo(f"{what} is paused: biopsy queue resume {what}")


@command.command("resume")
@click.argument("what", metavar="LANE|ECOSYSTEM|FEED")
@dsn_option
@home_option
def resume(home: Path, dsn: str, what: str) -> None:
    """Go on with what was paused."""
    ask(home, dsn, lambda q: q.pause_feed(what, paused=False) if "/" in what else q.resume(what))
    click.echo(f"{what} goes on")


@command.command("limit", cls=Taught, epilog=LIMIT)
@click.argument("ecosystem")
@click.option("--at-once", type=click.IntRange(1), metavar="N", help="Jobs that run at the same time.")
@click.option("--a-second", type=click.FloatRange(0, min_open=True), metavar="N", help="Jobs begun.")
@click.option("--burst", type=click.IntRange(1), default=1, show_default=True, help="So many at once.")
@dsn_option
@home_option
def limit(home: Path, dsn: str, ecosystem: str, **asked: Any) -> None:
    """Limit an ecosystem, over all workers."""
    from biopsy.queue.records import Limit  # noqa: PLC0415

    set_to = Limit(ecosystem, asked["at_once"], asked["a_second"], asked["burst"])
    ask(home, dsn, lambda q: q.limit(set_to))
    words = [f"{asked['at_once']} at once"] if asked["at_once"] else []
    words += [f"{asked['a_second']:g} a second"] if asked["a_second"] else []
    click.echo(f"{ecosystem}: {', '.join(words) or 'no limit'}")


@command.command("stats")
@click.option(
    "--hours", type=click.FloatRange(0, min_open=True), default=24.0, show_default=True, help="How lately."
)
@form_option
@dsn_option
@home_option
def stats(home: Path, dsn: str, form: str, hours: float) -> None:
    """Count what waits, and say how jobs ended lately and how long they took."""
    from biopsy.cli.listing_jobs import statistics  # noqa: PLC0415

    async def body(q: "Queue") -> Any:
        return (
            await q.depth(),
            await q.outcomes(hours * 3600),
            await q.times(hours * 3600),
            await q.limits(),
            await q.paused(),
        )

    statistics(hours, form, *ask(home, dsn, body))
