"""`biopsy show`: kept analyses again, judged by the rules of today."""

from pathlib import Path
from typing import Any

import rich_click as click

from biopsy import formats
from biopsy.cli.complete import run_ids
from biopsy.cli.home import home_option
from biopsy.cli.options import document_option, output_option, plain_option, rules_option
from biopsy.cli.teach import Taught
from biopsy.formats import names
from biopsy.formats.views.visible import visible

EXAMPLES = """
Examples
  biopsy show                                 which analyses are kept
  biopsy show RUN_ID
  biopsy show RUN_ID -o report.html
  biopsy show RUN_ID --against OTHER_RUN_ID   what became of it since?
  biopsy show RUN_ID --rules ./my-rules       what would these rules say?
"""


@click.command("show", cls=Taught, epilog=EXAMPLES)
@click.argument("run_id", required=False, shell_complete=run_ids)
@document_option(names())
@output_option
@click.option(
    "--against",
    metavar="RUN_ID",
    shell_complete=run_ids,
    help="The kept analysis to compare with, or none. Default: that of the release before.",
)
@rules_option
@home_option
@plain_option
def command(run_id: str | None, home: Path, **options: Any) -> None:
    """Show an analysis made before, or list them. Nothing is run again; the rules of today judge it.

    RUN_ID is in every report, and the last line of the text form names it.
    """
    if run_id is None:
        _list(home)
        return
    from biopsy import pipeline  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.cli import output as out  # noqa: PLC0415

    analysis = pipeline.show(home, run_id, options["rules"], options["against"])
    form = out.choose(options["form"], options["output"], formats)
    out.write(
        [analysis], formats.by_name(form), options["output"], colour=False if options["plain"] else None
    )


def _list(home: Path) -> None:
    from biopsy.warehouse import Warehouse  # noqa: PLC0415

    kept = Warehouse(home).recent()
    for dossier in kept:
        run = "read only" if dossier.static_only else "run"
        name = f"{dossier.release.ecosystem}:{dossier.release.name}@{dossier.release.version}"
        words = (dossier.run_id, dossier.created, f"{run:9}", name, dossier.artifact.filename)
        click.echo(visible("  ".join(words)))
    if not kept:
        click.echo("nothing is kept yet: biopsy analyze TARGET")
