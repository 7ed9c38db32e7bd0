"""`biopsy reports release`: every export of the database, as a folder to be served or copied."""

from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli import signing
from biopsy.cli.home import home_option
from biopsy.cli.options import plain_option, quiet_option
from biopsy.cli.progress import progress
from biopsy.cli.reporting import database_option, sources_option
from biopsy.cli.teach import Taught
from biopsy.formats.views.visible import visible

RELEASE = """
Examples
  biopsy reports release public/             write it; again, to bring it up to date
  biopsy serve --exports public/             serve it beside the API
  biopsy check --offline public/lookup.bin   look packages up without a database
  biopsy reports verify public/ --root FILE  whether it is as it was signed (see: keys)

What is in it (docs/exports.md says more)
  all.zip, ECOSYSTEM/all.zip, modified_id.csv     as osv.dev has them
  all.jsonl.zst, deltas/                          every report a line; what changed by hour and day
  lookup.bin                                      for biopsy check --offline
  osv-scanner/, osv-scalibr/, renovate/, safe-chain/, datadog/, scfw/
                                                  for these clients, in their own forms
  feeds/, iocs/                                   what happened (Atom, JSON); indicators (CSV, STIX)
  manifest.json                                   size and SHA-256 of every file
  tuf/, keys/, attestations.intoto.jsonl          signatures, once `biopsy reports keys init` was run

The same state of the database gives the same bytes. The folder is replaced as a whole: a run
that is stopped leaves the old one as it was. Files that stay the same keep their time.
"""


@click.command("release", cls=Taught, epilog=RELEASE)
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--sign/--no-sign", "signed", default=None, help="Default: sign where there are keys.")
@click.option("--force", is_flag=True, help="Write it anew, even if nothing changed.")
@sources_option
@database_option
@home_option
@plain_option
@quiet_option
def command(place: Path, home: Path, database: Path | None, **asked: Any) -> None:
    """Write every export of the database into a folder."""
    from biopsy.reports.exports import release  # noqa: PLC0415 - slow to import, and --help is not

    configured = asked["named"] or home / "reports.toml"
    signed = signing.there(home) if asked["signed"] is None else asked["signed"]
    wanted = signing.asked(home, configured, signed=signed)
    seal = signing.Seal(home, configured) if signed else None
    with progress(quiet=asked["quiet"], colour=False if asked["plain"] else None) as told:
        made = release(database or home / "reports.db", place, told, seal, asked=wanted, force=asked["force"])
    if seal and seal.done:
        click.echo(f"signed: {seal.done.files:,} files, until {seal.done.expires:%Y-%m-%dT%H:%M:%SZ}")
        if seal.done.warning:
            click.echo(seal.done.warning, err=True)
    if not made.written and not made.gone:
        click.echo(
            visible(f"{place} is up to date: {made.reports:,} reports, sequence {made.manifest.sequence:,}")
        )
        return
    same = len(made.manifest.files) - len(made.written)
    counts = f"{len(made.written):,} files written, {same:,} as they were, {len(made.gone):,} gone"
    click.echo(visible(f"{made.reports:,} reports, sequence {made.manifest.sequence:,}: {counts}"))
