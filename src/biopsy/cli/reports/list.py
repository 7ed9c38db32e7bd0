"""`biopsy reports list`: reports, or what was refused."""

from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import database_option, limit_option, opened, table
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError

LIST = """
Examples
  biopsy reports list                        what changed last
  biopsy reports list chalk                  a part of a name, or of an id
  biopsy reports list --state review -e npm  what waits for a person
  biopsy reports list --quarantine           what was refused, and why
  biopsy reports list -f json | jq '.[].id'  for programs

held waits until a time, review for a person (biopsy reports approve), rejected
never counts. Domains, hashes and look-alikes: biopsy reports search.
"""

STATES = ("published", "withdrawn", "held", "review", "rejected")


@click.command("list", cls=Taught, epilog=LIST)
@click.argument("text", metavar="[TEXT]", default="")
@click.option("--state", type=click.Choice(STATES), help="Only these.")
@click.option("--ecosystem", "-e", metavar="NAME", default="", help="Only of this: npm, PyPI, crates.io, …")
@click.option("--quarantine", is_flag=True, help="What was refused instead, and why.")
@limit_option
@form_option
@database_option
@home_option
def command(text: str, home: Path, database: Path | None, **asked: Any) -> None:
    """List reports, those that changed last first; TEXT is a part of a name, or of an id."""
    from biopsy.reports import naming  # noqa: PLC0415 - slow to import, and --help is not

    ecosystem = naming.known(asked["ecosystem"]) if asked["ecosystem"] else ""
    if ecosystem is None:
        raise UsageError(f"no ecosystem {asked['ecosystem']!r}; there are: {', '.join(sorted(naming.KNOWN))}")
    if asked["quarantine"] and (asked["state"] or ecosystem):
        raise UsageError("what is in quarantine is no report: it has neither a state nor an ecosystem")
    with opened(home, database) as held:
        if asked["quarantine"]:
            table(held.refused(asked["limit"], text), asked["form"], "nothing is in quarantine")
            return
        rows = held.search(text, asked["state"] or "", asked["limit"], ecosystem)
        table(rows, asked["form"], "no such report" if text or asked["state"] or ecosystem else "no reports")
