"""`biopsy worker`: do what waits in the queue."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import rules_option, words
from biopsy.cli.queueing import dsn_option
from biopsy.cli.storing import store_option
from biopsy.cli.teach import Taught, grouped
from biopsy.errors import QueueError, UsageError

if TYPE_CHECKING:
    from biopsy.pipeline.work.running import Wanted

LANES = ("manual", "realtime", "batch")

EXAMPLES = """
Examples
  biopsy worker                                  as many jobs at once as processors
  biopsy worker --slots 8 --metrics 127.0.0.1:9600
  biopsy worker npm --lane realtime --lane manual
  biopsy worker --static-only --until-empty      reads what waits, then ends: for cron
  biopsy worker --dsn postgresql://queue.example/biopsy --store s3://bucket/biopsy

Each job is done in a process of its own, which is killed with all that it started when
its time or its memory is used up. What it comes to is written with the end of the job;
what fails for reasons of ours is tried again, and parked with a reason in the end
(biopsy queue list --state parked). Any number of workers share one queue; one that dies
loses its jobs to the others within a minute.

SIGTERM or Ctrl-C: nothing more is taken, what runs has --grace seconds to end and is
then given back. A second one: at once. Whom to tell of verdicts and trouble says
BIOPSY_HOME/messages.toml.

Exit status
  0  told to end, or with --until-empty: nothing waits
  2  an option, a file or the queue's database is wrong
  3  this machine cannot sandbox, or analyses cannot be started
"""
_GROUPS = {
    "What is done": ("--lane", "--slots", "--reserved", "--until-empty", "--name"),
    "How": (
        *("--static-only", "--profile", "--timeout", "--against", "--rules", "--reports"),
        *("--seconds", "--memory", "--floor", "--grace"),
    ),
    "Where": ("--home", "--dsn", "--store", "--keep-artifacts", "--metrics", "--log", "--verbose"),
}


@click.command("worker", cls=Taught, epilog=EXAMPLES, context_settings=grouped(_GROUPS))
@click.argument("ecosystems", nargs=-1, metavar="[ECOSYSTEM]...")
@click.option("--slots", type=click.IntRange(1, 256), metavar="N", help="Jobs at once; default: processors.")
@click.option(
    "--lane",
    "lanes",
    multiple=True,
    type=click.Choice(LANES),
    help="Only these lanes; default: all. Repeatable.",
)
@click.option(
    "--reserved", type=click.IntRange(0), default=0, metavar="N", help="Slots that batch jobs never take."
)
@click.option("--until-empty", is_flag=True, help="End when nothing waits any more.")
@click.option("--name", metavar="NAME", help="What it is called; default: this machine's name.")
@click.option("--static-only", is_flag=True, help="Read the files, run nothing, whatever a job asks for.")
@click.option(
    "--profile", "profiles", multiple=True, callback=words, metavar="NAME", help="As of `biopsy analyze`."
)
@click.option(
    "--timeout", type=click.FloatRange(1), metavar="SECONDS", help="Of all phases, under each profile."
)
@click.option(
    "--against",
    type=click.Choice(("before", "none")),
    default="before",
    show_default=True,
    help="What each release is compared with.",
)
@rules_option
@click.option("--reports/--no-reports", default=True, help="Draft reports as the policy says. Default: do.")
@click.option(
    "--seconds", type=click.FloatRange(1), default=1800, show_default=True, help="Longest that one job takes."
)
@click.option(
    "--memory",
    type=click.IntRange(256),
    default=2048,
    show_default=True,
    metavar="MIB",
    help="Most that reading one package takes; a sandbox has a limit of its own.",
)
@click.option(
    "--floor",
    type=click.IntRange(0),
    default=512,
    show_default=True,
    metavar="MIB",
    help="With less free on the disk, no job begins.",
)
@click.option(
    "--grace",
    type=click.FloatRange(0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="What runs has to end when told to stop.",
)
@dsn_option
@store_option
@click.option("--keep-artifacts/--no-keep-artifacts", default=True, help="Keep the exact bytes. Default: do.")
@click.option(
    "--metrics", default="", envvar="BIOPSY_METRICS", metavar="HOST:PORT", help="For Prometheus, at /metrics."
)
@click.option(
    "--log", "form", type=click.Choice(("text", "json")), help="Default: text on a terminal, else JSON."
)
@click.option("--verbose", "-v", is_flag=True, help="Say when jobs begin, too.")
@home_option
def command(ecosystems: tuple[str, ...], home: Path, form: str | None, verbose: bool, **asked: Any) -> int:  # noqa: FBT001
    """Take jobs from the queue and do them, each in a process of its own."""
    if not asked["static_only"]:
        from biopsy.cli.elevate import ensure_root  # noqa: PLC0415

        ensure_root(sys.argv[1:], home)
    try:
        wanted = _wanted(ecosystems, home, asked)
        from biopsy.pipeline.work.running import work  # noqa: PLC0415
    except ImportError as err:
        raise QueueError(
            f"a worker needs more than is installed ({err.name}): pip install 'biopsy[queue,warehouse]'"
        ) from err
    import asyncio  # noqa: PLC0415
    import logging  # noqa: PLC0415

    from biopsy.pipeline.work import logs  # noqa: PLC0415

    form = form or ("text" if sys.stderr.isatty() else "json")
    logs.begin(form, level=logging.DEBUG if verbose else logging.INFO, worker=wanted.me.name)
    if not wanted.setting.static_only:
        _prepare(home)
    asyncio.run(work(wanted))
    return 0


def _wanted(ecosystems: tuple[str, ...], home: Path, asked: dict[str, Any]) -> "Wanted":
    """Make what was asked for into what a worker takes."""
    from biopsy import queue  # noqa: PLC0415 - what follows is slow to import, and --help is not
    from biopsy.ecosystems import all_ecosystems, by_type  # noqa: PLC0415
    from biopsy.model.job import Lane  # noqa: PLC0415
    from biopsy.pipeline.work.coming import Setting  # noqa: PLC0415
    from biopsy.pipeline.work.running import Wanted, own_name  # noqa: PLC0415
    from biopsy.pipeline.work.task import Limits  # noqa: PLC0415
    from biopsy.pipeline.work.worker import Bounds  # noqa: PLC0415

    types = tuple(by_type(name).type for name in ecosystems) or tuple(e.type for e in all_ecosystems())
    slots = asked["slots"] or os.cpu_count() or 1
    if asked["reserved"] >= slots and "batch" in (asked["lanes"] or LANES) and slots > 1:
        raise UsageError(f"--reserved {asked['reserved']} of {slots} slots leaves none for batch jobs")
    lanes = tuple(Lane(name) for name in LANES if name in (asked["lanes"] or LANES))
    setting = Setting(
        home=str(home),
        rules=str(asked["rules"].absolute()) if asked["rules"] else "",
        store=asked["store"] or "",
        keeps=asked["keep_artifacts"],
        static_only=asked["static_only"],
        profiles=asked["profiles"],
        timeout=asked["timeout"],
        against="none" if asked["against"] == "none" else "",
        reports=asked["reports"],
    )
    me = queue.Worker(
        asked["name"] or own_name(), types, slots, lanes, asked["reserved"], grace=asked["grace"],
    )  # fmt: skip
    limits = Limits(asked["memory"] << 20, asked["seconds"])
    bounds = Bounds(limits, asked["floor"] << 20, asked["until_empty"])
    return Wanted(home, asked["dsn"], me, setting, bounds, asked["metrics"])


def _prepare(home: Path) -> None:
    """See to it that a sandbox can run before any job needs one; CannotSandbox says what is missing."""
    from biopsy.cli.progress import progress  # noqa: PLC0415
    from biopsy.pipeline.analyze import Options  # noqa: PLC0415
    from biopsy.pipeline.dynamic import prepare  # noqa: PLC0415
    from biopsy.sandbox import image_layers  # noqa: PLC0415

    with progress(quiet=False, colour=None) as report:
        for kind in ("", *image_layers.wanted()):
            prepare(Options(home), report, kind)
