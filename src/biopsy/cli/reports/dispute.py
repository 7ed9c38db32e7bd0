"""`biopsy reports dispute`: objections to reports, and what becomes of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import act, actor_option, database_option, opened, table
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.reports.disputes import Dispute

DISPUTE = """
Examples
  biopsy reports dispute npm/thing --reason "ours since 2026" --proof "dns: TXT of thing.dev"
  biopsy reports dispute MAL-2026-1 --version 1.0.2 --reason "rebuilt, clean"
  biopsy reports dispute --list --state open
  biopsy reports dispute --accept 7 --reason "the TXT record is there"
  biopsy reports dispute --reject 7 --reason "the token was stolen in March"

Accepting withdraws the report, or clears the versions that it is about;
biopsy reports undo BATCH puts it back. The report shows its disputes.
"""


@click.command("dispute", cls=Taught, epilog=DISPUTE)
@click.argument("word", metavar="[ID|ECOSYSTEM/NAME]", default="")
@click.option("--version", "versions", multiple=True, metavar="V", help="Only about these versions.")
@click.option("--reason", default="", metavar="TEXT", help="What is wrong, and how one knows.")
@click.option("--proof", default="", metavar="HOW: TEXT", help="dns, registry, repository, mail or none.")
@click.option("--accept", type=int, metavar="N", help="Accept dispute N.")
@click.option("--reject", type=int, metavar="N", help="Reject dispute N.")
@click.option("--list", "listed", is_flag=True, help="List disputes, with when they are due.")
@click.option("--state", type=click.Choice(("open", "accepted", "rejected")), help="Only these.")
@form_option
@actor_option
@database_option
@home_option
def command(word: str, home: Path, database: Path | None, **asked: Any) -> None:
    """Object to a report, answer an objection, or list them."""
    from biopsy.reports import ledger  # noqa: PLC0415 - slow to import, and --help is not

    done = act(asked["actor"], asked["reason"])
    number = asked["accept"] or asked["reject"]
    if bool(word) + bool(number) + asked["listed"] != 1 or (asked["accept"] and asked["reject"]):
        raise UsageError("either a report to object to, or --accept N, or --reject N, or --list")
    with opened(home, database) as held:
        if asked["listed"]:
            _list(held.disputes(state=asked["state"] or ""), asked["form"])
        elif number:
            package = ledger.answer(held, number, done, accept=bool(asked["accept"]))
            what = "accepted" if asked["accept"] else "rejected"
            words = f"dispute {number} on {package.ecosystem}/{package.name} {what}"
            click.echo(visible(words))
            click.echo(f"to take it back: biopsy reports undo {done.batch}")
        else:
            for which in ledger.find(held, [word]):
                opened_as = ledger.dispute(held, which, done, asked["versions"], asked["proof"])
                click.echo(visible(f"dispute {opened_as} on {which[1].ecosystem}/{which[1].name} is open"))


def _list(found: "list[Dispute]", form: str) -> None:
    rows = [
        {
            "number": d.number, "state": d.state, "ecosystem": d.package.ecosystem, "name": d.package.name,
            "versions": list(d.versions) if form == "json" else ", ".join(d.versions) or "all",
            "opened": d.opened, "due": d.due, "closed": d.closed, "by": d.actor, "proof": d.proof,
            "reason": d.reason,
        }
        for d in found
    ]  # fmt: skip
    table(rows, form, "no disputes")
