"""`biopsy reports`: the database of malicious packages."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, quiet_option
from biopsy.cli.progress import progress
from biopsy.cli.reporting import (
    act,
    actor_option,
    configuration,
    database_option,
    opened,
    sources_option,
    table,
)
from biopsy.cli.reports import Found
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.reports.config import Source

BATCH = 1000  # objects that are taken in one transaction

INGEST = """
Examples
  biopsy reports ingest                             every source that reports.toml names
  biopsy reports ingest ghsa advisories/            files of a folder, as the source ghsa
  biopsy reports ingest lab - < records.jsonl       a report a line, from standard input

What is no report goes to quarantine with its reason, and the rest goes on:
biopsy reports list --quarantine. Taking the same in twice changes nothing.

Exit status
  0  all was taken in, or had been before
  1  something went to quarantine
"""

IMPORT = """
Examples
  biopsy reports import malicious-packages/      a clone of the OpenSSF repository
  biopsy reports export out/                     and back: files that did not change stay

What is imported comes out as it was, ids, paths and all.
"""

WITHDRAW = """
Examples
  biopsy reports withdraw MAL-2026-1 --reason false-positive
  biopsy reports withdraw npm/thing --version 1.0.1 --reason "false-positive: built by its owner"
  biopsy reports withdraw --dry-run npm/a npm/b --reason duplicate
  biopsy reports undo BATCH                      puts back all that one command did

The reason begins with one of: false-positive, test, duplicate, name-reuse,
upstream-withdrawn, other.
"""

reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why, and how one knows.")
evidence_option = click.option("--evidence", default="", metavar="URL", help="Where it can be seen.")
dry_option = click.option("--dry-run", is_flag=True, help="Only say what would change.")


@click.group("reports", cls=Found)
def command() -> None:
    """Keep reports of malicious packages: take in, merge, check, withdraw, export."""


@command.command("init")
@database_option
@home_option
def init(home: Path, database: Path | None) -> None:
    """Make an empty database; one that is there stays as it is."""
    with opened(home, database, create=True):
        click.echo(visible(f"reports are kept in {database or home / 'reports.db'}"))


@command.command("ingest", cls=Taught, epilog=INGEST)
@click.argument("source", default="")
@click.argument(
    "place", metavar="[DIR|FILE|-]", required=False,
    type=click.Path(path_type=Path, allow_dash=True, exists=True),
)  # fmt: skip
@sources_option
@database_option
@home_option
@quiet_option
def ingest(source: str, place: Path | None, home: Path, database: Path | None, **asked: Any) -> int:
    """Take in what sources say: those of reports.toml, one of them, or files under a source's name."""
    from biopsy.reports.collect import Run, collect  # noqa: PLC0415
    from biopsy.reports.database import now  # noqa: PLC0415

    status = 0
    with opened(home, database) as held, progress(quiet=asked["quiet"]) as told:
        for one in _named(source, place, configuration(home, asked["named"]), home):

            def tell(run: Run) -> None:
                told(f"{run.source}: {run.read:,} read, {run.new:,} new", None)

            run = collect(held, one, now, tell)
            for bad in run.refused[:20]:
                click.echo(visible(f"quarantine  {bad.key}: {bad.reason}"), err=True)
            if run.error:
                click.echo(visible(f"{run.source}: {run.error}"), err=True)
            waits = f", {run.waiting:,} wait" if run.waiting else ""
            waits += f", {run.echoes:,} echoes" if run.echoes else ""
            counts = f"{run.read:,} read, {run.new:,} new, {len(run.refused):,} in quarantine{waits}"
            click.echo(counts if place else f"{run.source}: {counts}")
            status = max(status, 1 if run.refused or run.error else 0)
    return status


def _named(name: str, place: Path | None, known: "dict[str, Source]", home: Path) -> "Iterator[Source]":
    """The sources that are meant: all that are configured, one of them, or files in the name of one."""
    from biopsy.reports.config import Source  # noqa: PLC0415
    from biopsy.reports.policy import Policy  # noqa: PLC0415
    from biopsy.reports.sources import Settings  # noqa: PLC0415

    if place is not None:
        kind = "directory" if place.is_dir() else "file"
        policy = known[name].policy if name in known else Policy()
        yield Source(name, kind, Settings(str(place), home / "sources" / name), policy)
        return
    if not known:
        raise UsageError(f"no sources are named in {home / 'reports.toml'}: name a source and a place")
    if name and name not in known:
        raise UsageError(f"no source {name!r} is named; there are: {', '.join(sorted(known))}")
    for key, one in known.items():
        if key == name or (not name and not one.disabled):
            yield one


@command.command("import", cls=Taught, epilog=IMPORT)
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--source", default="malicious-packages", show_default=True, help="What to call it.")
@database_option
@home_option
@quiet_option
def import_(place: Path, source: str, home: Path, database: Path | None, quiet: bool) -> int:  # noqa: FBT001
    """Take over a repository in the OSV layout: osv/malicious, osv/withdrawn."""
    from biopsy.reports import layout  # noqa: PLC0415

    return _take(source, layout.read(place), home, database, quiet=quiet)


def _take(
    source: str, objects: Iterator[tuple[str, bytes]], home: Path, database: Path | None, *, quiet: bool
) -> int:
    from itertools import islice  # noqa: PLC0415

    from biopsy.reports.database import now  # noqa: PLC0415

    seen = new = 0
    refused: list[str] = []
    with opened(home, database) as held, progress(quiet=quiet) as told:
        while batch := list(islice(objects, BATCH)):
            for one in held.take(source, batch, now()):
                new += one.new > 0
                if one.code:
                    refused.append(f"{one.key}: {one.reason}")
            seen += len(batch)
            told(f"{seen:,} read, {new:,} new, {len(refused):,} in quarantine", None)
    for line in refused[:20]:
        click.echo(visible(f"quarantine  {line}"), err=True)
    click.echo(f"{seen:,} read, {new:,} new, {len(refused):,} in quarantine")
    return 1 if refused else 0


@command.command("export")
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@database_option
@home_option
def export(place: Path, home: Path, database: Path | None) -> None:
    """Write every report into a folder, in the OSV layout; only what changed is written."""
    from biopsy.reports import layout  # noqa: PLC0415

    with opened(home, database) as held:
        changed, stale = layout.write(place, held.documents())
    click.echo(f"{changed:,} files written, {stale:,} removed")


@command.command("show")
@click.argument("word", metavar="ID|ECOSYSTEM/NAME")
@database_option
@home_option
def show(word: str, home: Path, database: Path | None) -> None:
    """Print a report: by its id, an alias, or its package."""
    with opened(home, database) as held:
        found = [held.document(number) for number in held.lookup(word)]
    if not any(found):
        raise UsageError(f"{word}: no report has this id or alias, or is on a package of this name")
    for report in found:
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))


@command.command("list")
@click.argument("text", metavar="[TEXT]", default="")
@click.option("--state", type=click.Choice(("held", "review", "published", "withdrawn")), help="Only these.")
@click.option("--quarantine", is_flag=True, help="What was refused instead, and why.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True)
@form_option
@database_option
@home_option
def list_(home: Path, database: Path | None, **asked: Any) -> None:
    """List reports, those that changed last first; TEXT is a part of a name, or of an id."""
    with opened(home, database) as held:
        if asked["quarantine"]:
            rows = held.refused(asked["limit"])
        else:
            rows = held.search(asked["text"], asked["state"] or "", asked["limit"])
    table(rows, asked["form"])


@command.command("log")
@click.argument("word", metavar="[ID|ECOSYSTEM/NAME]", default="")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True)
@form_option
@database_option
@home_option
def log(word: str, limit: int, form: str, home: Path, database: Path | None) -> None:
    """Say who changed what, when and why."""
    with opened(home, database) as held:
        table(held.history(word, limit), form)


@command.command("stats")
@form_option
@database_option
@home_option
def stats(form: str, home: Path, database: Path | None) -> None:
    """Count reports by ecosystem and state."""
    with opened(home, database) as held:
        table(held.counts(), form)


@command.command("assign")
@actor_option
@database_option
@home_option
def assign(actor: str | None, home: Path, database: Path | None) -> None:
    """Give an id to every published report that has none."""
    from biopsy.reports import ledger  # noqa: PLC0415

    with opened(home, database) as held:
        for package, own in ledger.assign(held, act(actor)):
            click.echo(visible(f"{own}  {package.ecosystem} {package.name}"))


@command.command("withdraw", cls=Taught, epilog=WITHDRAW)
@click.argument("words", metavar="ID|ECOSYSTEM/NAME...", nargs=-1, required=True)
@click.option("--version", "versions", multiple=True, metavar="V", help="Only these versions.")
@reason_option
@evidence_option
@actor_option
@dry_option
@database_option
@home_option
def withdraw(words: tuple[str, ...], home: Path, database: Path | None, **asked: Any) -> None:
    """Withdraw reports that are wrong, whole or by version; nothing is deleted."""
    from biopsy.reports import ledger  # noqa: PLC0415

    doing = act(asked["actor"], asked["reason"], asked["evidence"])
    with opened(home, database) as held:
        found = ledger.find(held, words)
        if not asked["dry_run"]:
            ledger.withdraw(held, found, doing, asked["versions"])
    _said("would be withdrawn" if asked["dry_run"] else f"withdrawn, batch {doing.batch}", found)


@command.command("reinstate")
@click.argument("words", metavar="ID|ECOSYSTEM/NAME...", nargs=-1, required=True)
@reason_option
@actor_option
@database_option
@home_option
def reinstate(words: tuple[str, ...], home: Path, database: Path | None, **asked: Any) -> None:
    """Take back a withdrawal."""
    from biopsy.reports import ledger  # noqa: PLC0415

    doing = act(asked["actor"], asked["reason"])
    with opened(home, database) as held:
        found = ledger.find(held, words)
        ledger.reinstate(held, found, doing)
    _said(f"reinstated, batch {doing.batch}", found)


@command.command("undo")
@click.argument("batch")
@actor_option
@database_option
@home_option
def undo(batch: str, actor: str | None, home: Path, database: Path | None) -> None:
    """Put back everything that one command decided; `log` names the batches."""
    from biopsy.reports import ledger  # noqa: PLC0415

    with opened(home, database) as held:
        count = ledger.undo(held, batch, act(actor))
    click.echo(f"{count} decisions undone")


def _said(what: str, found: Sequence[tuple[int, Any]]) -> None:
    for _, package in found:
        click.echo(visible(f"{package.ecosystem}/{package.name}"))
    click.echo(f"{len(found)} {what}")
