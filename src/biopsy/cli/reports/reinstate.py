"""`biopsy reports reinstate`: what was withdrawn stands again."""

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

REINSTATE = """
Examples
  biopsy reports reinstate npm/thing --reason "the token was stolen again"
  biopsy reports reinstate --dry-run MAL-2026-1 MAL-2026-2 --reason "withdrawn by mistake"

Versions that were cleared count again, too. What one command withdrew, another
puts back with its reasons: biopsy reports undo BATCH.
"""


@click.command("reinstate", cls=Taught, epilog=REINSTATE)
@click.argument("words", metavar="ID|ECOSYSTEM/NAME...", nargs=-1, required=True)
@reason_option
@evidence_option
@actor_option
@dry_option
@database_option
@home_option
def command(words: tuple[str, ...], home: Path, database: Path | None, **asked: Any) -> None:
    """Take back withdrawals, and let cleared versions count again."""
    from biopsy.reports import ledger  # noqa: PLC0415 - slow to import, and --help is not

    decided(words, (home, database), asked, "reinstated", ledger.reinstate)
