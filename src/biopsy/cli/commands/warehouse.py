"""`biopsy warehouse`: keep what is kept in order."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, quiet_option
from biopsy.cli.teach import Taught, TaughtGroup

if TYPE_CHECKING:
    from biopsy.warehouse.pack import Packed

EPILOG = """
Examples
  biopsy warehouse pack                     what has landed becomes Parquet
  biopsy warehouse stats                    how much is kept
  biopsy warehouse verify                   is it what was written?
  biopsy warehouse sync s3://bucket/place   one warehouse of many machines

Asking it: biopsy query, biopsy trends.
"""

PACK = """
Examples
  biopsy warehouse pack          pack, and make few files of many
  biopsy warehouse pack --all    one file a table, ecosystem and day

May be killed at any moment, and several may be started: one waits for the
other. Run it every few minutes, from a timer.

Exit status
  1  something could not be packed; it stays where it landed
"""

VERIFY = """
Examples
  biopsy warehouse verify
  biopsy warehouse verify -f json

Exit status
  1  something is not as it was written
"""

SYNC = """
Examples
  biopsy warehouse sync s3://bucket/warehouse
  biopsy warehouse sync gs://bucket/warehouse
  biopsy warehouse sync file:///mnt/shared/warehouse

What is not there is sent, what is not here is taken in, and checked before it
counts. Nothing there is changed or removed. Credentials are found as the
vendor's own tools find them (AWS_…, GOOGLE_APPLICATION_CREDENTIALS, AZURE_…).
"""


@click.group("warehouse", cls=TaughtGroup, epilog=EPILOG)
def command() -> None:
    """Keep everything that was ever seen: pack, count, verify, share."""


@command.command("pack", cls=Taught, epilog=PACK)
@click.option("--all", "whole", is_flag=True, help="Compact everything, however little it gains.")
@click.option("--no-compact", is_flag=True, help="Only pack.")
@home_option
@quiet_option
def pack(home: Path, whole: bool, no_compact: bool, quiet: bool) -> int:  # noqa: FBT001
    """Turn what has landed into Parquet tables, and many small files into few."""
    from biopsy.cli.progress import progress  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.warehouse import Warehouse  # noqa: PLC0415
    from biopsy.warehouse.compact import FEW, Compactor  # noqa: PLC0415

    with progress(quiet=quiet) as report:
        packed = Warehouse(home).pack(report)
        few = 1 if whole else FEW
        made = None if no_compact else Compactor(home / "warehouse", report).compact(few)
    _say(packed)
    if made and made.files:
        click.echo(f"{made.of} files became {made.files}")
    return 1 if packed.left else 0


def _say(packed: "Packed") -> None:
    from biopsy.formats.views.visible import visible  # noqa: PLC0415

    known = f", {packed.known} were there already" if packed.known else ""
    click.echo(
        f"packed {packed.dossiers} dossiers and {packed.judgements} judgements: {packed.rows} rows{known}"
    )
    for left in packed.left:
        click.echo(visible(f"not packed: {left}"), err=True)


@command.command(
    "stats", cls=Taught, epilog="\nExamples\n  biopsy warehouse stats\n  biopsy warehouse stats -f json\n"
)
@form_option
@home_option
def stats(home: Path, form: str) -> None:
    """Say how much is kept: files, rows, bytes and days, by table."""
    from biopsy.formats.views import measure  # noqa: PLC0415
    from biopsy.warehouse import health  # noqa: PLC0415

    found = list(health.amounts(home))
    if form == "json":
        import msgspec  # noqa: PLC0415

        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    from biopsy.cli.tabling import tabled  # noqa: PLC0415

    rows = [
        [one.what, f"{one.files:,}", f"{one.rows:,}", measure.size(one.size), one.first, one.last]
        for one in found
    ]
    names = ("what", "files", "rows", "size", "first day", "last day")
    click.echo(tabled(names, rows, {1, 2, 3}, 100, colour=False).decode(), nl=False)
    dossiers = next((one.rows for one in found if one.what == "dossiers"), 0)
    if dossiers:
        packed = sum(one.size for one in found if not one.what.startswith("landed"))
        click.echo(f"\n{measure.size(packed // dossiers)} a packed dossier, all tables together")


@command.command("verify", cls=Taught, epilog=VERIFY)
@form_option
@home_option
@quiet_option
def verify(home: Path, form: str, quiet: bool) -> int:  # noqa: FBT001
    """Read everything, and compare it with what was written; look for dossiers that are kept twice."""
    from biopsy.cli.progress import progress  # noqa: PLC0415
    from biopsy.formats.views.visible import visible  # noqa: PLC0415
    from biopsy.warehouse import health  # noqa: PLC0415

    with progress(quiet=quiet) as report:
        found = list(health.wrong(home / "warehouse", report))
    if form == "json":
        import msgspec  # noqa: PLC0415

        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        for one in found:
            click.echo(visible(f"{one.path}: {one.why}"))
        click.echo(f"{len(found)} found" if found else "everything is as it was written")
    return 1 if any(one.lost for one in found) else 0


@command.command("sync", cls=Taught, epilog=SYNC)
@click.argument("url")
@home_option
@quiet_option
def sync(url: str, home: Path, quiet: bool) -> None:  # noqa: FBT001
    """Bring this warehouse and the one at URL together: s3:, gs:, az: or file:."""
    from biopsy.cli.progress import progress  # noqa: PLC0415
    from biopsy.formats.views import measure  # noqa: PLC0415
    from biopsy.warehouse.mirror import Mirror  # noqa: PLC0415

    with progress(quiet=quiet) as report:
        done = Mirror(home / "warehouse", url, report).sync()
    received = f"received {done.received} ({measure.size(done.received_bytes)})"
    click.echo(f"sent {done.sent} files ({measure.size(done.sent_bytes)}), {received}")
