"""`biopsy reports verify`: whether a release, or a verdict, is what its keys signed."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.signing import store
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

VERIFY = """
Examples
  biopsy reports verify public/ --root root.json             a release: whole, newest, signed
  biopsy reports verify thing.intoto.jsonl --key verdicts.pub
  biopsy reports verify thing.intoto.jsonl --key verdicts.pub --file thing-1.0.tgz

No network is asked. Of a release is remembered what was seen, so that an older one put in
its place is refused. With --file only statements on that very file are shown.

Exit status
  0  it is what its keys signed
  1  it is not; or no statement is on the file
  2  wrong usage, or a file that cannot be read
"""

MAX_LINES = 1_000_000


@click.command("verify", cls=Taught, epilog=VERIFY)
@click.argument("place", metavar="DIR|FILE", type=click.Path(path_type=Path, exists=True))
@click.option("--root", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="The root that is trusted, of a release.")  # fmt: skip
@click.option("--key", "keys", multiple=True, metavar="FILE",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="A public key that is trusted, of a verdict. Repeatable.")  # fmt: skip
@click.option("--file", "about", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              metavar="FILE", help="The file that the verdict is to be on.")  # fmt: skip
@form_option
@home_option
def command(place: Path, home: Path, **asked: Any) -> int:
    """Verify a release directory by its root, or a file of signed verdicts by their key."""
    store(home)  # says what is missing, if the extra is
    from biopsy.reports.signing import UntrustedError  # noqa: PLC0415 - slow to import, and --help is not

    if place.is_dir() != bool(asked["root"]) or place.is_dir() == bool(asked["keys"]):
        raise UsageError("a folder is verified with --root, a file with --key")
    try:
        if place.is_dir():
            return _release(place, asked["root"], home, asked["form"])
        return _verdicts(place, asked["keys"], asked["about"], asked["form"])
    except UntrustedError as error:
        click.echo(visible(f"not to be trusted: {error}"), err=True)
        return 1


def _release(place: Path, root: Path, home: Path, form: str) -> int:
    from biopsy.reports.signing.verify import MAX_ROOT, verify  # noqa: PLC0415

    data = root.read_bytes()[: MAX_ROOT + 1]
    state = home / "signing" / "seen" / hashlib.sha256(data).hexdigest()[:16]
    seen = verify(place, data, state)
    if form == "json":
        row = {"version": seen.version, "files": seen.files, "unsigned": list(seen.unsigned)}
        click.echo(json.dumps(row, indent=2))
        return 0
    click.echo(visible(f"{place}: release {seen.version}, {seen.files:,} files are as they were signed"))
    for path in seen.unsigned[:20]:
        click.echo(visible(f"nobody signed {path}"), err=True)
    return 0


def _verdicts(place: Path, keys: Sequence[Path], about: Path | None, form: str) -> int:
    from biopsy.reports.signing import envelope  # noqa: PLC0415
    from biopsy.reports.signing.keys import public  # noqa: PLC0415

    trusted = [public(path) for path in keys]
    wanted = _hash(about) if about else ""
    rows = []
    for line in _lines(place):
        said = envelope.opened(line, trusted)
        for subject in said["subject"]:
            digest = subject["digest"]["sha256"]
            if wanted in {"", digest}:
                rows.append({"file": subject["name"], "sha256": digest, **said["predicate"]})
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    for row in rows if form != "json" else ():
        words = (row["verdict"], row["sha256"], row["file"], row.get("reason", ""))
        click.echo(visible("  ".join(words)))
    if not rows:
        click.echo("nothing is said of that file" if about else "nothing is said", err=True)
    return int(not rows)


def _lines(place: Path) -> Iterator[bytes]:
    from biopsy.reports.signing.envelope import MAX_BYTES  # noqa: PLC0415

    with place.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_BYTES + 2), b"")):
            if number >= MAX_LINES:
                raise UsageError(f"{place}: more than {MAX_LINES:,} lines")
            if line.strip():
                yield line


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
