"""`biopsy import`: what others found out about packages becomes dossiers."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import quiet_option
from biopsy.cli.teach import Taught, TaughtGroup

REFUSED = 1
MAX_TOLD = 20

EPILOG = """
Examples
  biopsy import package-analysis results/        a bucket, copied to a folder
  biopsy import package-analysis export.ndjson   rows of its table in BigQuery
  biopsy replay                                  what our rules say of it all

Dynamic and static results are told apart by what is in them; execution logs and
write buffers are passed over. Importing the same again changes nothing.
What Package Analysis does not record cannot be judged: the order within a
phase, who did what, what was sent. Nothing imported is ever called benign.

Exit status
  0  everything was taken over
  1  something could not be read: it is named, and the rest was taken over
"""


IMPORT = """
Examples
  biopsy import package-analysis results/    what the Package Analysis project found out
"""


@click.group("import", cls=TaughtGroup, epilog=IMPORT)
def command() -> None:
    """Take over what others found out about packages, for our rules to judge."""


@command.command("package-analysis", cls=Taught, epilog=EPILOG)
@click.argument(
    "places", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--dry-run", is_flag=True, help="Only say what would be taken over.")
@home_option
@quiet_option
def package_analysis(places: tuple[Path, ...], dry_run: bool, home: Path, quiet: bool) -> int:  # noqa: FBT001
    """Take over results of OpenSSF Package Analysis: JSON files, JSON lines, folders of them."""
    from biopsy.cli.progress import progress  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.formats.views import measure  # noqa: PLC0415
    from biopsy.formats.views.visible import visible  # noqa: PLC0415
    from biopsy.warehouse import Warehouse, interchange  # noqa: PLC0415

    warehouse = Warehouse(home)
    taken = passed = refused = 0
    with progress(quiet=quiet) as told:
        for path in (path for place in places for path in interchange.documents(place)):
            for one in interchange.read(path):
                if isinstance(one, interchange.Passed):
                    passed, refused = passed + (not one.odd), refused + one.odd
                    if one.odd and refused <= MAX_TOLD:
                        click.echo(visible(f"not taken over  {one.place}: {one.why}"), err=True)
                    continue
                taken += 1
                if not dry_run:
                    warehouse.add(one)
                told(f"{measure.many(taken, 'result')} taken over", None)
    more = f", {passed:,} other files passed over" if passed else ""
    said = "would be taken over" if dry_run else "taken over"
    click.echo(f"{taken:,} {said}{more}, {refused:,} could not be read")
    return REFUSED if refused else 0
