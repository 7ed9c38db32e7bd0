"""`biopsy check`: lock files, SBOMs, environments and purls against the database of malicious packages."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import document_option, output_option, plain_option, quiet_option
from biopsy.cli.output import choose, write
from biopsy.cli.progress import progress
from biopsy.cli.reporting import database_option, opened
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError
from biopsy.formats import check as forms

if TYPE_CHECKING:
    from biopsy.reports.verdict import Store

EXAMPLES = """
Examples
  biopsy check                              every lock file below this folder
  biopsy check uv.lock package-lock.json    these
  biopsy check .venv                        what is installed there; node_modules, too
  biopsy check pkg:npm/left-pad@1.3.0       one package
  biopsy check bom.json -o check.sarif      an SBOM; results for a code host
  biopsy check --offline lookup.bin         against a file of a release: no database is needed

Reads requirements.txt, pylock.toml, poetry.lock, pdm.lock, uv.lock, Pipfile.lock,
package-lock.json, yarn.lock, bun.lock, pnpm-lock.yaml, Cargo.lock, Gemfile.lock, composer.lock,
go.mod, go.sum, packages.lock.json, project.assets.json, packages.config, pom.xml,
gradle.lockfile, .github/workflows, .vscode/extensions.json, CycloneDX and SPDX as JSON.
Nothing is run, and nothing leaves this machine.

Exit status
  0  nothing is as bad as --fail-on says
  1  something is
  2  a file could not be read, or nothing was found to check
"""
FAILS = {
    "malicious": ("malicious",),
    "possible": ("malicious", "possible"),
    "unchecked": ("malicious", "possible", "unchecked"),
    "never": (),
}


@contextmanager
def _store(home: Path, database: Path | None, offline: Path | None) -> "Iterator[Store]":
    """What is asked: the database, or a look-up file, which needs none of what a database does."""
    if offline is None:
        with opened(home, database) as held:
            yield held
        return
    if database is not None:
        raise UsageError("--offline and --database: one of them")
    from biopsy.reports.offline import Offline  # noqa: PLC0415 - slow to import, and --help is not

    with closing(Offline(offline)) as file:
        yield file


@click.command("check", cls=Taught, epilog=EXAMPLES)
@click.argument("targets", nargs=-1, metavar="[FILE|DIR|PURL]...")
@database_option
@click.option(
    "--offline",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE",
    help="Ask a look-up file instead of a database: lookup.bin of a release.",
)
@click.option(
    "--fail-on",
    type=click.Choice(tuple(FAILS)),
    default="malicious",
    show_default=True,
    help="From which verdict on the exit status is 1.",
)
@click.option("--all", "every", is_flag=True, help="Show every package, not only what was found.")
@document_option(forms.names())
@output_option
@home_option
@plain_option
@quiet_option
def command(  # noqa: PLR0917 - click gives them by name
    targets: tuple[str, ...],
    database: Path | None,
    offline: Path | None,
    fail_on: str,
    every: bool,  # noqa: FBT001
    form: str | None,
    output: Path | None,
    home: Path,
    plain: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
) -> int:
    """Look up what is locked or installed in the database of malicious packages."""
    from biopsy.pipeline.check import check  # noqa: PLC0415 - slow to import, and --help is not

    with (
        _store(home, database, offline) as held,
        progress(quiet=quiet, colour=False if plain else None) as told,
    ):
        checkups = check(targets or (".",), held, told)
    chosen = forms.by_name(choose(form, output, forms))
    extra = {"every": every} if chosen is forms.by_name("text") else {}
    write((checkups,), chosen, output, colour=False if plain else None, **extra)
    if any(one.verdict.value in FAILS[fail_on] for checkup in checkups for one in checkup.checked):
        return 1
    return 2 if any(checkup.error for checkup in checkups) else 0
