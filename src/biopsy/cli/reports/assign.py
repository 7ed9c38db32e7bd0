"""`biopsy reports assign`: ids for reports that have none."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.reporting import act, actor_option, database_option, dry_option, opened, said, trial
from biopsy.cli.teach import Taught

ASSIGN = """
Examples
  biopsy reports assign --dry-run       which reports would get an id
  biopsy reports assign                 MAL-2026-17 follows MAL-2026-16

`ingest`, `add` and `approve` do this themselves; it is for what was imported
without an id. An id is of the year in which the report was published; it is
never given to another package, withdrawn or not.
"""


@click.command("assign", cls=Taught, epilog=ASSIGN)
@actor_option
@dry_option
@database_option
@home_option
def command(actor: str | None, dry_run: bool, home: Path, database: Path | None) -> None:  # noqa: FBT001
    """Give an id to every published report that has none."""
    from biopsy.reports import ledger  # noqa: PLC0415 - slow to import, and --help is not

    done = act(actor)
    with opened(home, database) as held, trial(held, keep=not dry_run):
        made = ledger.assign(held, done)
    said([package for package, _ in made], "given an id", None, [own for _, own in made], dry=dry_run)
