"""`biopsy names`: the lists of well-known names, and what a name resembles."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.teach import Taught, TaughtGroup
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.ecosystems import Ecosystem
    from biopsy.ecosystems.names import Names, Resemblance

ecosystem_option = click.option(
    "--ecosystem", "-e", "kind", metavar="NAME", default="pypi", show_default=True, help="pypi, npm, gem, …"
)

REFRESH = """
Examples
  biopsy names refresh pypi --from top.txt     a name a line, the most used first
  biopsy names refresh npm --from https://...  TSV, CSV or JSON are taken too

A table needs a column `name`, `package` or `project`; one that begins with
`rank` or `downloads` orders it; `summary` lets copied descriptions be noticed.
The list is kept in BIOPSY_HOME/names and goes before the one that is shipped.
"""

CHECK = """
Examples
  biopsy names check reqeusts                    one slip away from what?
  biopsy names check types-node -e npm -f json   for programs

A resemblance is a fact, no accusation: one ordinary name in fifty has one.
Nothing is asked of any registry.
"""


NAMES = """
Examples
  biopsy names check reqeusts -e pypi    does it resemble a well-known name?
  biopsy names list                      which lists are in use, and how old
"""


@click.group("names", cls=TaughtGroup, epilog=NAMES)
def command() -> None:
    """Show and refresh the lists of well-known names; check what a name resembles."""


@command.command("list")
@home_option
def list_(home: Path) -> None:
    """Say which lists are in use: of which day, how many names, from where."""
    from biopsy.ecosystems import all_ecosystems  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.ecosystems.names import load  # noqa: PLC0415

    for ecosystem in all_ecosystems():
        names = load(ecosystem.type, home)
        place = "came with biopsy" if names.source == "shipped" else names.source
        click.echo(visible(f"{ecosystem.type:16} {names.date or '-':12} {len(names):6} names  {place}"))


@command.command("refresh", cls=Taught, epilog=REFRESH)
@click.argument("kind", metavar="ECOSYSTEM")
@click.option("--from", "source", required=True, metavar="FILE|URL", help="The list to take.")
@click.option(
    "--keep", type=click.IntRange(1, 50_000), default=15_000, show_default=True, help="At most so many names."
)
@home_option
def refresh(kind: str, source: str, keep: int, home: Path) -> None:
    """Take another list of well-known names for an ecosystem. The network is asked only for a URL."""
    from biopsy.cli.output import hand_over  # noqa: PLC0415
    from biopsy.ecosystems import by_type  # noqa: PLC0415
    from biopsy.ecosystems.names import listed  # noqa: PLC0415
    from biopsy.ecosystems.names.taken import taken  # noqa: PLC0415

    ecosystem = by_type(kind)
    pairs = taken(_bytes(source, kind), ecosystem.normalise, keep)
    path = listed.kept(kind, home)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(listed.write(kind, f"{datetime.now(UTC):%Y-%m-%d}", pairs))
        part.replace(path)
    except OSError as err:
        raise UsageError(f"cannot write {path}: {err.strerror or err}") from err
    hand_over(path)
    click.echo(visible(f"{len(pairs)} names of {kind}, kept in {path}"))


def _bytes(source: str, kind: str) -> bytes:
    from biopsy.ecosystems.names.taken import MAX_SOURCE  # noqa: PLC0415

    if source.startswith(("https://", "http://")):
        from biopsy import fetch  # noqa: PLC0415
        from biopsy.ecosystems import web  # noqa: PLC0415
        from biopsy.model.release import Endpoint  # noqa: PLC0415

        with fetch.client() as client:
            page = web.get(client, Endpoint(kind, source), source, "*/*")
        if page.status != 200:
            raise UsageError(f"{source}: answered {page.status}")
        return page.body
    try:
        with Path(source).expanduser().open("rb") as file:
            return file.read(MAX_SOURCE + 1)
    except OSError as err:
        raise UsageError(f"cannot read {source}: {err.strerror or err}") from err


@command.command("check", cls=Taught, epilog=CHECK)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@ecosystem_option
@home_option
@form_option
def check(names: tuple[str, ...], kind: str, home: Path, form: str) -> None:
    """Explain which well-known names a name resembles, and how."""
    from biopsy.ecosystems import by_type  # noqa: PLC0415
    from biopsy.ecosystems.names import listed, load, resemblances  # noqa: PLC0415

    ecosystem, known = by_type(kind), load(kind, home)
    others = tuple(load(other, home) for other in listed.shipped() if other != kind)
    found = {n: resemblances(_spelt(ecosystem, n), known, ecosystem.habits, others) for n in names}
    if form == "json":
        _print_json(found, known)
        return
    for name, alike in found.items():
        spelt = _spelt(ecosystem, name)
        if rank := known.rank(spelt):
            click.echo(visible(f"{name}: is in wide use itself, number {rank} of {kind}"))
        elif not alike:
            click.echo(visible(f"{name}: resembles nothing in wide use"))
        for one in alike:
            rank = known.rank(one.target)
            place = f", number {rank} of {kind}" if rank else ""
            click.echo(visible(f"{name}: {one.word} of {one.target}{place}: {one.how}"))


def _spelt(ecosystem: "Ecosystem", name: str) -> str:
    """Spell a name as its ecosystem does; one that no registry would take is looked at as it is."""
    try:
        return ecosystem.normalise(name)
    except UsageError:
        return name


def _print_json(found: "dict[str, tuple[Resemblance, ...]]", known: "Names") -> None:
    import msgspec  # noqa: PLC0415

    listed = {
        name: [
            {"word": one.word, "target": one.target, "rank": known.rank(one.target) or None, "how": one.how}
            for one in alike
        ]
        for name, alike in found.items()
    }
    click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())
