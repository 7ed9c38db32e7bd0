"""`biopsy reports import`: a repository in the OSV layout is taken over."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import quiet_option
from biopsy.cli.progress import progress
from biopsy.cli.reporting import database_option, opened, refusals
from biopsy.cli.teach import Taught

IMPORT = """
Examples
  biopsy reports import malicious-packages/      a clone of the OpenSSF repository
  biopsy reports export malicious-packages/      and back: files that say the same stay

Ids and paths stay as they are. What stands in unmergable/ waits for a person:
biopsy reports approve. What has no id yet gets one: biopsy reports assign.
Importing again takes in what changed; files that are gone take nothing back.

Exit status
  0  all was taken in, or had been before
  1  something went to quarantine: biopsy reports list --quarantine
"""


@click.command("import", cls=Taught, epilog=IMPORT)
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--source", default="malicious-packages", show_default=True, help="What to call it.")
@database_option
@home_option
@quiet_option
def command(place: Path, source: str, home: Path, database: Path | None, quiet: bool) -> int:  # noqa: FBT001
    """Take over a repository in the OSV layout: osv/malicious, osv/withdrawn, osv/unmergable."""
    from biopsy.reports import claim, layout  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.reports.database import now  # noqa: PLC0415
    from biopsy.reports.policy import Policy  # noqa: PLC0415
    from biopsy.reports.sources import batches  # noqa: PLC0415

    claim.checked(source)
    layout.root(place)
    stands, asked = Policy(trust="publish"), Policy(trust="approve")
    seen = new = waiting = 0
    refused = []
    with opened(home, database, create=True) as held, progress(quiet=quiet) as told:
        for batch in batches(layout.read(place)):
            at = now()
            for waits, policy in ((False, stands), (True, asked)):
                some = [one for one in batch.objects if one[0].startswith("unmergable/") is waits]
                for one in held.take(source, some, at, policy):
                    new += one.new
                    waiting += one.waiting
                    if one.code:
                        refused.append((one.key, one.reason))
            seen += len(batch.objects)
            told(f"{seen:,} read, {new:,} new, {len(refused):,} in quarantine", None)
    waits_too = f", {waiting:,} wait: biopsy reports approve" if waiting else ""
    click.echo(f"{seen:,} read, {new:,} new, {len(refused):,} in quarantine{waits_too}")
    return refusals(refused)
