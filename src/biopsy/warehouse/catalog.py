"""What can be asked: the tables as DuckDB sees them, and views, one SQL file each in `views/`.

A view's file is a SELECT; the comment before it says what it gives. One whose second line is a list of names
in brackets takes arguments: `FROM changes('npm', 'thing')`.
"""
# ruff: noqa: S608 - names of our files and columns are put into the SQL; values never are

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from biopsy.warehouse.engine import listed
from biopsy.warehouse.ledger import File
from biopsy.warehouse.tables import TABLES, columns, shape

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

VIEWS = Path(__file__).with_name("views")

NAMES = {"findings": "judgement_findings", "verdicts": "judgements", "dossiers": "documents"}
"""What a table is called where a view has its name: the view leaves out what few want."""

ORDER = ("hosts", "verdicts", "findings", "latest")
"""Views that others are made of, or that are made of these; the rest follows."""


PURL = """
CREATE MACRO purl_of(ecosystem, name, version) AS 'pkg:' || ecosystem || '/'
  || replace(replace(url_encode(name), '%2F', '/'), '%3A', ':')
  || CASE WHEN version = '' THEN '' ELSE '@' END
  || replace(replace(url_encode(version), '%2F', '/'), '%3A', ':')
"""
"""A release as the rest of the world writes it (package-url specification)."""


class View(msgspec.Struct, frozen=True):
    """A view: `says` what it gives; `takes` are its arguments."""

    name: str
    says: str
    query: str
    takes: tuple[str, ...] = ()


def views() -> Iterator[View]:
    """The views that are shipped, those first that others need."""
    files = {path.stem: path for path in sorted(VIEWS.glob("*.sql"))}
    for name in (*ORDER, *(name for name in files if name not in ORDER)):
        lines = files[name].read_text("utf-8").splitlines()
        comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
        query = "\n".join(line for line in lines if not line.startswith("--"))
        takes = comments[1].strip("()").replace(" ", "").split(",") if len(comments) > 1 else ()
        yield View(name, comments[0], query, tuple(takes))


def make(con: "DuckDBPyConnection", root: Path, files: Sequence[File]) -> None:
    """Make the tables and views over these files below `root`; every row of a table has its `purl` too."""
    con.execute(PURL)
    for table in TABLES:
        shown = ", ".join(map(_name, ("pack", *columns(table))))
        shown = shown.replace('"version"', '"version", purl_of(ecosystem, name, version) AS purl')
        made = f"SELECT {shown} FROM ({_source(table, root, files)})"
        con.execute(f"CREATE VIEW {NAMES.get(table, table)} AS {made}")
    con.execute("CREATE VIEW dossiers AS SELECT * EXCLUDE (pack, body, rest) FROM documents")
    for view in views():
        if view.takes:
            con.execute(f"CREATE MACRO {view.name}({', '.join(view.takes)}) AS TABLE {view.query}")
        else:
            con.execute(f"CREATE VIEW {view.name} AS {view.query}")


def _source(table: str, root: Path, files: Sequence[File]) -> str:
    types = {"pack": "VARCHAR", **columns(table)}
    empty = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in types.items())
    mine = [file for file in files if file.table == table]
    if not mine:
        return f"SELECT {empty} WHERE false"
    options = "hive_partitioning=true, hive_types={'ecosystem': VARCHAR, 'day': DATE}"
    source = f"read_parquet({listed(str(root / file.path) for file in mine)}, {options}"
    if all(file.shape == shape(table) for file in mine):
        return f"SELECT {', '.join(map(_name, types))} FROM {source})"
    # Files of older versions have other columns: what they lack is NULL.
    return (
        f"SELECT {', '.join(map(_name, types))} FROM (SELECT {empty} WHERE false "
        f"UNION ALL BY NAME SELECT * FROM {source}, union_by_name=true))"
    )


def _name(column: str) -> str:
    return f'"{column}"'
