"""`biopsy tokens`: who may change the database over HTTP."""

from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import table
from biopsy.cli.teach import Taught, TaughtGroup

CREATE = """
Examples
  biopsy tokens create lab --scope submit               what it sends waits for approval
  biopsy tokens create team --scope approve --scope withdraw --days 30

  curl -H "Authorization: Bearer $TOKEN" --data-binary @report.json \\
    http://127.0.0.1:8600/api/v1/write/submit

The token is shown once; only its hash is kept. Scopes:
  submit    send reports, which wait for approval
  publish   send reports that count at once
  approve   approve or reject what waits
  withdraw  withdraw and reinstate reports
  dispute   object to reports
  operate   retry and park jobs, pause and resume feeds, on the site
"""

tokens_option = click.option(
    "--tokens",
    "place",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file of tokens; default: tokens.db in BIOPSY_HOME.",
)


TOKENS = """
Examples
  biopsy tokens create scanner-7 --scope submit    prints it, once
  biopsy tokens list                               whose, for what, until when
  biopsy tokens revoke 3                           by its number in the list
"""


@click.group("tokens", cls=TaughtGroup, epilog=TOKENS)
def command() -> None:
    """Make, list and revoke tokens for writing over HTTP; reading needs none."""


@command.command("create", cls=Taught, epilog=CREATE)
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, metavar="SCOPE", help="What it is for.")
@click.option("--source", default="", metavar="ID", help="In whose name it reports; default: web-NAME.")
@click.option("--days", type=int, default=90, show_default=True, help="How long it is good.")
@tokens_option
@home_option
def create(name: str, place: Path | None, home: Path, **asked: Any) -> None:
    """Make a token, and print it."""
    from biopsy.reports.tokens import Tokens  # noqa: PLC0415 - slow to import, and --help is not

    kept = Tokens(place or home / "tokens.db")
    token, secret = kept.create(name, asked["scopes"], asked["days"], asked["source"])
    click.echo(f"token {token.id} of {name}, for {', '.join(token.scopes)}, until {token.expires}", err=True)
    click.echo(secret)


@command.command("list")
@form_option
@tokens_option
@home_option
def list_(form: str, place: Path | None, home: Path) -> None:
    """List tokens: what for, until when, and when each was used last."""
    from biopsy.reports.database import now  # noqa: PLC0415
    from biopsy.reports.tokens import Tokens  # noqa: PLC0415

    at = now()
    rows = [
        {
            "id": t.id, "name": t.name, "scopes": " ".join(t.scopes), "source": t.source,
            "state": t.state(at), "created": t.created, "expires": t.expires, "used": t.used,
        }
        for t in Tokens(place or home / "tokens.db").all()
    ]  # fmt: skip
    table(rows, form)


@command.command("revoke")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@tokens_option
@home_option
def revoke(ids: tuple[str, ...], place: Path | None, home: Path) -> None:
    """Make tokens good for nothing, from now on."""
    from biopsy.reports.tokens import Tokens  # noqa: PLC0415

    kept = Tokens(place or home / "tokens.db")
    for own in ids:
        token = kept.revoke(own)
        click.echo(f"{token.id} of {token.name} was revoked at {token.revoked}")
