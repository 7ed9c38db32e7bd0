"""`biopsy reports publish`: a person approves what waits."""

from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.reporting import act, actor_option, database_option, opened
from biopsy.cli.teach import Taught
from biopsy.formats.views.visible import visible

PUBLISH = """
Examples
  biopsy reports publish npm/thing                     it gets its id, and is served
  biopsy reports publish npm/thing --dry-run
  biopsy reports publish npm/thing --reject --reason "a test of ours"
  biopsy reports publish npm/thing --reinstate         one that was withdrawn, too
"""


@click.command("publish", cls=Taught, epilog=PUBLISH)
@click.argument("words", metavar="ID|ECOSYSTEM/NAME...", nargs=-1, required=True)
@click.option("--reason", default="", metavar="TEXT", help="Why, and how one knows.")
@click.option("--evidence", default="", metavar="URL", help="Where it can be seen.")
@click.option("--reject", is_flag=True, help="Reject what waits, instead.")
@click.option("--reinstate", is_flag=True, help="Take back a withdrawal, too.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@actor_option
@database_option
@home_option
def command(words: tuple[str, ...], home: Path, database: Path | None, **asked: Any) -> None:
    """Approve what waits for a person, and publish it; or reject it."""
    from biopsy.reports import ledger  # noqa: PLC0415 - slow to import, and --help is not

    done = act(asked["actor"], asked["reason"], asked["evidence"])
    with opened(home, database) as held:
        found = ledger.find(held, words)
        if asked["dry_run"]:
            made = [
                (package, "would be rejected" if asked["reject"] else "would be published")
                for _, package in found
            ]
        elif asked["reject"]:
            held.settle(found, done, reject=True)
            made = [(package, "rejected") for _, package in found]
        else:
            with held.change():
                if asked["reinstate"]:
                    ledger.reinstate(held, found, done)
                made = ledger.publish(held, found, done)
    for package, what in made:
        click.echo(visible(f"{package.ecosystem}/{package.name}  {what}"))
