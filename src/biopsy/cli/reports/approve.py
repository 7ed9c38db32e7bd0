"""`biopsy reports approve`: a person lets what waits count, or says that it never will."""

from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import (
    act,
    actor_option,
    database_option,
    dry_option,
    evidence_option,
    opened,
    said,
    table,
    trial,
)
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError

APPROVE = """
Examples
  biopsy reports approve                            what waits, why, and until when
  biopsy reports approve npm/thing --reason "seen"  count it: it gets its id, and is served
  biopsy reports approve npm/thing --dry-run
  biopsy reports approve npm/thing --reinstate --reason "reinfected"
  biopsy reports approve npm/thing --reject --reason "a test of ours"

What is rejected is kept, and never counts. Both can be undone:
biopsy reports undo BATCH.
"""


@click.command("approve", cls=Taught, epilog=APPROVE)
@click.argument("words", metavar="[ID|ECOSYSTEM/NAME]...", nargs=-1)
@click.option("--reject", is_flag=True, help="Keep it, and never count it.")
@click.option("--reinstate", is_flag=True, help="Take back a withdrawal, too.")
@click.option("--reason", default="", metavar="TEXT", help="Why, and how one knows.")
@evidence_option
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="Of the list."
)
@form_option
@actor_option
@dry_option
@database_option
@home_option
def command(words: tuple[str, ...], home: Path, database: Path | None, **asked: Any) -> None:
    """Let what waits on packages count and be served, or reject it; without a package, list what waits."""
    from biopsy.reports import ledger  # noqa: PLC0415 - slow to import, and --help is not

    if asked["reject"] and asked["reinstate"]:
        raise UsageError("either --reject or --reinstate")
    done = act(asked["actor"], asked["reason"], asked["evidence"])
    if not words:
        with opened(home, database) as held:
            table(held.waiting(asked["limit"]), asked["form"], "nothing waits")
        return
    with opened(home, database) as held, trial(held, keep=not asked["dry_run"]):
        found = ledger.find(held, words)
        if asked["reject"]:
            ledger.reject(held, found, done)
        else:
            if asked["reinstate"]:
                gone = [one for one in found if held.state(one[0]) == "withdrawn"]
                ledger.reinstate(held, gone, done)
            ids = ledger.publish(held, found, done)
    if asked["reject"]:
        said([package for _, package in found], "rejected", done, dry=asked["dry_run"])
    else:
        said([package for package, _ in ids], "approved", done, [own for _, own in ids], dry=asked["dry_run"])
