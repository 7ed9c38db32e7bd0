"""`biopsy compare`: what one release does that another does not."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.complete import targets
from biopsy.cli.home import home_option
from biopsy.cli.options import (
    artifact_option,
    document_option,
    output_option,
    plain_option,
    quiet_option,
    rules_option,
    run_options,
)
from biopsy.cli.teach import Taught, grouped
from biopsy.formats.comparison import names

if TYPE_CHECKING:
    from biopsy.pipeline import Pair

NOTHING_WORRYING, WORRYING, UNTOLD = 0, 1, 3
FAIL_ON = {"suspicious": ("malicious", "suspicious"), "malicious": ("malicious",), "never": ()}

EXAMPLES = """
Examples
  biopsy compare pypi:requests@2.34.1 pypi:requests@2.34.2
  biopsy compare npm:chalk@5.6.0 npm:chalk@5.6.1 -o changes.html
  biopsy compare thing-1.0.tgz ./thing --static-only     a file and a folder
  biopsy compare RUN_ID pypi:six                         a kept analysis
  biopsy compare A B -f json | jq '.comparison.new[].what'

Exit status
  0  nothing worrying is new: the later release has no finding of weight
     that the earlier one has not
  1  something worrying is new, of the level that --fail-on says
  2  wrong usage, or a target that cannot be read
  3  nothing worrying is new as far as could be compared, and not all
     could be: a phase did not finish, or one of the two was not run

Compared is what is done, not where: versions, hashes, temporary names,
process numbers and line numbers are left aside. Like is compared with like:
a wheel with a wheel, an sdist with an sdist, else what there is.
"""


PANELS = grouped(
    {
        "What is run": ("--static-only", "--profile", "--phases", "--timeout", "--artifact"),
        "What comes out": ("--format", "--output", "--fail-on", "--quiet", "--no-color"),
    }
)


@click.command("compare", cls=Taught, epilog=EXAMPLES, context_settings=PANELS)
@click.argument("before", metavar="BEFORE", shell_complete=targets)
@click.argument("after", metavar="AFTER", shell_complete=targets)
@document_option(names())
@output_option
@run_options
@artifact_option
@click.option(
    "--fail-on",
    type=click.Choice(tuple(FAIL_ON)),
    default="suspicious",
    show_default=True,
    help="The verdict of AFTER from which what is new and worrying makes the exit status 1.",
)
@rules_option
@home_option
@quiet_option
@plain_option
def command(before: str, after: str, quiet: bool, plain: bool, **options: Any) -> int:  # noqa: FBT001
    """Compare two releases: behaviours new, gone and changed, by class, and whether that is worrying.

    BEFORE and AFTER are releases (pypi:six@1.16.0), files or folders, or the ids of kept analyses.
    """
    from biopsy.cli import output as out  # noqa: PLC0415 - what follows is slow to import, and --help is not
    from biopsy.cli.progress import progress  # noqa: PLC0415
    from biopsy.formats import comparison  # noqa: PLC0415
    from biopsy.pipeline import Options, compare  # noqa: PLC0415

    output, fail_on = options.pop("output"), options.pop("fail_on")
    form = out.choose(options.pop("form"), output, comparison)
    colour = False if plain else None
    _ensure_root(before, after, static_only=options["static_only"], home=options["home"])
    with progress(quiet=quiet, colour=colour) as report:
        pair = compare(before, after, Options(**options), report)
    out.write((pair.before, pair.after, pair.worrying), comparison.by_name(form), output, colour=colour)
    return _status(pair, fail_on)


def _ensure_root(*named: str, static_only: bool, home: Path) -> None:
    """Become root where something is to be run; kept analyses are only read."""
    from biopsy.cli.elevate import ensure_root  # noqa: PLC0415
    from biopsy.pipeline.before import RUN_ID  # noqa: PLC0415

    if not static_only and not all(RUN_ID.fullmatch(name) for name in named):
        ensure_root(sys.argv[1:], home)


def _status(pair: "Pair", fail_on: str) -> int:
    if pair.worrying and pair.after.verdict.call in FAIL_ON[fail_on]:
        return WORRYING
    comparison = pair.after.comparison
    return UNTOLD if comparison is not None and comparison.untold else NOTHING_WORRYING
