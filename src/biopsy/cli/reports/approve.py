"""`biopsy reports approve`: let what waits count."""

from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import act, actor_option, database_option, opened, table
from biopsy.cli.teach import Taught

APPROVE = """
Examples
  biopsy reports approve                            what waits, why, and until when
  biopsy reports approve npm/thing --reason "seen"  count it, and give it an id
  biopsy reports approve --reject npm/thing         never count it; it is kept
"""


@click.command("approve", cls=Taught, epilog=APPROVE)
@click.argument("words", metavar="[ID|ECOSYSTEM/NAME]...", nargs=-1)
@click.option("--reject", is_flag=True, help="Keep it, and never count it.")
@click.option("--reason", default="", metavar="TEXT", help="Why, and how one knows.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True)
@form_option
@actor_option
@database_option
@home_option
def command(words: tuple[str, ...], home: Path, database: Path | None, **asked: Any) -> None:
    """Count claims that wait on packages, or list all that wait."""
    from biopsy.reports import collect, ledger  # noqa: PLC0415

    who = act(asked["actor"], asked["reason"])
    with opened(home, database) as held:
        if not words:
            table(held.waiting(asked["limit"]), asked["form"])
            return
        with held.change():
            count = held.settle(ledger.find(held, words), who, reject=asked["reject"])
            collect.tick(held, who.at)
    click.echo(f"{count} claims {'rejected' if asked['reject'] else 'approved'}")
