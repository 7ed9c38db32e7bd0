"""`biopsy reports search`: reports by a name, a look-alike, a hash, a domain, an address."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import database_option, limit_option, opened, table
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError

if TYPE_CHECKING:
    from biopsy.reports.database import Database

SEARCH = """
Examples
  biopsy reports search reqeusts            names with it, look-alikes, a letter or two apart
  biopsy reports search GHSA-x1y2-z3w4-v5u6 an id or alias of anybody
  biopsy reports search evil.example        a domain, also of a URL; evil[.]example, too
  biopsy reports search 203.0.113.9         an address
  biopsy reports search sha512-zmTx...==    a file or archive, by any hash it is known by

Exit status
  0  something was found
  1  nothing was
"""


@click.command("search", cls=Taught, epilog=SEARCH)
@click.argument("text")
@click.option("--ecosystem", "-e", metavar="NAME", default="", help="Only of this: npm, PyPI, crates.io, …")
@limit_option
@form_option
@database_option
@home_option
def command(text: str, home: Path, database: Path | None, **asked: Any) -> int:
    """Find reports by a name or what looks like it, an id, a hash, a domain, a URL or an address."""
    from biopsy.reports import naming  # noqa: PLC0415 - slow to import, and --help is not

    ecosystem = naming.known(asked["ecosystem"]) if asked["ecosystem"] else ""
    if ecosystem is None:
        raise UsageError(f"no ecosystem {asked['ecosystem']!r}; there are: {', '.join(sorted(naming.KNOWN))}")
    if not text.strip():
        raise UsageError("search for what?")
    with opened(home, database) as held:
        rows = _found(held, database or home / "reports.db", text.strip(), ecosystem, asked["limit"])
    table(rows[: asked["limit"]], asked["form"], "nothing found")
    return 0 if rows else 1


def _found(held: "Database", path: Path, text: str, ecosystem: str, limit: int) -> list[dict[str, Any]]:
    """What is found, the surest first; each report once, with how it was found."""
    from biopsy.reports import derived, marks  # noqa: PLC0415

    derived.refresh(path)
    rows = [*held.named(text, ecosystem), *held.marked(marks.mark(text), ecosystem, limit)]
    rows += [{"found": "name", **row} for row in held.search(text, "", limit, ecosystem)]
    rows += held.alike(text, ecosystem, limit)
    rows += _near(path, held, text, ecosystem)
    once: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        shown = {key: row[key] for key in ("found", "id", "state", "ecosystem", "name", "modified")}
        once.setdefault((row["ecosystem"], row["name"]), shown)
    return list(once.values())


def _near(path: Path, held: "Database", text: str, ecosystem: str) -> list[dict[str, Any]]:
    """Names that are a letter or two apart from the text."""
    from biopsy.reports.reader import Reader  # noqa: PLC0415
    from biopsy.reports.similar import Names  # noqa: PLC0415

    reader, names = Reader(path), Names()
    kinds = [ecosystem] if ecosystem else sorted({row["ecosystem"] for row in held.counts()} - {""})
    near = [one for kind in kinds for one in names.like(reader, kind, text)]
    return [
        {**row, "found": f"{one.distance} letters apart" if one.distance > 1 else "a letter apart"}
        for one in sorted(near, key=lambda one: one.distance)
        if one.distance
        for row in held.named(f"{one.package.ecosystem}/{one.package.name}", ecosystem)
    ]
