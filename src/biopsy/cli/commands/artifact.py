"""`biopsy artifact`: the exact bytes that were analysed."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import rich_click as click

from biopsy.cli.complete import run_ids
from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, quiet_option
from biopsy.cli.storing import keep_option, opened_store, retention_of, store_option, verdicts
from biopsy.cli.teach import Taught, TaughtGroup

DAMAGED = 1

EPILOG = """
Examples
  biopsy artifact get RUN_ID -o sample.bin        what that analysis looked at
  biopsy artifact verify                          is everything still what it was?
  biopsy artifact hold RUN_ID --name case-7 --reason "asked for by the registry"
  biopsy artifact gc                              what has had its time; --remove

An artifact is named by its sha256 or by the analysis of it. In the store it is
wrapped: nothing that an installer takes or a scanner finds. What `get` writes
is the real thing: handle it as what it may be.
"""

VERIFY = """
Examples
  biopsy artifact verify                            all of them
  biopsy artifact verify RUN_ID                     one
  biopsy artifact verify --store s3://bucket/store  in a bucket

Exit status
  0  everything is what it was
  1  something is damaged, or is not there
"""

GC = """
Examples
  biopsy artifact gc                        what would go; nothing is touched
  biopsy artifact gc --remove
  biopsy artifact gc --keep benign=90 --keep suspicious=1825 --remove

How long an artifact stays after it was last stored depends on the latest verdict
on it: malicious, suspicious and unjudged for ever, benign and unknown 365 days,
unless --keep says otherwise (days, or `forever`; no less than 2 days).
What is held (biopsy artifact hold) stays, whatever --keep says.
"""


@click.group("artifact", cls=TaughtGroup, epilog=EPILOG)
def command() -> None:
    """Get, check and clear out the exact bytes that were analysed."""


@command.command("put")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@store_option
@home_option
def put(files: tuple[Path, ...], store: str | None, home: Path) -> None:
    """Store files, and print their sha256."""
    from biopsy.errors import UsageError  # noqa: PLC0415 - see above
    from biopsy.formats.views.visible import visible  # noqa: PLC0415

    artifacts = opened_store(home, store)
    for path in files:
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as err:
            raise UsageError(f"cannot read {path}: {err.strerror or err}") from err
        done = artifacts.put(path, sha256)
        click.echo(f"{sha256}  {visible(path.name)}{'' if done.new else '  (was there)'}")


@command.command("get")
@click.argument("artifact", metavar="SHA256|RUN_ID", shell_complete=run_ids)
@click.option(
    "--output", "-o", required=True, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; never as an executable.",
)  # fmt: skip
@store_option
@home_option
def get(artifact: str, output: Path, store: str | None, home: Path) -> None:
    """Write an artifact into a file, checked to the byte."""
    from biopsy.formats.views import measure  # noqa: PLC0415
    from biopsy.formats.views.visible import visible  # noqa: PLC0415

    found = opened_store(home, store).get(_hash(home, artifact), output)
    click.echo(visible(f"{output}: {found.filename}, {measure.size(found.size)}, sha256 {found.sha256}"))


@command.command("verify", cls=Taught, epilog=VERIFY)
@click.argument("named", metavar="[SHA256|RUN_ID]...", nargs=-1, shell_complete=run_ids)
@store_option
@home_option
@quiet_option
def verify(named: tuple[str, ...], store: str | None, home: Path, quiet: bool) -> int:  # noqa: FBT001
    """Read artifacts to their end, all or those named; say which are not what they were."""
    from biopsy.cli.progress import progress  # noqa: PLC0415
    from biopsy.formats.views import measure  # noqa: PLC0415

    artifacts = opened_store(home, store)
    asked = [_hash(home, one) for one in named] or [entry.sha256 for entry in artifacts.entries()]
    total, damaged, size = len(asked), 0, 0
    with progress(quiet=quiet) as told:
        for count, one in enumerate(artifacts.verify(asked), 1):
            size += one.size
            if one.trouble:
                damaged += 1
                click.echo(f"damaged  {one.sha256}  {one.trouble}")
            told(f"{count:,} of {total:,} artifacts", count / total)
    click.echo(f"{measure.many(total, 'artifact')}, {measure.size(size)}: {damaged or 'none'} damaged")
    return DAMAGED if damaged else 0


@command.command("list")
@form_option
@store_option
@home_option
def list_(form: str, store: str | None, home: Path) -> None:
    """List what is stored: hash, bytes as stored, when it was last put, and what holds it."""
    from biopsy.cli.reporting import table  # noqa: PLC0415
    from biopsy.warehouse.artifacts.keeping import holds  # noqa: PLC0415

    artifacts = opened_store(home, store)
    at, held = datetime.now(UTC), dict[str, list[str]]()
    for one in holds(artifacts):
        if one.stands(at):
            held.setdefault(one.sha256, []).append(one.name)
    rows = [
        {
            "sha256": entry.sha256,
            "stored": entry.stored,
            "at": f"{entry.at:%Y-%m-%dT%H:%M:%SZ}",
            "holds": " ".join(held.get(entry.sha256, ())),
        }
        for entry in artifacts.entries()
    ]
    table(rows, form)


@command.command("hold")
@click.argument("artifact", metavar="SHA256|RUN_ID", shell_complete=run_ids)
@click.option("--name", required=True, metavar="NAME", help="What to call it, to lift it by: case-7.")
@click.option("--reason", required=True, metavar="TEXT", help="Why it may not be removed.")
@click.option("--until", default="", metavar="DATE", help="Until when; default: until it is lifted.")
@click.option("--by", "actor", metavar="NAME", help="Who asks; default: you.")
@store_option
@home_option
def hold(artifact: str, name: str, store: str | None, home: Path, **said: str | None) -> None:
    """Keep an artifact from being removed, by whatever rule, until the hold is lifted."""
    import getpass  # noqa: PLC0415

    from biopsy.warehouse.artifacts import keeping  # noqa: PLC0415

    sha256, at = _hash(home, artifact), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    by, reason, until = said["actor"] or getpass.getuser(), said["reason"] or "", said["until"] or ""
    artifacts = opened_store(home, store)
    keeping.hold(artifacts, keeping.Hold(sha256, name, reason, by, at, until))
    click.echo(f"{sha256} is held: {name}{f', until {until}' if until else ''}")
    if not artifacts.has(sha256):
        click.echo("it is not stored, so far: the hold is for when it is", err=True)


@command.command("lift")
@click.argument("artifact", metavar="SHA256|RUN_ID", shell_complete=run_ids)
@click.option("--name", required=True, metavar="NAME", help="Which hold.")
@store_option
@home_option
def lift(artifact: str, name: str, store: str | None, home: Path) -> None:
    """Take a hold off an artifact."""
    from biopsy.warehouse.artifacts import keeping  # noqa: PLC0415

    sha256 = _hash(home, artifact)
    keeping.lift(opened_store(home, store), sha256, name)
    click.echo(f"{sha256} is no longer held by {name}")


@command.command("gc", cls=Taught, epilog=GC)
@keep_option
@click.option("--remove", is_flag=True, help="Do it; otherwise it is only said.")
@store_option
@home_option
def gc(keep: tuple[str, ...], remove: bool, store: str | None, home: Path) -> None:  # noqa: FBT001
    """Remove what has outlived its retention, or say what that is."""
    from biopsy.formats.views import measure  # noqa: PLC0415
    from biopsy.warehouse.artifacts import keeping  # noqa: PLC0415

    retention, count, size = retention_of(keep), 0, 0
    artifacts, judged = opened_store(home, store), verdicts(home)
    for one in keeping.sweep(artifacts, retention, datetime.now(UTC), judged, remove=remove):
        count, size = (count, size) if one.kept else (count + 1, size + one.stored)
        click.echo(f"{'kept' if one.kept else 'removed' if remove else 'would go'}  {one.sha256}  {one.why}")
    if remove and (broken := keeping.tidy(artifacts, datetime.now(UTC))):
        click.echo(f"{measure.many(broken, 'upload')} that broke off, removed")
    said = "removed" if remove else "would go; --remove does it"
    click.echo(f"{measure.many(count, 'artifact')}, {measure.size(size)}, {said}")


def _hash(home: Path, named: str) -> str:
    """The sha256 that is meant by itself or by the analysis of it."""
    from biopsy.errors import UsageError  # noqa: PLC0415
    from biopsy.warehouse import Warehouse  # noqa: PLC0415

    if len(named) == 64:
        return named
    sha256 = Warehouse(home).get(named).artifact.sha256
    if not sha256:
        raise UsageError(f"the analysis {named} does not say of which artifact it is: others made it")
    return sha256
