"""`biopsy reports show`: one report, and who says what."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import compat_option, database_option, opened, table
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.reports.database import Database

SHOW = """
Examples
  biopsy reports show npm/thing               who says what, since when, on what evidence
  biopsy reports show MAL-2026-1 -f json      the report, as it is exported
  biopsy reports show GHSA-x1y2-z3w4-v5u6     by an alias
  biopsy reports show npm/thing --claims      every record it is computed from, old ones too
  biopsy reports show npm/thing --original    the records, to the byte as they came
  biopsy reports show npm/thing --compat      as the existing tools would have merged it
"""


@click.command("show", cls=Taught, epilog=SHOW)
@click.argument("word", metavar="ID|ECOSYSTEM/NAME")
@click.option("--claims", is_flag=True, help="The records that it is computed from, instead.")
@click.option("--original", is_flag=True, help="These records as they came, instead.")
@compat_option
@form_option
@database_option
@home_option
def command(word: str, home: Path, database: Path | None, **asked: Any) -> None:
    """Show a report, by its id, an alias, or its package: who says so, since when, on what evidence."""
    if sum((asked["claims"], asked["original"], asked["compat"])) > 1:
        raise UsageError("one of --claims, --original and --compat")
    with opened(home, database) as held:
        found = held.lookup(word)
        if not found:
            raise UsageError(f"{word}: no report has this id or alias, or is on a package of this name")
        for number in found:
            if asked["claims"]:
                table(_claims(held, number), asked["form"])
            elif asked["original"]:
                _originals(held, number)
            else:
                _show(held, number, compat=asked["compat"], form=asked["form"])


def _show(held: "Database", number: int, *, compat: bool, form: str) -> None:
    report = _added(held, number) if compat else held.document(number)
    if report is None:
        raise UsageError("nothing that counts was said of it yet: biopsy reports approve lists what waits")
    if form == "json" or compat:
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    from biopsy.cli.card import card  # noqa: PLC0415 - slow to import, and --help is not

    for line in card(report, held.state(number), held.claims(number)):
        click.echo(visible(line))


def _added(held: "Database", number: int) -> "dict[str, Any] | None":
    from biopsy.reports import additive  # noqa: PLC0415

    report, left = additive.added(held.claims(number), held.decided(number))
    for claim in left:
        click.echo(visible(f"not merged: {claim.key} of {claim.source}"), err=True)
    return report


def _claims(held: "Database", number: int) -> list[dict[str, Any]]:
    return [
        {
            "source": c.source, "key": c.key, "state": c.state, "modified": c.modified,
            "imported": c.imported, "withdrawn": c.withdrawn, "sha256": c.sha256,
        }
        for c in held.claims(number)
    ]  # fmt: skip


def _originals(held: "Database", number: int) -> None:
    for sha256 in dict.fromkeys(claim.sha256 for claim in held.claims(number)):
        data = held.original(sha256)
        if data is not None:
            click.echo(data, nl=not data.endswith(b"\n"))
