"""What the commands of `biopsy reports` share: the database that is asked for, and who asks."""

import getpass
import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.reports.claim import Package
    from biopsy.reports.config import Source
    from biopsy.reports.database import Act, Database

database_option = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The database; default: reports.db in BIOPSY_HOME.",
)
actor_option = click.option("--by", "actor", metavar="NAME", help="Who decides; default: you.")


@contextmanager
def opened(home: Path, database: Path | None, *, create: bool = False) -> "Iterator[Database]":
    """The database, open; raises DatabaseError where there is none, unless it is to be made."""
    from biopsy.reports.database import Database  # noqa: PLC0415 - slow to import, and --help is not

    held = Database(database or home / "reports.db", create=create)
    try:
        yield held
    finally:
        held.close()


def act(actor: str | None, reason: str = "", evidence: str = "") -> "Act":
    """Who does what is asked for, now, as a batch of its own."""
    from biopsy.reports.database import Act, now  # noqa: PLC0415

    return Act(actor or getpass.getuser(), now(), reason, evidence, uuid.uuid4().hex[:12])


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


def table(rows: Sequence[dict[str, Any]], form: str) -> None:
    """Print rows for people, or as JSON."""
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if not rows:
        click.echo("nothing")
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    made = Table(*rows[0], box=None, header_style="bold", pad_edge=False)
    for row in rows:
        made.add_row(*(visible(str(value)) for value in row.values()))
    Console().print(made)
