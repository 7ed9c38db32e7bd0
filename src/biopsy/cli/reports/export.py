"""`biopsy reports export`: the directory layout of OSV."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import quiet_option
from biopsy.cli.progress import progress
from biopsy.cli.reporting import compat_option, database_option, opened
from biopsy.cli.teach import Taught

EXPORT = """
Examples
  biopsy reports export out/                      a new folder
  biopsy reports export malicious-packages/       into a clone: what changed is written
  biopsy reports export --compat malicious-packages/

malicious/ holds what stands, withdrawn/ what was withdrawn, unmergable/ what
waits for a person. A file of a report that stands elsewhere now is removed; one
that the database does not know is left alone, and counted.

--compat writes reports as the existing tools do: what sources said is added up,
nothing is taken back, and an imported file that no source added to stays as it
was, to the byte.
"""


@click.command("export", cls=Taught, epilog=EXPORT)
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@compat_option
@database_option
@home_option
@quiet_option
def command(place: Path, home: Path, database: Path | None, compat: bool, quiet: bool) -> None:  # noqa: FBT001
    """Write every report into a folder, in the OSV layout; only what changed is written."""
    from biopsy.reports import layout  # noqa: PLC0415 - slow to import, and --help is not

    with opened(home, database) as held, progress(quiet=quiet) as told:
        total = held.total()

        def tell(count: int) -> None:
            told(f"{count:,} of {total:,} reports", count / total if total else 1.0)

        made = layout.write(place, layout.of(held, additive=compat), held.knows, tell)
    left = f", {made.left:,} left that the database does not have" if made.left else ""
    click.echo(f"{made.changed:,} files written, {made.stale:,} removed{left}")
