"""`biopsy reports tick`: publish what is due."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.reporting import database_option, opened


@click.command("tick")
@database_option
@home_option
def command(home: Path, database: Path | None) -> None:
    """Publish what was held until now, and give it ids; `ingest` does the same."""
    from biopsy.reports import collect  # noqa: PLC0415
    from biopsy.reports.database import now  # noqa: PLC0415

    with opened(home, database) as held:
        count = collect.tick(held, now())
    click.echo(f"{count} claims were due")
