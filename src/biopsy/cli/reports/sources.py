"""`biopsy reports sources`: how each source is doing."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import configuration, database_option, opened, sources_option, table
from biopsy.cli.teach import Taught

SOURCES = """
Sources are named in reports.toml of BIOPSY_HOME; `biopsy reports ingest` reads them.

Exit status
  0  all is well, or was never read, or is disabled
  1  a source is failing, or has been silent for longer than it says
"""


@click.command("sources", cls=Taught, epilog=SOURCES)
@sources_option
@form_option
@database_option
@home_option
def command(home: Path, database: Path | None, named: Path | None, form: str) -> int:
    """Say how each source is doing: when it was asked, what came, what waits, what went wrong."""
    from biopsy.reports import collect  # noqa: PLC0415
    from biopsy.reports.database import now  # noqa: PLC0415

    with opened(home, database) as held:
        rows = collect.health(held, configuration(home, named), now())
    table(rows, form, "no sources: biopsy reports ingest --help says how they are named")
    return int(any(row["state"] in {"failing", "silent"} for row in rows))
