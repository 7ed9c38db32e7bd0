"""`biopsy site`: what the web site keeps beside the warehouse."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, quiet_option
from biopsy.cli.reporting import database_option
from biopsy.cli.teach import Taught, TaughtGroup
from biopsy.errors import UsageError

EPILOG = """
Examples
  biopsy site index              bring the index up to date, and end
  biopsy site index --rebuild    throw it away, and make it again
  biopsy site audit              what operators did

The site itself: biopsy serve, which keeps the index current as it runs.
"""

INDEX = """
Examples
  biopsy site index
  biopsy site index --rebuild

Pages read an index of all that is in the warehouse and the report database,
BIOPSY_HOME/site/index.db. Nothing is only there: it may be deleted. May be
killed at any moment; what was read stays read.

Exit status
  2  another process writes it (biopsy serve): it is current anyway
"""

AUDIT = """
Examples
  biopsy site audit
  biopsy site audit -n 500

What operators did on the site, the newest last: when, who, from where, what,
to what, and how it ended. The log is BIOPSY_HOME/site/audit.jsonl.
"""


@click.group("site", cls=TaughtGroup, epilog=EPILOG)
def command() -> None:
    """Keep the web site's index, and see what operators did."""


@command.command("index", cls=Taught, epilog=INDEX)
@click.option("--rebuild", is_flag=True, help="Throw the index away first.")
@database_option
@home_option
@quiet_option
def index(home: Path, database: Path | None, rebuild: bool, quiet: bool) -> None:  # noqa: FBT001
    """Bring the site's index up to what is in the warehouse and the report database."""
    from biopsy.cli.progress import progress  # noqa: PLC0415 - slow to import, and --help is not

    try:
        from biopsy.web.site.index.file import throw_away, writing  # noqa: PLC0415
        from biopsy.web.site.index.following import Follower  # noqa: PLC0415
        from biopsy.web.site.index.reading import Index  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("the site needs more than the core: pip install 'biopsy[web,warehouse]'") from error
    if rebuild:
        throw_away(home)
    with progress(quiet=quiet) as report, writing(home) as db:

        def told(what: str, done: int, of: int) -> None:
            report(f"reading {what}", done / of if of else None)

        follower = Follower(home, (database or home / "reports.db").absolute(), told)
        while follower.step(db):
            pass
    counts = Index(home).counts()
    out = counts.reports + counts.withdrawn
    click.echo(f"{counts.analyses:,} analyses of {counts.packages:,} packages, {out:,} reports")


@command.command("audit", cls=Taught, epilog=AUDIT)
@click.option(
    "-n", "count", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many, at most."
)
@form_option
@home_option
def audit(home: Path, count: int, form: str) -> None:
    """Show what operators did on the site, the newest last."""
    import msgspec  # noqa: PLC0415 - slow to import, and --help is not

    from biopsy.formats.views.visible import visible  # noqa: PLC0415
    from biopsy.web.site.accounts.audit import NAME, Audit  # noqa: PLC0415

    entries = tuple(reversed(Audit(home / "site" / NAME).last(count)))
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(entries), indent=2).decode())
        return
    for one in entries:
        words = (
            one.at,
            one.who or "nobody",
            one.address,
            one.action,
            one.about,
            one.result,
            one.reason,
            one.detail,
        )
        click.echo("  ".join(visible(word, limit=200) for word in words if word))
