"""Saved questions: the cookbook that is shipped, and those of one's own; one SQL file each.

    -- Title: one line
    -- Why somebody asks it, in a sentence or more.
    -- $days = 30
    SELECT …

A line `-- $name = value` gives what stands for `$name` unless something else is said.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from biopsy.errors import UsageError
from biopsy.model.regex import regex
from biopsy.warehouse.query import MAX_SQL

COOKBOOK = Path(__file__).with_name("cookbook")

NAME = regex(r"[a-z0-9][a-z0-9-]{0,63}")
"""What a saved question may be called: never what SQL could be."""

_VALUE = regex(r"\$([a-z_][a-z0-9_]*) = (.*)")


class Saved(msgspec.Struct, frozen=True):
    """A question with a name. `values` are those it has unless others are given."""

    name: str
    title: str
    why: str
    values: dict[str, str]
    sql: str
    own: bool = False


def read(path: Path, *, own: bool = False) -> Saved:
    """Read a saved question; UsageError where it cannot be."""
    try:
        if path.stat().st_size > MAX_SQL:
            raise UsageError(f"{path} is longer than a question may be ({MAX_SQL} bytes)")
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        raise UsageError(f"{path} cannot be read: {err}") from err
    comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    values = {match[1]: match[2] for line in comments if (match := _VALUE.fullmatch(line))}
    said = [line for line in comments if not _VALUE.fullmatch(line)]
    sql = "\n".join(line for line in lines if not line.startswith("--")).strip()
    return Saved(path.stem, said[0] if said else path.stem, " ".join(said[1:]), values, sql, own)


def every(home: Path) -> Iterator[Saved]:
    """Every saved question: the cookbook's, then those below this home."""
    for folder, own in ((COOKBOOK, False), (home / "queries", True)):
        for path in sorted(folder.glob("*.sql")):
            if NAME.fullmatch(path.stem):
                yield read(path, own=own)


def find(home: Path, name: str) -> Saved:
    """The saved question of a name, one's own before the cookbook's; UsageError where there is none."""
    known = {one.name: one for one in every(home)}
    if name not in known:
        near = [other for other in known if name in other or other in name]
        hint = f"; did you mean {', '.join(near[:3])}?" if near else ""
        raise UsageError(f"no question is saved as {name!r}{hint} (biopsy query --list)")
    return known[name]


def keep(home: Path, name: str, sql: str, title: str = "") -> Path:
    """Save a question under a name of one's own; UsageError where the name does not do."""
    if not NAME.fullmatch(name):
        raise UsageError(f"a name for a question is of a-z, 0-9 and -: {name!r} is not")
    path = home / "queries" / f"{name}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"-- {' '.join((title or name).split())}\n{sql.strip()}\n", "utf-8")
    return path
