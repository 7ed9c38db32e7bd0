"""`biopsy trends`: what the last days brought."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.asking import pack_first, write_lines
from biopsy.cli.home import home_option
from biopsy.cli.options import plain_option, quiet_option
from biopsy.cli.teach import Taught

if TYPE_CHECKING:
    from biopsy.warehouse.trends import Count, Trends

EXAMPLES = """
Examples
  biopsy trends                          the last 30 days on which there is anything
  biopsy trends --days 7 -e npm
  biopsy trends -o trends.svg            a chart
  biopsy trends -f json | jq .verdicts   for programs

Verdicts are those that hold today: replayed rules show in old days too. The
same numbers are views: biopsy query "FROM trend_categories".
"""

STEPS = " ▁▂▃▄▅▆▇█"
WIDE = 30


@click.command("trends", cls=Taught, epilog=EXAMPLES)
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="How many days.")
@click.option(
    "--until",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day; default: the last one with a verdict.",
)
@click.option("--ecosystem", "-e", metavar="NAME", default="", help="Only this one: pypi, npm, …")
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(("text", "json", "svg")),
    help="Default: text, or as FILE ends.",
)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write there."
)
@click.option("--no-pack", is_flag=True, help="Leave out what has landed and is not packed yet.")
@home_option
@quiet_option
@plain_option
def command(home: Path, days: int, output: Path | None, form: str | None, **options: Any) -> None:
    """Show trends: verdicts, ecosystems, categories, techniques, triggers, and time to a verdict, by day."""
    from biopsy.detect import attack  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.warehouse.query import Desk  # noqa: PLC0415
    from biopsy.warehouse.trends import named, trends  # noqa: PLC0415

    if not options["no_pack"]:
        pack_first(home, quiet=options["quiet"])
    until = f"{options['until']:%Y-%m-%d}" if options["until"] else ""
    with Desk(home / "warehouse") as desk:
        found = named(trends(desk, days, options["ecosystem"], until), dict(attack.known().techniques))
    form = form or _ending(output) or "text"
    write_lines([_document(found, form)], output)


def _ending(output: Path | None) -> str | None:
    ending = output.suffix.removeprefix(".").lower() if output else ""
    return ending if ending in {"json", "svg"} else None


def _document(found: "Trends", form: str) -> bytes:
    if form == "json":
        import msgspec  # noqa: PLC0415

        return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"
    if form == "svg":
        from biopsy.warehouse.svg import drawn  # noqa: PLC0415

        return drawn(found).encode()
    return "".join(f"{line}\n" for line in _text(found)).encode()


def _text(found: "Trends") -> Iterator[str]:
    from biopsy.warehouse.svg import span  # noqa: PLC0415

    where = f", {found.ecosystem}" if found.ecosystem else ""
    yield f"{found.days[0]} to {found.days[-1]}{where}; dossiers by day, each line on a scale of its own"
    yield from _part("Verdicts", found.verdicts)
    yield from _part("Ecosystems", found.ecosystems)
    yield from _part("Categories", found.categories)
    yield from _part("Techniques", found.techniques)
    yield from _part("When it happens", found.triggers)
    known = [one for one in found.times if one.p50 is not None and one.p95 is not None]
    if known:
        yield "\nFrom publication to the first verdict (last days)"
        for one in known[-7:]:
            half, most = span(one.p50 or 0), span(one.p95 or 0)
            yield f"  {one.day}  half in {half}, 95 % in {most}  ({one.dossiers:,})"


def _part(head: str, counts: "Sequence[Count]") -> Iterator[str]:
    from biopsy.formats.views.visible import visible  # noqa: PLC0415
    from biopsy.warehouse.trends import TOP  # noqa: PLC0415

    yield f"\n{head}"
    if not counts:
        yield "  none"
    for one in counts[:TOP]:
        name = visible(f"{one.name} {one.title}".strip(), limit=44)
        yield f"  {name:44} {one.total:>8,}  {sparks(one.by_day)}"
    if len(counts) > TOP:
        yield f"  … and {len(counts) - TOP} more"


def sparks(values: Sequence[int]) -> str:
    """Numbers as a row of little bars, several days a bar where there are many."""
    share = -(-len(values) // WIDE)
    sums = [sum(values[at : at + share]) for at in range(0, len(values), share)]
    most = max(sums, default=0)
    return "".join(STEPS[-(-value * 8 // most)] if most else " " for value in sums).rstrip()
