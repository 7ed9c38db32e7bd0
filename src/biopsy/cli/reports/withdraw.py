"""`biopsy reports withdraw`: take back what is wrong."""

from functools import partial
from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.reporting import (
    actor_option,
    database_option,
    decided,
    dry_option,
    evidence_option,
    reason_option,
)
from biopsy.cli.teach import Taught

WITHDRAW = """
Examples
  biopsy reports withdraw MAL-2026-1 --reason false-positive
  biopsy reports withdraw npm/thing --version 1.0.1 --reason "false-positive: built by its owner"
  biopsy reports withdraw --dry-run npm/a npm/b --reason duplicate
  biopsy reports undo BATCH                      puts back all that one command did

The reason begins with one of: false-positive, test, duplicate, name-reuse,
upstream-withdrawn, other. What follows a colon is for people. Nothing is
deleted: a withdrawn report is there by its id, and no query finds it. New
evidence on its name waits for a person: biopsy reports approve.
"""


@click.command("withdraw", cls=Taught, epilog=WITHDRAW)
@click.argument("words", metavar="ID|ECOSYSTEM/NAME...", nargs=-1, required=True)
@click.option("--version", "versions", multiple=True, metavar="V", help="Only this version. Repeatable.")
@reason_option
@evidence_option
@actor_option
@dry_option
@database_option
@home_option
def command(words: tuple[str, ...], home: Path, database: Path | None, **asked: Any) -> None:
    """Withdraw reports that are wrong, whole or by version; nothing is deleted."""
    from biopsy.reports import ledger  # noqa: PLC0415 - slow to import, and --help is not

    versions = asked["versions"]
    what = f"withdrawn in {', '.join(versions)}" if versions else "withdrawn"
    decided(words, (home, database), asked, what, partial(ledger.withdraw, versions=versions))
