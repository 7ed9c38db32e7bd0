"""`biopsy reports merge`: reports computed anew from what sources said, or records of files put together."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import quiet_option
from biopsy.cli.progress import progress
from biopsy.cli.reporting import act, actor_option, compat_option, database_option, dry_option, opened
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.reports.claim import Claim, Package

STEP = 1000  # reports between two words of progress
MAX_NAMED = 50  # packages that are named one by one

MERGE = """
Examples
  biopsy reports merge --dry-run             which reports would change, after an upgrade
  biopsy reports merge                       compute every report anew from its claims
  biopsy reports merge a.json b.json         what these say together, printed; keeps nothing
  biopsy reports merge --compat MAL-2026-1.json MAL-0000-lab-0123456789abcdef.json

Reports are merged as their records come in: nobody has to ask for it. This
command is for rules of merging that changed, and for trying out what records
make of each other. The claims stay as they are, and ids do, too.

--compat adds the files up as the existing tools do, the first being the one
that is there already; it fails where they would put a file into unmergable/.
"""


@click.command("merge", cls=Taught, epilog=MERGE)
@click.argument(
    "files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@compat_option
@actor_option
@dry_option
@database_option
@home_option
@quiet_option
def command(files: tuple[Path, ...], home: Path, database: Path | None, **asked: Any) -> None:
    """Compute every report anew from what sources said; of files, print what they say together."""
    if files:
        report = _added(files) if asked["compat"] else _merged(files)
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    if asked["compat"]:
        raise UsageError("--compat: of files; of the database: biopsy reports export --compat DIR")
    changed: list[Package] = []
    with opened(home, database) as held, progress(quiet=asked["quiet"]) as told:
        total = held.total()
        doing = act(asked["actor"], "computed anew")
        count = 0
        for some in held.steps(STEP):
            changed += held.renew(some, doing, keep=not asked["dry_run"])
            count += len(some)
            told(f"{count:,} of {total:,} reports, {len(changed):,} changed", count / total)
    for package in changed[:MAX_NAMED]:
        click.echo(visible(f"{package.ecosystem or 'Git'}/{package.name}"))
    if len(changed) > MAX_NAMED:
        click.echo(f"and {len(changed) - MAX_NAMED:,} more")
    what = "would change; nothing was changed" if asked["dry_run"] else "changed"
    click.echo(f"{total:,} reports computed anew, {len(changed):,} {what}")


def _records(files: Sequence[Path]) -> "list[tuple[Package, Claim]]":
    import hashlib  # noqa: PLC0415

    from biopsy.reports.claim import claims  # noqa: PLC0415
    from biopsy.reports.database import now  # noqa: PLC0415
    from biopsy.reports.record import MAX_BYTES, RecordError, decode  # noqa: PLC0415

    found: list[tuple[Package, Claim]] = []
    for number, file in enumerate(files, start=1):
        with file.open("rb") as held:
            data = held.read(MAX_BYTES + 1)
        try:
            sha256 = hashlib.sha256(data).hexdigest()
            found += claims(f"file-{number}", decode(data), sha256, now(), file.name)
        except RecordError as error:
            raise UsageError(f"{file}: {error}") from error
    if len({package for package, _ in found}) > 1:
        named = sorted({f"{p.ecosystem or 'Git'}/{p.name}" for p, _ in found})
        raise UsageError(f"they are on different packages: {', '.join(named[:5])}")
    return found


def _merged(files: Sequence[Path]) -> "dict[str, Any] | None":
    from biopsy.reports.compute import compute  # noqa: PLC0415

    found = _records(files)
    return compute(found[0][0], [claim for _, claim in found])


def _added(files: Sequence[Path]) -> dict[str, Any]:
    from biopsy.reports import additive  # noqa: PLC0415

    (_, first), *rest = _records(files)
    try:
        made = additive.normalize(first.record)
        for _, claim in rest:
            made = additive.merge(made, claim.record, claim.imported)
    except additive.MergeError as error:
        raise UsageError(f"cannot be merged: {error}") from error
    return made
