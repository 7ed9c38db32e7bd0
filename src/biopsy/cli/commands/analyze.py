"""`biopsy analyze`: take packages apart and say what they do."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy import formats
from biopsy.cli import complete
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
from biopsy.errors import BiopsyError, SandboxError
from biopsy.formats import names
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.model.dossier import Analysis
    from biopsy.pipeline import Options

FAIL_ON = {"malicious": ("malicious",), "suspicious": ("malicious", "suspicious"), "never": ()}
BELOW, AT_OR_ABOVE, WRONG, UNFINISHED = 0, 1, 2, 3

EXAMPLES = """
Examples
  biopsy analyze pkg:pypi/six@1.17.0            a release, as a purl
  biopsy analyze pypi:six npm:chalk@5.6.2       the newest six, and one chalk
  biopsy analyze npm:@babel/core -o core.html   scoped; a report to look at
  biopsy analyze cargo:serde gem:rake           and composer:, go:, nuget:, maven:
  biopsy analyze ./dist/thing-1.0.tar.gz        .whl .tgz .gem .crate …, folder
  biopsy analyze pypi:six --static-only         runs nothing, needs no root
  biopsy analyze pypi:six --profile laptop      as one machine only
  biopsy analyze pypi:six --profile all         as every machine there is
  biopsy analyze npm:chalk@5.6.1 --against npm:chalk@5.6.0
  biopsy analyze pypi:six --against none        faster: nothing to compare with
  biopsy analyze pypi:six -f json | jq .verdict for programs
  biopsy analyze pypi:six --report              a draft report, if malicious

Exit status
  0  every verdict is below --fail-on
  1  a verdict is at or above --fail-on
  2  wrong usage, or a target that cannot be read
  3  an analysis could not finish: its verdict is unknown. So is that of
     --static-only where reading found nothing: nothing was run to be sure

Where several apply, 1 goes before 2, and 2 before 3.
"""


PANELS = grouped(
    {
        "What is run": ("--static-only", "--profile", "--phases", "--timeout", "--artifact", "--against"),
        "What comes out": (
            "--format",
            "--output",
            "--against",
            "--fail-on",
            "--keep",
            "--report",
            "--quiet",
            "--no-color",
        ),
    }
)


@click.command("analyze", cls=Taught, epilog=EXAMPLES, context_settings=PANELS)
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True, shell_complete=complete.targets)
@document_option(names())
@output_option
@run_options
@click.option(
    "--fail-on",
    type=click.Choice(tuple(FAIL_ON)),
    default="malicious",
    show_default=True,
    help="The verdict from which the exit status is 1.",
)
@artifact_option
@click.option(
    "--against",
    metavar="TARGET",
    shell_complete=complete.targets,
    help="What to compare with: a release, a file, a run id, or none. Default: the release before.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep trace, exchanges and written files there.",
)
@click.option("--report", is_flag=True, help="Keep a draft report of what is malicious, to be approved.")
@rules_option
@home_option
@quiet_option
@plain_option
def command(targets: tuple[str, ...], quiet: bool, plain: bool, **options: Any) -> int:  # noqa: FBT001
    """Take packages apart, run them where they can harm nobody, and say what they do.

    TARGET is a release (pkg:pypi/six@1.17.0, pypi:six, npm:@scope/name@1.0.0) or a file or directory.
    Go modules, NuGet, Maven, editor extensions and GitHub Actions are read, not run.
    """
    from biopsy.cli import output as out  # noqa: PLC0415 - what follows is slow to import, and --help is not
    from biopsy.pipeline import Options  # noqa: PLC0415

    if options["against"] not in {None, "none"} and len(targets) > 1:
        raise click.UsageError("--against names one thing: it goes with one TARGET")
    output, fail_on, report = options.pop("output"), options.pop("fail_on"), options.pop("report")
    form = out.choose(options.pop("form"), output, formats)
    colour = False if plain else None
    from biopsy.ecosystems.unrun import only_read  # noqa: PLC0415

    if not options["static_only"] and not all(map(only_read, targets)):
        from biopsy.cli.elevate import ensure_root  # noqa: PLC0415

        ensure_root(sys.argv[1:], options["home"])
    analyses, failed = _analyze(targets, Options(**options), quiet=quiet, colour=colour)
    if analyses:
        out.write(analyses, formats.by_name(form), output, colour=colour)
    if report:
        _drafted(analyses, options["home"])
    return _status([analysis.verdict.call for analysis in analyses], fail_on, failed)


def _drafted(analyses: "Sequence[Analysis]", home: Path) -> None:
    """Keep drafts of what is malicious."""
    from biopsy.cli.reports.draft import keep  # noqa: PLC0415

    if malicious := [analysis for analysis in analyses if analysis.verdict.call == "malicious"]:
        keep(malicious, home)


def _analyze(
    targets: Sequence[str], options: "Options", *, quiet: bool, colour: bool | None
) -> "tuple[list[Analysis], int]":
    """Analyse each; a target that fails is said and does not stop the next, its status is returned."""
    from biopsy import pipeline  # noqa: PLC0415
    from biopsy.cli.progress import progress  # noqa: PLC0415

    analyses: list[Analysis] = []
    failed = BELOW
    for target in targets:
        try:
            with progress(quiet=quiet, colour=colour) as report:
                analyses.extend(pipeline.analyze(target, options, report))
        except BiopsyError as err:
            if len(targets) == 1:
                raise
            click.echo(f"biopsy: {visible(f'{target}: {err}')}", err=True)
            status = UNFINISHED if isinstance(err, SandboxError) else WRONG
            failed = status if failed == BELOW else min(failed, status)
    return analyses, failed


def _status(verdicts: Sequence[str], fail_on: str, failed: int) -> int:
    """The exit status of several verdicts and failures."""
    if any(verdict in FAIL_ON[fail_on] for verdict in verdicts):
        return AT_OR_ABOVE
    if failed == BELOW and "unknown" in verdicts:
        return UNFINISHED
    return failed
