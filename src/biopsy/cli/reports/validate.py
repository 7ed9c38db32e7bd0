"""`biopsy reports validate`: whether reports are right, in files, in a folder, or in the database."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, quiet_option
from biopsy.cli.progress import Report as Progress
from biopsy.cli.progress import progress
from biopsy.cli.reporting import database_option, opened
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.reports.validate import Checked

VALIDATE = """
Examples
  biopsy reports validate report.json            one file, or several
  biopsy reports validate malicious-packages/    a repository: places and ids, too
  biopsy reports validate - < records.jsonl      a report a line, or one report
  biopsy reports validate                        everything in the database
  biopsy reports validate out/ -f json | jq .faults

Exit status
  0  every report is valid
  1  some are not; with --strict, a warning is enough
  2  wrong usage, or a path that cannot be read
"""


@click.command("validate", cls=Taught, epilog=VALIDATE)
@click.argument("places", metavar="[PATH|-]...", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@click.option("--no-warnings", is_flag=True, help="Leave warnings out.")
@form_option
@database_option
@home_option
@quiet_option
def command(places: tuple[Path, ...], home: Path, database: Path | None, **asked: Any) -> int:
    """Say what is wrong with reports, where, and why: by the OSV schema and the rules of this database."""
    with progress(quiet=asked["quiet"] or not sys.stderr.isatty()) as told:
        return _told(_checked(places, home, database, told), asked)


def _told(checked: "Iterator[Checked]", asked: dict[str, Any]) -> int:
    """Say what is wrong, as it is found; the exit status."""
    counts: Counter[str] = Counter()
    told: list[dict[str, Any]] = []
    bad = 0
    for one in checked:
        counts["reports"] += 1
        faults = [f for f in one.faults if not (f.warning and asked["no_warnings"])]
        bad += not one.valid or bool(asked["strict"] and faults)
        counts["warnings"] += sum(f.warning for f in faults)
        counts["errors"] += sum(not f.warning for f in faults)
        for fault in faults:
            level = "warning" if fault.warning else "error"
            if asked["form"] == "json":
                row = {"report": one.name, "level": level, "code": fault.code}
                told.append({**row, "where": fault.where, "why": fault.why})
            else:
                words = f"{one.name}: {level} {fault.code} at {fault.where or '/'}: {fault.why}"
                click.echo(visible(words))
    if asked["form"] == "json":
        click.echo(json.dumps(_summary(counts, bad) | {"faults": told}, indent=2, ensure_ascii=False))
    else:
        click.echo(
            f"{counts['reports']:,} reports, {bad:,} invalid: {counts['errors']:,} errors,"
            f" {counts['warnings']:,} warnings"
        )
    return 1 if bad else 0


def _summary(counts: "Counter[str]", bad: int) -> dict[str, Any]:
    return {
        "schema_version": "1",
        "reports": counts["reports"],
        "invalid": bad,
        "errors": counts["errors"],
        "warnings": counts["warnings"],
    }


def _checked(
    places: tuple[Path, ...], home: Path, database: Path | None, told: "Progress"
) -> "Iterator[Checked]":
    if not places:
        yield from _kept(home, database, told)
    for place in places:
        if str(place) == "-":
            yield from _standard_input()
        elif place.is_dir():
            yield from _folder(place, told)
        elif place.is_file():
            yield _file(place)
        else:
            raise UsageError(f"{place}: no such file or folder")


def _kept(home: Path, database: Path | None, told: "Progress") -> "Iterator[Checked]":
    """Every report of the database, and what is damaged in it: first, since a report may be."""
    from biopsy.reports import layout, validate  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.reports.checks import Fault  # noqa: PLC0415

    with opened(home, database) as held:
        told("looking for damage", None)
        broken = list(held.damage())
        for why in broken:
            yield validate.Checked("database", (Fault("damaged", "", why),))
        total = held.total()
        try:
            for count, (package, state, report) in enumerate(held.documents(), start=1):
                if count % validate.STEP == 0:
                    told(f"{count:,} of {total:,} reports", count / total)
                name = layout.place(package, report, state).path
                yield validate.Checked(name, (*validate.check(report), *validate.placement(name, report)))
        except ValueError as error:
            if not broken:
                raise
            why = f"reports after this one cannot be read: {error}"
            yield validate.Checked("database", (Fault("damaged", "", why),))


def _folder(place: Path, told: "Progress") -> "Iterator[Checked]":
    from biopsy.reports import layout, validate  # noqa: PLC0415

    between = validate.Between()
    try:
        layout.root(place)
    except UsageError:
        for file in sorted(place.rglob("*.json")):
            if file.is_file() and not file.is_symlink():
                yield _file(file)
        return
    found = list(layout.files(place))
    count = 0
    for some in validate.check_many(layout.root(place), found):
        count += len(some)
        told(f"{count:,} of {len(found):,} reports", count / len(found))
        for one in some:
            yield between.check(one)


def _file(file: Path) -> "Checked":
    from biopsy.reports import validate  # noqa: PLC0415
    from biopsy.reports.record import MAX_BYTES  # noqa: PLC0415

    with file.open("rb") as held:
        data = held.read(MAX_BYTES + 1)
    name = file.as_posix()
    placed = any(part in validate.TREES for part in file.absolute().parts)
    return validate.check_bytes(file.absolute().as_posix() if placed else name, data, placed=placed)


def _standard_input() -> "Iterator[Checked]":
    from biopsy.reports import validate  # noqa: PLC0415
    from biopsy.reports.record import MAX_BYTES  # noqa: PLC0415

    first = sys.stdin.buffer.readline(MAX_BYTES + 2)
    if first.strip() and not first.strip().endswith(b"}"):  # one report on many lines
        yield validate.check_bytes("-", first + sys.stdin.buffer.read(MAX_BYTES + 1))
        return
    number = 1
    while first:
        if first.strip():
            yield validate.check_bytes(f"line {number}", first)
        first = sys.stdin.buffer.readline(MAX_BYTES + 2)
        number += 1
