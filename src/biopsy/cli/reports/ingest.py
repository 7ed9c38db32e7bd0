"""`biopsy reports ingest`: what sources say."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import quiet_option
from biopsy.cli.progress import progress
from biopsy.cli.reporting import configuration, database_option, opened, refusals, sources_option
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.reports.collect import Run
    from biopsy.reports.config import Source

TRUST = ("publish", "hold", "popular", "known", "approve")

INGEST = """
Examples
  biopsy reports ingest                             every source that reports.toml names
  biopsy reports ingest ghsa                        one of them
  biopsy reports ingest lab findings/               files of a folder, as the source lab
  biopsy reports ingest lab - < records.jsonl       a report a line, from standard input
  biopsy reports ingest lab all.zip --trust publish

What is no report goes to quarantine with its reason, and the rest goes on:
biopsy reports list --quarantine. Taking the same in twice changes nothing.

How far a source is trusted stands in reports.toml, or after --trust: publish
counts at once; hold, half an hour later; popular, at once but on names that
half the world installs; known, at once on what has a report already; approve,
once a person said so (biopsy reports approve).

Exit status
  0  all was taken in, or had been before
  1  something went to quarantine, or a source could not be read
"""


@click.command("ingest", cls=Taught, epilog=INGEST)
@click.argument("source", default="")
@click.argument(
    "place", metavar="[DIR|FILE|-]", required=False,
    type=click.Path(path_type=Path, allow_dash=True, exists=True),
)  # fmt: skip
@click.option(
    "--trust", type=click.Choice(TRUST), help="For files; default: as reports.toml says, else known."
)
@sources_option
@database_option
@home_option
@quiet_option
def command(source: str, place: Path | None, home: Path, database: Path | None, **asked: Any) -> int:
    """Take in what sources say: those of reports.toml, one of them, or files under a source's name."""
    from biopsy.reports.collect import collect  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.reports.database import now  # noqa: PLC0415

    if asked["trust"] and place is None:
        raise UsageError("--trust is for files; of other sources reports.toml says it")
    status = 0
    known = configuration(home, asked["named"])
    sources = list(_named(source, place, known, home, asked["trust"]))
    with opened(home, database, create=True) as held, progress(quiet=asked["quiet"]) as told:
        for one in sources:

            def tell(run: "Run") -> None:
                told(f"{run.source}: {run.read:,} read, {run.new:,} new", None)

            status = max(status, _said(collect(held, one, now, tell)))
    return status


def _said(run: "Run") -> int:
    waits = f", {run.waiting:,} wait" if run.waiting else ""
    waits += f", {run.echoes:,} echoes" if run.echoes else ""
    counts = f"{run.read:,} read, {run.new:,} new, {len(run.refused):,} in quarantine{waits}"
    click.echo(visible(f"{run.source}: {counts}"))
    status = refusals([(bad.key, bad.reason) for bad in run.refused])
    if run.error:
        click.echo(visible(f"{run.source}: {run.error}"), err=True)
    return 1 if run.error else status


def _named(
    name: str, place: Path | None, known: "dict[str, Source]", home: Path, trust: str | None
) -> "Iterator[Source]":
    """The sources that are meant: all that are configured, one of them, or files in the name of one."""
    from dataclasses import replace  # noqa: PLC0415

    from biopsy.reports.claim import checked  # noqa: PLC0415
    from biopsy.reports.config import Source  # noqa: PLC0415
    from biopsy.reports.policy import Policy  # noqa: PLC0415
    from biopsy.reports.sources import Settings  # noqa: PLC0415

    if place is not None:
        kind = "directory" if place.is_dir() else "file"
        policy = known[name].policy if name in known else Policy(ids=False)
        policy = replace(policy, trust=trust) if trust else policy
        yield Source(checked(name), kind, Settings(str(place), home / "sources" / name), policy)
        return
    if not known:
        raise UsageError(f"no sources are named in {home / 'reports.toml'}: name a source and a place")
    if name and name not in known:
        raise UsageError(f"no source {name!r} is named; there are: {', '.join(sorted(known))}")
    for key, one in known.items():
        if key == name or (not name and not one.disabled):
            yield one
