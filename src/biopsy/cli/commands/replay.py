"""`biopsy replay`: the rules of today over everything that is kept. No sandbox is touched."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import document_option, output_option, plain_option, quiet_option, rules_option
from biopsy.cli.progress import progress
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError
from biopsy.formats import replay as forms
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.cli.progress import Report
    from biopsy.model.replay import Replayed
    from biopsy.pipeline.replay import Asked

EXAMPLES = """
Examples
  biopsy replay                            what would the rules of today change?
  biopsy replay --rules ./my-rules         what would these?
  biopsy replay --since 30d --ecosystem npm
  biopsy replay --all -o changes.json
  biopsy replay --write                    keep the new verdicts, draft reports

Nothing is fetched or run. It can be stopped at any moment, with Ctrl-C too:
asked the same again within a day, it goes on where it stopped.
"""

STOPPED = 130


@click.command("replay", cls=Taught, epilog=EXAMPLES)
@rules_option
@click.option(
    "--since", default="", metavar="DATE|30d", help="Only dossiers made since a day, or in the last days."
)
@click.option("--ecosystem", default="", metavar="NAME", help="Only those of one: pypi, npm, …")
@click.option("--write", is_flag=True, help="Keep the verdicts that are new; policy decides on reports.")
@click.option("--no-reports", is_flag=True, help="With --write: touch no report.")
@click.option(
    "--jobs", "-j", type=click.IntRange(1, 256), metavar="N", help="Processes; default: one a core."
)
@click.option("--fresh", is_flag=True, help="From the beginning, even if an earlier one was stopped.")
@click.option("--all", "every", is_flag=True, help="Show other reasons and first verdicts, too.")
@document_option(forms.names())
@output_option
@home_option
@plain_option
@quiet_option
def command(form: str | None, output: Path | None, every: bool, **asked: Any) -> int:  # noqa: FBT001
    """Judge all that is kept by the rules of today; say which verdicts would change, and why."""
    from biopsy.cli.output import choose, write  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.pipeline.replay import Asked  # noqa: PLC0415

    if asked["no_reports"] and not asked["write"]:
        raise UsageError("--no-reports says what --write leaves out; without --write no report is touched")
    wanted = Asked(
        asked["home"], asked["rules"], _since(asked["since"]), asked["ecosystem"],
        asked["write"], not asked["no_reports"], asked["jobs"] or 0, asked["fresh"],
    )  # fmt: skip
    colour = False if asked["plain"] else None
    with progress(quiet=asked["quiet"], colour=colour) as told:
        replayed, stopped = _run(wanted, told)
    chosen = forms.by_name(choose(form, output, forms))
    extra = {"every": every} if chosen is forms.by_name("text") else {}
    write((replayed,), chosen, output, colour=colour, **extra)
    if output is not None:
        turned = len(replayed.turned)
        click.echo(visible(f"biopsy: {turned:,} verdicts differ; all is in {output}"), err=True)
    return STOPPED if stopped else 2 if replayed.unreadable else 0


def _run(asked: "Asked", told: "Report") -> "tuple[Replayed, bool]":
    """Go through all parts; whoever interrupts gets what there is."""
    from biopsy.pipeline.replay import run  # noqa: PLC0415

    told("looking up verdicts", None)
    replayed = None
    try:
        for replayed in run(asked):
            share = replayed.done / replayed.parts if replayed.parts else 1.0
            told(f"{replayed.read:,} of {replayed.dossiers:,} dossiers", share)
    except KeyboardInterrupt:
        if replayed is None:
            raise
        return replayed, True
    assert replayed is not None  # it says at least that there is nothing
    return replayed, False


def _since(text: str) -> str:
    """A day, a time, or so many days before now, as RFC 3339."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415

    days = text.removesuffix("d")
    try:
        if not text:
            return ""
        if days != text and days.isdecimal():
            return f"{datetime.now(UTC) - timedelta(days=int(days)):%Y-%m-%d}"
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as err:
        raise UsageError(
            f"--since {text!r}: write a day (2026-11-22), a time (2026-11-22T10:00:00Z) or 30d"
        ) from err
    if "T" not in text:
        return f"{found:%Y-%m-%d}"
    return f"{found.astimezone(UTC) if found.tzinfo else found:%Y-%m-%dT%H:%M:%SZ}"
