"""`biopsy reports reinstate`: what was withdrawn stands again."""

from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.reporting import (
    act,
    actor_option,
    database_option,
    dry_option,
    evidence_option,
    opened,
    said,
    trial,
)
from biopsy.cli.teach import Taught

REINSTATE = """
Examples
  biopsy reports reinstate npm/thing --reason "the token was stolen again"
  biopsy reports reinstate --dry-run MAL-2026-1 MAL-2026-2 --reason "withdrawn by mistake"

Versions that were cleared count again, too. What one command withdrew, another
puts back with its reasons: biopsy reports undo BATCH.
"""


@click.command("reinstate", cls=Taught, epilog=REINSTATE)
@click.argument("words", metavar="ID|ECOSYSTEM/NAME...", nargs=-1, required=True)
@click.option("--reason", required=True, metavar="TEXT", help="Why, and how one knows.")
@evidence_option
@actor_option
@dry_option
@database_option
@home_option
def command(words: tuple[str, ...], home: Path, database: Path | None, **asked: Any) -> None:
    """Take back withdrawals, and let cleared versions count again."""
    from biopsy.reports import ledger  # noqa: PLC0415 - slow to import, and --help is not

    done = act(asked["actor"], asked["reason"], asked["evidence"])
    with opened(home, database) as held, trial(held, keep=not asked["dry_run"]):
        found = ledger.find(held, words)
        ledger.reinstate(held, found, done)
    said([package for _, package in found], "reinstated", done, dry=asked["dry_run"])
