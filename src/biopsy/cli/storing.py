"""What commands that touch the artifact store share: where it is."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from biopsy.warehouse.artifacts import Artifacts

store_option = click.option(
    "--store",
    envvar="BIOPSY_STORE",
    metavar="URL",
    help="The artifact store: a folder, s3://, gs:// or az://; default: store in BIOPSY_HOME. "
    "Also: BIOPSY_STORE.",
)


def opened_store(home: Path, place: str | None) -> "Artifacts":
    """Open the artifact store that is asked for; UsageError where that is none."""
    from biopsy.warehouse.artifacts import Artifacts  # noqa: PLC0415 - slow to import, and --help is not

    return Artifacts(place or home / "store")
