"""`biopsy reports draft`: analyses that found something malicious become reports, for a person to approve."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from biopsy.cli.complete import run_ids
from biopsy.cli.home import home_option
from biopsy.cli.reporting import database_option, opened
from biopsy.cli.teach import Taught
from biopsy.errors import BiopsyError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.model.dossier import Analysis

DRAFT = """
Examples
  biopsy reports draft RUN_ID                 keeps a draft, in review
  biopsy reports draft RUN_ID --print         only shows it
  biopsy reports show npm/thing               look at it
  biopsy reports approve npm/thing            approve it: it gets its id

A draft names exactly the version and file that were analysed. A later
analysis of the same release corrects it.
"""


@click.command("draft", cls=Taught, epilog=DRAFT)
@click.argument("runs", metavar="RUN_ID...", nargs=-1, required=True, shell_complete=run_ids)
@click.option("--print", "shown", is_flag=True, help="Print the record, and keep nothing.")
@database_option
@home_option
def command(runs: tuple[str, ...], shown: bool, home: Path, database: Path | None) -> None:  # noqa: FBT001
    """Draft reports from kept analyses whose verdict is malicious."""
    from biopsy import pipeline  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.reports.draft import draft  # noqa: PLC0415

    analyses = [pipeline.show(home, run) for run in runs]
    if not shown:
        keep(analyses, home, database)
        return
    for analysis in analyses:
        click.echo(json.dumps(draft(analysis), indent=2, ensure_ascii=False))


def keep(analyses: "Sequence[Analysis]", home: Path, database: Path | None = None) -> None:
    """Keep a draft of each in the database, made if it is not there, and say how it is approved."""
    from biopsy.reports import draft, validate  # noqa: PLC0415
    from biopsy.reports.database import now  # noqa: PLC0415
    from biopsy.reports.policy import Policy  # noqa: PLC0415
    from biopsy.reports.record import encode  # noqa: PLC0415

    objects = []
    for analysis in analyses:
        data = encode(draft.draft(analysis))
        checked = validate.check_bytes(draft.key(analysis), data)
        if not checked.valid:
            raise BiopsyError(f"{checked.name}: the draft is not valid: {checked.faults[0].why}")
        objects.append((checked.name, data))
        if not analysis.dossier.artifact.verified:
            why = "a file of this machine: nothing says that its registry has the same"
            click.echo(visible(f"{checked.name}: {why}"), err=True)
    with opened(home, database, create=True) as held:
        taken = held.take(draft.SOURCE, objects, now(), Policy(trust="approve", ids=False))
    for one in taken:
        if one.code:
            raise BiopsyError(f"{one.key}: {one.reason}")
        state = (
            f"drafted; to approve it: biopsy reports approve {one.key}" if one.new else "was drafted before"
        )
        click.echo(visible(f"{one.key}: {state}"), err=True)
