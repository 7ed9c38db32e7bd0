"""`biopsy reports undo`: put back what one command decided."""

from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.reporting import act, actor_option, database_option, dry_option, opened, said, trial
from biopsy.cli.teach import Taught

UNDO = """
Examples
  biopsy reports log                          names the batch of every decision
  biopsy reports undo 0f3c1d2e4a5b --dry-run
  biopsy reports undo 0f3c1d2e4a5b --reason "the list was last year's"

What was published cannot be unseen: a report whose approval is undone is
withdrawn, and keeps its id. Where somebody decided on one of the reports since,
nothing is undone, and it is said what stands in the way.
"""


@click.command("undo", cls=Taught, epilog=UNDO)
@click.argument("batch")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@actor_option
@dry_option
@database_option
@home_option
def command(batch: str, home: Path, database: Path | None, **asked: Any) -> None:
    """Put back everything that one command decided; `log` names the batches."""
    from biopsy.reports import ledger  # noqa: PLC0415 - slow to import, and --help is not

    done = act(asked["actor"], asked["reason"] or f"batch {batch}")
    with opened(home, database) as held, trial(held, keep=not asked["dry_run"]):
        found = ledger.undoing(held, batch)
        ledger.undo(held, batch, done)
    packages = list(dict.fromkeys(package for package, _ in found))
    said(packages, "put back", done, dry=asked["dry_run"])
