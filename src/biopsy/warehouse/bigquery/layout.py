"""The tables in BigQuery: those of the warehouse, and the one of Package Analysis.

Each is partitioned by day and clustered by what questions ask for first. A row is known by its key, so that
loading it again changes nothing. The dossiers' stored form (`body`, `rest`) stays out: BigQuery is for
asking, and the warehouse keeps it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from biopsy.errors import UsageError
from biopsy.model.regex import regex
from biopsy.warehouse import tables

LEFT_OUT = frozenset({"body", "rest"})
ROW = "row"
"""The column that, with `run_id`, says which row it is: a digest of what it says, and how many were alike."""

ALL = "warehouse"
KEPT_APART = "package_analysis"
"""What can be loaded: our tables, or one table in the layout of Package Analysis, which is so named."""

_TABLE = regex(r"[A-Za-z0-9_]{1,200}")
_TYPES = {
    "VARCHAR": ("STRING", "NULLABLE"),
    "VARCHAR[]": ("STRING", "REPEATED"),
    "BIGINT": ("INTEGER", "NULLABLE"),
    "DOUBLE": ("FLOAT", "NULLABLE"),
    "BOOLEAN": ("BOOLEAN", "NULLABLE"),
    "TIMESTAMP": ("TIMESTAMP", "NULLABLE"),
    "DATE": ("DATE", "NULLABLE"),
}
_NEVER_NULL = frozenset({"ecosystem", "day", "run_id", "name", "version"})
_FIRST = {"behaviours": "kind", "findings": "rule", "verdicts": "call", "exchanges": "host", "files": "path"}


class Column(msgspec.Struct, frozen=True):
    """A column: `type` as in BigQuery's REST API, `mode` REQUIRED, NULLABLE or REPEATED."""

    name: str
    type: str
    mode: str = "NULLABLE"
    fields: tuple["Column", ...] = ()
    description: str = ""


class Layout(msgspec.Struct, frozen=True):
    """A table: a row is known by the columns of `key`; partitioned by the day in `day`."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    day: str
    cluster: tuple[str, ...]
    description: str = ""


def _layout(name: str) -> Layout:
    described = (tables.TABLES[name].__doc__ or "").split("\n", 1)[0]
    columns = [_column(column, sql) for column, sql in tables.columns(name).items() if column not in LEFT_OUT]
    row = Column(ROW, "STRING", "REQUIRED", description="Which row of its run it is: loaded once.")
    first = (_FIRST[name],) if name in _FIRST else ()
    return Layout(name, (*columns, row), ("run_id", ROW), "day", (*first, "ecosystem", "name"), described)


def _column(name: str, sql: str) -> Column:
    kind, mode = _TYPES[sql]
    return Column(name, kind, "REQUIRED" if name in _NEVER_NULL else mode)


def _phase(name: str) -> Column:
    """One of its phases, which are columns there; as in its `dynamic-analysis-schema.json`."""
    text, many, flag = "STRING", "REPEATED", "BOOLEAN"
    queries = Column("Queries", "RECORD", many, (Column("Hostname", text), Column("Types", text, many)))
    return Column(
        name,
        "RECORD",
        fields=(
            Column("Status", text),
            Column("Stdout", "BYTES"),
            Column("Stderr", text),
            Column("DNS", "RECORD", many, (Column("Class", text), queries)),
            Column(
                "Commands", "RECORD", many, (Column("Command", text, many), Column("Environment", text, many))
            ),
            Column(
                "Sockets",
                "RECORD",
                many,
                (Column("Hostnames", text, many), Column("Port", "INTEGER"), Column("Address", text)),
            ),
            Column(
                "Files",
                "RECORD",
                many,
                (Column("Delete", flag), Column("Write", flag), Column("Read", flag), Column("Path", text)),
            ),
        ),
    )


PACKAGE_ANALYSIS = Layout(
    KEPT_APART,
    (
        Column(
            "Package",
            "RECORD",
            fields=(Column("Ecosystem", "STRING"), Column("Version", "STRING"), Column("Name", "STRING")),
        ),
        Column("CreatedTimestamp", "TIMESTAMP"),
        Column("Analysis", "RECORD", fields=tuple(map(_phase, ("install", "import", "execute")))),
    ),
    ("Package.Ecosystem", "Package.Name", "Package.Version", "CreatedTimestamp"),
    "CreatedTimestamp",
    (),
    "In the layout of OpenSSF Package Analysis, for queries that were written for it.",
)


def theirs(name: str) -> Layout:
    """A table of that name in the layout of Package Analysis; UsageError where no table is so named."""
    if not _TABLE.fullmatch(name) or name in OURS or name == LOADS.name:
        raise UsageError(f"no table of its own can have the name {name!r}")
    return msgspec.structs.replace(PACKAGE_ANALYSIS, name=name)


LOADS = Layout(
    "loads",
    (
        Column(
            "pack", "STRING", "REQUIRED", description="A pack of the warehouse, all of whose rows are here."
        ),
        Column("what", "STRING", "REQUIRED", description="`warehouse`, or `package_analysis`."),
        Column("loaded", "TIMESTAMP", "REQUIRED"),
        Column("refused", "STRING", "REPEATED", description="Runs that are not here: a row did not fit."),
    ),
    ("pack", "what"),
    "loaded",
    (),
    "Which packs were loaded; the cursor of `biopsy export bigquery`. Without it all is looked at again.",
)

OURS: Mapping[str, Layout] = {name: _layout(name) for name in tables.TABLES}


def grown(
    there: Iterable[Mapping[str, Any]], wanted: Iterable[Column], path: str = ""
) -> tuple[list[Any], list[str]]:
    """The columns of a table after it has grown: what is there, then what is new; and the names of the new.

    ValueError where a column there has another type: that no load may mend by itself.
    """
    kept, added = [dict(one) for one in there], list[str]()
    known = {str(one["name"]).lower(): one for one in kept}
    for column in wanted:
        one = known.get(column.name.lower())
        if one is None:
            new = msgspec.to_builtins(column)
            new["mode"] = "NULLABLE" if column.mode == "REQUIRED" else column.mode  # old rows have none
            kept.append(new)
            added.append(f"{path}{column.name}")
            continue
        was, is_ = (_alias(str(one["type"])), str(one.get("mode") or "NULLABLE")), (column.type, column.mode)
        if was[0] != is_[0] or (was[1] == "REPEATED") != (is_[1] == "REPEATED"):
            raise ValueError(f"{path}{column.name} is {' '.join(was)} there, and would be {' '.join(is_)}")
        if column.fields:
            one["fields"], more = grown(one.get("fields") or (), column.fields, f"{path}{column.name}.")
            added += more
    return kept, added


def _alias(name: str) -> str:
    return {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}.get(name, name)
