"""What the commands of `biopsy reports` share: the database that is asked for, and who asks."""

import getpass
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.output import coloured
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.reports.claim import Package
    from biopsy.reports.config import Source
    from biopsy.reports.database import Act, Database

MAX_TOLD = 20  # refusals that are told one by one
WIDE = 100_000  # columns, where no terminal has fewer

database_option = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The database; default: reports.db in BIOPSY_HOME.",
)
actor_option = click.option("--by", "actor", metavar="NAME", help="Who decides; default: you.")
reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why, and how one knows.")
evidence_option = click.option("--evidence", default="", metavar="URL", help="Where it can be seen.")
dry_option = click.option("--dry-run", is_flag=True, help="Only say what would change.")
limit_option = click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="How many, at most."
)
compat_option = click.option(
    "--compat", is_flag=True, help="As the existing tools do it: everything added up, nothing taken back."
)


@contextmanager
def opened(home: Path, database: Path | None, *, create: bool = False) -> "Iterator[Database]":
    """The database, open; raises DatabaseError where there is none, unless it is to be made,
    and where it is damaged or cannot be written: the message names it and says what to do.
    """
    import sqlite3  # noqa: PLC0415 - slow to import, and --help is not

    from biopsy.reports.damage import told  # noqa: PLC0415
    from biopsy.reports.database import Database, DatabaseError  # noqa: PLC0415

    path = database or home / "reports.db"
    held = Database(path, create=create)
    try:
        yield held
    except sqlite3.Error as error:
        raise DatabaseError(told(path, error)) from error
    finally:
        held.close()


def refusals(refused: Sequence[tuple[str, str]]) -> int:
    """Say on standard error what went to quarantine, the first of it in full; returns the exit status."""
    for key, reason in refused[:MAX_TOLD]:
        click.echo(visible(f"quarantine  {key}: {reason}"), err=True)
    if len(refused) > MAX_TOLD:
        more = f"and {len(refused) - MAX_TOLD:,} more: biopsy reports list --quarantine"
        click.echo(more, err=True)
    return 1 if refused else 0


class _NotKeptError(Exception):
    """A trial is over."""


@contextmanager
def trial(held: "Database", *, keep: bool) -> "Iterator[None]":
    """A change as a whole; without `keep` it is made, to say what it would be, and dropped."""
    try:
        with held.change():
            yield
            if not keep:
                raise _NotKeptError  # noqa: TRY301 - it ends the transaction
    except _NotKeptError:
        return


def act(actor: str | None, reason: str = "", evidence: str = "") -> "Act":
    """Who does what is asked for, now, as a batch of its own."""
    from biopsy.reports import ledger  # noqa: PLC0415

    return ledger.act(actor or getpass.getuser(), reason, evidence)


Decide = Callable[["Database", "list[tuple[int, Package]]", "Act"], object]
"""What is done to packages, each with its row, by whom and why."""


def decided(
    words: Sequence[str], path: tuple[Path, Path | None], asked: dict[str, Any], what: str, decide: Decide
) -> None:
    """Find what words mean, decide on all of it as a whole, or as a trial, and say what came of it.

    `path` is the home and the database, `asked` holds the options actor, reason, evidence and dry_run.
    """
    from biopsy.reports import ledger  # noqa: PLC0415

    done = act(asked["actor"], asked["reason"], asked["evidence"])
    with opened(*path) as held, trial(held, keep=not asked["dry_run"]):
        found = ledger.find(held, words)
        decide(held, found, done)
    said([package for _, package in found], what, done, dry=asked["dry_run"])


sources_option = click.option(
    "--sources",
    "named",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE",
    help="The file that names sources; default: reports.toml in BIOPSY_HOME.",
)


def configuration(home: Path, named: Path | None) -> "dict[str, Source]":
    """The sources that a file names, with what is popular by the lists of names in use."""
    from biopsy.ecosystems import names  # noqa: PLC0415
    from biopsy.reports import config  # noqa: PLC0415

    def popular(package: "Package") -> bool:
        return package.name in names.load(package.ecosystem.lower(), home).ranks

    return config.load(named or home / "reports.toml", home / "sources", popular)


_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z")
_LAST = ("key", "reason", "evidence", "proof", "error")  # columns that may be long


def table(rows: Sequence[dict[str, Any]], form: str, none: str = "nothing") -> None:
    """Print rows for people, a line each, or as JSON; `none` is said where there are none.

    For people, columns that are empty are left out, what may be long comes last, and a package is one word.
    """
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    shown = [_row(row) for row in rows]
    kept = [name for name in shown[0] if any(row[name] for row in shown)] if shown else []
    if not kept:
        click.echo(none)
        return
    kept.sort(key=lambda name: _LAST.index(name) + 1 if name in _LAST else 0)
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(*kept, box=None, header_style="bold", pad_edge=False)
    for row in shown:
        made.add_row(*(Text(row[name]) for name in kept))
    console = Console(width=WIDE, highlight=False, force_terminal=coloured())
    with console.capture() as drawn:
        console.print(made)
    for line in drawn.get().splitlines():
        click.echo(line.rstrip())  # what pads a line would wrap in a terminal


def _row(row: dict[str, Any]) -> dict[str, str]:
    """A row as a person reads it."""
    made = {name: _cell(name, value) for name, value in row.items()}
    if "name" not in made or "ecosystem" not in made:
        return made
    package = f"{row['ecosystem'] or 'Git'}/{made['name']}" if row["name"] else ""
    return {
        "package" if name == "name" else name: package if name == "name" else value
        for name, value in made.items()
        if name != "ecosystem"
    }


def _cell(name: str, value: object) -> str:
    """A value on one line; when something happened to the minute, other times to the day."""
    if value is None:
        return ""
    text = f"{value:,}" if isinstance(value, int) else visible(str(value))
    if found := _TIME.fullmatch(text):
        return f"{found[1]} {found[2]}" if name in {"at", "tried", "imported"} else found[1]
    return text


def said(
    packages: "Sequence[Package]", what: str, done: "Act | None", more: Sequence[str] = (), *, dry: bool
) -> None:
    """Say what became of packages, and how that is undone; with `done` None it is not."""
    for number, package in enumerate(packages):
        note = f"  {more[number]}" if more and not dry else ""
        click.echo(visible(f"{package.ecosystem or 'Git'}/{package.name}{note}"))
    count = f"{len(packages):,} {'report' if len(packages) == 1 else 'reports'}"
    if dry:
        click.echo(visible(f"{count} would be {what}; nothing was changed"))
    elif packages and done is None:
        click.echo(f"{count} {what}")
    elif packages and done:
        click.echo(visible(f"{count} {what}; to take it back: biopsy reports undo {done.batch}"))
    else:
        click.echo(visible(f"nothing to do: no report was {what}"))
