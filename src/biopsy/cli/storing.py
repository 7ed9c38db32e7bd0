"""What commands that touch the artifact store share: where it is."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from collections.abc import Callable

    from biopsy.model.dossier import Call
    from biopsy.warehouse.artifacts import Artifacts
    from biopsy.warehouse.artifacts.keeping import Retention

store_option = click.option(
    "--store",
    envvar="BIOPSY_STORE",
    metavar="URL",
    help="The artifact store: a folder, s3://, gs:// or az://; default: store in BIOPSY_HOME. "
    "Also: BIOPSY_STORE.",
)

keep_option = click.option(
    "--keep",
    multiple=True,
    envvar="BIOPSY_KEEP",
    metavar="VERDICT=DAYS",
    help="How long; repeatable. Also: BIOPSY_KEEP.",
)


def opened_store(home: Path, place: str | None) -> "Artifacts":
    """Open the artifact store that is asked for; UsageError where that is none."""
    from biopsy.warehouse.artifacts import Artifacts  # noqa: PLC0415 - slow to import, and --help is not

    return Artifacts(place or home / "store")


def retention_of(keep: tuple[str, ...]) -> "Retention":
    """Read what --keep says; UsageError where it is no verdict, or no number of days."""
    from msgspec.structs import fields, replace  # noqa: PLC0415

    from biopsy.warehouse.artifacts.keeping import Retention  # noqa: PLC0415

    names, asked = [one.name for one in fields(Retention)], dict[str, int | None]()
    for text in keep:
        call, _, days = text.partition("=")
        if call not in names or not (days == "forever" or (days.isdigit() and len(days) < 7)):
            raise click.UsageError(f"--keep {text}: one of {', '.join(names)}, then =DAYS or =forever")
        asked[call] = None if days == "forever" else int(days)
    return replace(Retention(), **asked)


def verdicts(home: Path) -> "Callable[[str], Call | None]":
    """Give what tells the latest verdict on an artifact, as far as one is kept here."""
    from biopsy.warehouse import Warehouse  # noqa: PLC0415

    return Warehouse(home).calls().get
