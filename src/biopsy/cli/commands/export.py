"""`biopsy export`: what is kept here, in the form that others keep it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import quiet_option
from biopsy.cli.teach import Taught, TaughtGroup

if TYPE_CHECKING:
    from biopsy.model.dossier import Dossier
    from biopsy.warehouse.bigquery.following import Round

MAX_TOLD = 20
REFUSED = 1

PACKAGE_ANALYSIS = """
Examples
  biopsy export package-analysis out/                     everything that is kept
  biopsy export package-analysis out/ --ecosystem npm --since 2026-11-01

Written is what its own buckets hold:
  out/dynamic/npm/thing/1.0.0.json
  out/static/npm/thing/1.0.0.json

Of several analyses of a release the last one is written, as there. It has no
place for findings, evidence, order, exchanges or the content of files.
"""

BIGQUERY = """
Examples
  biopsy export bigquery my-project.biopsy                 what is not there yet
  biopsy export bigquery my-project.biopsy --follow        …and what comes
  biopsy export bigquery my-project.packages --package-analysis --table analysis
  biopsy export bigquery my-project.biopsy --bucket gs://my-bucket/staging

Tables are made, and columns added as new versions bring them. Every row is loaded
exactly once, by its run, however often this is stopped, killed or run twice: which
packs of the warehouse are there is kept in the data set, in the table loads.
Credentials: those of gcloud, or GOOGLE_APPLICATION_CREDENTIALS. Needed are the
roles BigQuery Data Editor and Job User; a bucket must be in the data set's region.

Exit status
  0  everything is there
  1  a dossier was refused, for a row of it does not fit its table: it is named
"""

since_option = click.option(
    "--since", default="", metavar="DATE", help="Only what was analysed on that day or later: 2026-11-01."
)
ecosystem_option = click.option(
    "--ecosystem", default="", metavar="NAME", help="Only this one, by the name in package URLs: pypi, npm."
)


EXPORT = """
Examples
  biopsy export package-analysis out/          files, as the Package Analysis project has them
  biopsy export bigquery my-project.biopsy     rows of tables in BigQuery
"""


@click.group("export", cls=TaughtGroup, epilog=EXPORT)
def command() -> None:
    """Write what is kept here in the forms that others read."""


@command.command("package-analysis", cls=Taught, epilog=PACKAGE_ANALYSIS)
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@ecosystem_option
@since_option
@home_option
@quiet_option
def package_analysis(place: Path, ecosystem: str, since: str, home: Path, quiet: bool) -> None:  # noqa: FBT001
    """Write dossiers as the JSON of OpenSSF Package Analysis, dynamic and static."""
    from biopsy.cli.progress import progress  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.errors import UsageError  # noqa: PLC0415
    from biopsy.formats.views import measure  # noqa: PLC0415
    from biopsy.warehouse import interchange  # noqa: PLC0415

    written = 0
    try:
        with progress(quiet=quiet) as told:
            for dossier in _dossiers(home, ecosystem, since):
                for kind in interchange.forms(dossier):
                    path = _path(place / kind, dossier)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(interchange.write(dossier, kind))
                    written += 1
                told(f"{measure.many(written, 'file')} written", None)
    except OSError as err:
        raise UsageError(f"cannot write into {place}: {err.strerror or err}") from err
    click.echo(f"{measure.many(written, 'file')} written")


@command.command("bigquery", cls=Taught, epilog=BIGQUERY)
@click.argument("place", metavar="PROJECT.DATASET")
@click.option("--follow", is_flag=True, help="Go on until stopped.")
@click.option(
    "--every",
    type=click.FloatRange(1),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How often, with --follow.",
)
@click.option(
    "--package-analysis", "theirs", is_flag=True, help="Into one table in the layout of Package Analysis."
)
@click.option("--table", default="package_analysis", show_default=True, metavar="NAME", help="That table.")
@click.option("--location", metavar="REGION", help="Where to make the data set: EU, us-east1; default: US.")
@click.option("--bucket", metavar="URL", help="Load through this place in a bucket, gs://, not by upload.")
@click.option(
    "--endpoint",
    envvar="BIOPSY_BIGQUERY",
    metavar="URL",
    help="Another address of the API: an emulator's. Also: BIOPSY_BIGQUERY.",
)
@home_option
@quiet_option
def bigquery(place: str, home: Path, quiet: bool, follow: bool, every: float, **asked: Any) -> int:  # noqa: FBT001
    """Load the warehouse into BigQuery, incrementally, every row exactly once."""
    from biopsy.cli.progress import progress  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.formats.views.visible import visible  # noqa: PLC0415
    from biopsy.warehouse import Warehouse  # noqa: PLC0415
    from biopsy.warehouse.bigquery import BigQuery, BigQueryError, following, layout  # noqa: PLC0415

    theirs = layout.theirs(asked["table"]) if asked["theirs"] else None
    dataset = BigQuery(place, location=asked["location"], endpoint=asked["endpoint"], bucket=asked["bucket"])
    warehouse, scratch, refused = Warehouse(home), home / "tmp", 0
    scratch.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            with progress(quiet=quiet) as told:
                warehouse.pack()
                for line in dataset.prepare((theirs,) if theirs else tuple(layout.OURS.values())):
                    click.echo(line)
                done = following.load(warehouse, dataset, scratch, told, theirs)
        except BigQueryError as err:
            if not follow:
                raise
            click.echo(visible(f"{err}; again in {every:.0f} s"), err=True)
        else:
            refused += len(done.refused)
            _said(done)
        if not follow:
            return REFUSED if refused else 0
        time.sleep(every)


def _said(done: "Round") -> None:
    from biopsy.formats.views import measure  # noqa: PLC0415
    from biopsy.formats.views.visible import visible  # noqa: PLC0415

    rows = ", ".join(f"{count:,} {name}" for name, count in sorted(done.inserted.items()) if count)
    packs = f"{measure.many(done.packs, 'pack')} loaded: {rows or 'nothing was new'}"
    click.echo(packs if done.packs else "nothing is new")
    for one in done.refused[:MAX_TOLD]:
        click.echo(visible(f"refused  {one.run_id}: {one.why}"), err=True)


def _dossiers(home: Path, ecosystem: str, since: str) -> "Iterator[Dossier]":
    """Everything that is kept, the oldest first; what cannot be read is said."""
    from biopsy.formats.views.visible import visible  # noqa: PLC0415
    from biopsy.warehouse import Unreadable, Warehouse, restore  # noqa: PLC0415

    warehouse = Warehouse(home)
    for part in warehouse.parts(ecosystem, since):
        for one in sorted(warehouse.stored(part), key=_age):
            if isinstance(one, Unreadable):
                click.echo(visible(f"passed over  {one.path}: {one.why}"), err=True)
            else:
                yield restore(one)


def _age(one: Any) -> str:
    return getattr(one, "created", "")


def _path(root: Path, dossier: "Dossier") -> Path:
    """Where its buckets would have it; a name of hostile letters leads nowhere else."""
    from biopsy.warehouse.interchange.names import Key  # noqa: PLC0415

    key = Key.of(dossier.release)
    parts = [
        quote(part, safe="@/+ ~!" if part is key.name else "@+ ~!")
        for part in (key.ecosystem, key.name, key.version or "none")
    ]
    safe = [f"{piece}_" if piece.strip(".") == "" else piece for part in parts for piece in part.split("/")]
    return root.joinpath(*safe[:-1], f"{safe[-1]}.json")
