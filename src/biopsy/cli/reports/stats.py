"""`biopsy reports stats`: how many there are."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import database_option, opened, table
from biopsy.cli.teach import Taught

STATS = """
Examples
  biopsy reports stats                  by ecosystem and state
  biopsy reports stats --by source      whose records count, wait, echo
  biopsy reports stats --by month       by the month in which they were published
  biopsy reports stats --by reason      why reports were withdrawn
  biopsy reports stats --by source -f json
"""

BY = ("ecosystem", "source", "month", "reason")


@click.command("stats", cls=Taught, epilog=STATS)
@click.option(
    "--by", type=click.Choice(BY), default="ecosystem", show_default=True, help="What is counted by."
)
@form_option
@database_option
@home_option
def command(by: str, form: str, home: Path, database: Path | None) -> None:
    """Count reports by ecosystem and state, source, month, or reason of withdrawal."""
    with opened(home, database) as held:
        table(held.counts(by), form, "no reports")
