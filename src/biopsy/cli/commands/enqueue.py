"""`biopsy enqueue`: packages that workers are to analyse."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.complete import targets as complete_targets
from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, quiet_option
from biopsy.cli.queueing import ask, dsn_option
from biopsy.cli.teach import Taught, grouped

if TYPE_CHECKING:
    from biopsy.model.job import Job
    from biopsy.pipeline.asked import Wrong
    from biopsy.queue import Counted, Queue

EXAMPLES = """
Examples
  biopsy enqueue pypi:six npm:left-pad@1.3.0     these, before anything else waits
  biopsy enqueue --from purls.txt                a list: a purl, pypi:NAME or npm:NAME a line
  biopsy enqueue --from package-lock.json        what a lock file or an SBOM names
  biopsy enqueue --popular pypi --first 1000     the most used, by the list of names
  biopsy enqueue pypi:six --since 2024-01-01     every release of a package since then
  biopsy enqueue npm:left-pad --all-versions     every release there ever was
  generate | biopsy enqueue --from - --static-only

What is named here goes before everything; lists go behind it (--lane says otherwise).
A release is analysed once: interrupted, the same command goes on where it stopped.
A package without a version means its newest release when a worker looks.

Exit status
  0  all of it is in the queue, or was
  1  some lines name nothing that can be analysed; the others are in the queue
  2  nothing could be enqueued
"""
PORTION = 2_000
MAX_TOLD = 10
_GROUPS = {
    "What": ("--from", "--popular", "--first", "--since", "--all-versions"),
    "How": ("--lane", "--priority", "--static-only", "--again", "--dry-run"),
    "Where": ("--dsn", "--home"),
}


@click.command("enqueue", cls=Taught, epilog=EXAMPLES, context_settings=grouped(_GROUPS))
@click.argument("wanted", metavar="[PACKAGE]...", nargs=-1, shell_complete=complete_targets)
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    metavar="FILE",
    help="A list, a lock file or an SBOM; - is standard input. Repeatable.",
)
@click.option("--popular", multiple=True, metavar="ECOSYSTEM", help="The most used names. Repeatable.")
@click.option(
    "--first", type=click.IntRange(1, 50_000), default=1000, show_default=True, help="So many of them."
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    metavar="DATE",
    help="Every release since then (UTC).",
)
@click.option("--all-versions", is_flag=True, help="Every release there is, newest first.")
@click.option(
    "--lane",
    type=click.Choice(("manual", "realtime", "batch")),
    help="Who goes first. Default: manual for what is named here, batch for lists.",
)
@click.option("--priority", type=click.IntRange(-400_000, 400_000), default=0, help="Higher goes first.")
@click.option("--static-only", is_flag=True, help="Read the files, run nothing.")
@click.option("--again", is_flag=True, help="Also what has been done, was parked or cancelled.")
@click.option("--dry-run", is_flag=True, help="Only say what would be asked for.")
@form_option
@quiet_option
@dsn_option
@home_option
def command(home: Path, dsn: str, form: str, quiet: bool, **asked: Any) -> int:  # noqa: FBT001
    """Ask for packages to be analysed by the workers of the queue."""
    if not asked["wanted"] and not asked["files"] and not asked["popular"]:
        raise click.UsageError("which packages? Name some, or use --from or --popular.")
    wrong: list[Wrong] = []
    jobs = list(_jobs(home, asked, wrong))
    _tell(wrong)
    if asked["dry_run"]:
        for job in jobs:
            click.echo(f"{job.lane:8} {job.release.purl}")
        return 1 if wrong else 0
    if not jobs:
        raise click.UsageError("there is no package in that.")
    counted = ask(home, dsn, lambda q: _enqueue(q, jobs, again=asked["again"], quiet=quiet))
    _say(counted, len(wrong), form)
    return 1 if wrong else 0


def _jobs(home: Path, asked: dict[str, Any], wrong: "list[Wrong]") -> "Iterator[Job]":
    import msgspec  # noqa: PLC0415 - slow to import, and --help is not

    from biopsy.model.job import Depth, Lane  # noqa: PLC0415
    from biopsy.pipeline import asked as given  # noqa: PLC0415

    since = f"{asked['since'].isoformat()}Z" if asked["since"] else ""
    how = given.How(
        Lane(asked["lane"] or "batch"),
        Depth.STATIC if asked["static_only"] else Depth.FULL,
        asked["priority"],
        since=since or (given.ALWAYS if asked["all_versions"] else ""),
    )
    yield from given.named(
        asked["wanted"], msgspec.structs.replace(how, lane=Lane(asked["lane"] or "manual"))
    )
    for path in asked["files"]:
        for found in given.listed(path, how):
            if isinstance(found, given.Wrong):
                wrong.append(found)
            else:
                yield found
    for kind in asked["popular"]:
        yield from given.popular(kind, asked["first"], home, how)


async def _enqueue(q: "Queue", jobs: "list[Job]", *, again: bool, quiet: bool) -> "Counted":
    from biopsy.cli.progress import progress  # noqa: PLC0415
    from biopsy.queue import Counted  # noqa: PLC0415

    total = Counted()
    with progress(quiet=quiet or len(jobs) <= PORTION) as report:
        for start in range(0, len(jobs), PORTION):
            report(f"enqueued {start:,} of {len(jobs):,}", start / len(jobs))
            some = await q.enqueue(jobs[start : start + PORTION], again=again)
            total = Counted(total.new + some.new, total.known + some.known, total.sooner + some.sooner)
    return total


def _tell(wrong: "list[Wrong]") -> None:
    from biopsy.formats.views.visible import visible  # noqa: PLC0415

    for one in wrong[:MAX_TOLD]:
        click.echo(visible(f"{one.place}:{one.line}: {one.reason}", limit=300), err=True)
    if len(wrong) > MAX_TOLD:
        click.echo(f"and {len(wrong) - MAX_TOLD:,} more that cannot be analysed", err=True)


def _say(counted: "Counted", wrong: int, form: str) -> None:
    if form == "json":
        import msgspec  # noqa: PLC0415

        said = {"new": counted.new, "known": counted.known, "sooner": counted.sooner, "wrong": wrong}
        click.echo(msgspec.json.encode(said).decode())
        return
    words = [f"{counted.new:,} enqueued"]
    if counted.known:
        words.append(f"{counted.known:,} known already")
    if counted.sooner:
        words.append(f"of which {counted.sooner:,} now go sooner, further or again")
    click.echo(", ".join(words))
