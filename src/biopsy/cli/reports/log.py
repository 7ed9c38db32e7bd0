"""`biopsy reports log`: who changed what, when and why."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import database_option, limit_option, opened, table
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError

LOG = """
Examples
  biopsy reports log                    everything, the newest first
  biopsy reports log npm/thing          what happened to one report
  biopsy reports log --decisions        only what people decided, with batches

The log only ever grows. A batch is what one command did together:
biopsy reports undo BATCH takes it back.
"""


@click.command("log", cls=Taught, epilog=LOG)
@click.argument("word", metavar="[ID|ECOSYSTEM/NAME]", default="")
@click.option("--decisions", is_flag=True, help="Only what people decided, not what sources said.")
@limit_option
@form_option
@database_option
@home_option
def command(word: str, limit: int, form: str, home: Path, database: Path | None, decisions: bool) -> None:  # noqa: FBT001, PLR0917
    """Say who changed what, when and why; the newest first."""
    with opened(home, database) as held:
        if word and not held.lookup(word):
            raise UsageError(f"{word}: no report has this id or alias, or is on a package of this name")
        table(held.history(word, limit, decisions=decisions), form, "nothing happened yet")
