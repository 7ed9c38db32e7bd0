"""`biopsy reports init`: an empty database."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.reporting import database_option, opened
from biopsy.formats.views.visible import visible


@click.command("init")
@database_option
@home_option
def command(home: Path, database: Path | None) -> None:
    """Make an empty database; one that is there stays as it is. `import`, `ingest` and `add` do it, too."""
    with opened(home, database, create=True) as held:
        count = held.total()
    click.echo(visible(f"reports are kept in {database or home / 'reports.db'}: {count:,} of them"))
