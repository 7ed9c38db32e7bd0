"""Write rows as Parquet files, one a table and partition, through DuckDB."""
# ruff: noqa: S608 - names of our files and columns are put into the SQL; text of packages never is

import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from biopsy.warehouse.engine import connect, listed, quoted
from biopsy.warehouse.ledger import File, settle
from biopsy.warehouse.parts import days_of
from biopsy.warehouse.tables import TABLES, DossierRow, Row, columns, shape

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ORDER = {
    "behaviours": "kind, name, run_id, seq",
    "dossiers": "name, version, run_id",
    "findings": "rule, name, run_id, judged",
    "verdicts": "name, version, run_id, judged",
    "phases": "name, run_id, profile, phase",
    "exchanges": "host, name, run_id, time",
    "files": "name, run_id, path",
}
"""How rows stand in a file: what is asked for together lies together, and row groups can be passed over."""

ROW_GROUP = {"dossiers": (2048, 4_000_000)}
"""Rows of a row group, and bytes, where rows are large; else DuckDB's own numbers. Who reads one row unpacks
its group: of 500 real dossiers one is read in 4 ms and not in 22, for one part in a hundred more disk."""

LEVEL = 3
COMPACT_LEVEL = 9
"""Levels of zstd: when packing, and when compacting, which is done once and read for years."""

_CHUNK = 1 << 20
_AT_ONCE = 64

MAX_ROW = 8 * 1024**2
"""Bytes of one row as JSON, but for what a dossier holds as a whole."""

_BIG = ("body", "rest")  # they may be hundreds of megabytes, so they never go through a line of JSON


class Writer:
    """Takes rows, and writes them below a warehouse as one pack. Nothing counts before it is committed."""

    def __init__(self, root: Path, pack: str) -> None:
        """Write below `root`; the files are named `pack`."""
        self._root, self._pack = root, pack
        self._staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=root))
        self._con = connect()
        self._lines = {table: (self._staging / f"{table}.jsonl").open("wb") for table in TABLES}
        self._con.execute(_table("big", {"run_id": "VARCHAR", "body": "VARCHAR", "rest": "VARCHAR"}))
        self._big: list[tuple[str, ...]] = []
        self._encoder = msgspec.json.Encoder()

    def __enter__(self) -> Self:
        """Take rows."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing half done behind."""
        self._con.close()
        for file in self._lines.values():
            file.close()
        for path in self._staging.iterdir():
            path.unlink()
        self._staging.rmdir()

    def known(self, run_ids: Iterable[str], files: Sequence[File]) -> set[str]:
        """Those of the run ids whose dossiers are in these files already."""
        wanted = sorted(set(run_ids))
        days = {day for run_id in wanted for day in days_of(run_id) or ("",)}
        likely = [file for file in files if file.table == "dossiers" and ("" in days or file.day in days)]
        paths = [str(self._root / file.path) for file in likely]
        if not paths:
            return set()
        query = f"SELECT run_id FROM read_parquet({listed(paths)}) WHERE run_id IN (SELECT unnest(?))"
        return {row[0] for row in self._con.execute(query, [wanted]).fetchall()}

    def add(self, made: Mapping[str, Sequence[Row]]) -> None:
        """Take rows, by table, all of them or none: ValueError where one of them is too large."""
        lines = {
            table: self._encoder.encode_lines([_small(row) for row in some]) for table, some in made.items()
        }
        if any(
            len(line) > MAX_ROW
            for many in lines.values()
            if len(many) > MAX_ROW
            for line in many.splitlines()
        ):
            raise ValueError(f"a row of it is larger than rows may be ({MAX_ROW} bytes)")
        for table, many in lines.items():
            self._lines[table].write(many)
        for row in made.get("dossiers", ()):
            self._big.append((row.run_id, *(getattr(row, name) for name in _BIG)))
        if len(self._big) >= _AT_ONCE:
            self._put_big()

    def _put_big(self) -> None:
        if self._big:
            self._con.executemany("INSERT INTO big VALUES (?, ?, ?)", self._big)
            self._big.clear()

    def finish(self) -> tuple[File, ...]:
        """Write the Parquet files, durably; return them."""
        self._put_big()
        found: list[File] = []
        for table, lines in self._lines.items():
            lines.close()
            path = self._staging / f"{table}.jsonl"
            if path.stat().st_size:
                found += self._write(table, path)
        return tuple(found)

    def _write(self, table: str, lines: Path) -> Iterable[File]:
        types = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in columns(table).items())
        source = (
            f"read_json({quoted(str(lines))}, format='newline_delimited', columns={{{types}}}, "
            f"maximum_object_size={MAX_ROW * 2})"
        )
        names = ", ".join(f"big.{name}" if name in _BIG else f'l."{name}"' for name in columns(table))
        joined = f"{source} AS l JOIN big USING (run_id)" if table == "dossiers" else f"{source} AS l"
        self._con.execute(
            f"CREATE TABLE {table} AS SELECT {quoted(self._pack)} AS pack, {names} FROM {joined}"
        )
        parts = self._con.execute(
            f"SELECT DISTINCT ecosystem, day::VARCHAR FROM {table} ORDER BY ALL"
        ).fetchall()
        for ecosystem, day in parts:
            query = f"FROM {table} WHERE ecosystem = {quoted(ecosystem)} AND day = DATE {quoted(day)}"
            place = f"{table}/ecosystem={ecosystem}/day={day}/{self._pack}.parquet"
            yield write(self._con, query, self._root, place, (self._pack,))
        self._con.execute(f"DROP TABLE {table}")


def _small(row: Row) -> Row:
    return msgspec.structs.replace(row, body="", rest="") if isinstance(row, DossierRow) else row


def write(
    con: "DuckDBPyConnection",
    query: str,
    root: Path,
    place: str,
    leaves: tuple[str, ...],
    *,
    level: int = LEVEL,
) -> File:
    """Write what a query gives as the file at `place`, in the order of its table; durably."""
    table, path = place.partition("/")[0], root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    group = (
        ", ROW_GROUP_SIZE {}, ROW_GROUP_SIZE_BYTES {}".format(*ROW_GROUP[table]) if table in ROW_GROUP else ""
    )
    con.execute(
        f"COPY ({query} ORDER BY {ORDER[table]}) TO {quoted(str(partial))} "
        f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {level}{group})"
    )
    rows = con.execute(f"SELECT num_rows FROM parquet_file_metadata({quoted(str(partial))})").fetchall()
    digest = digest_of(partial, sync=True)
    partial.replace(path)
    settle(path.parent)
    return File(place, int(rows[0][0]), path.stat().st_size, digest, leaves, shape(table))


def digest_of(path: Path, *, sync: bool = False) -> str:
    """The sha256 of a file, in hex; `sync`: make sure that it is on the disk."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            whole.update(chunk)
        if sync:
            os.fsync(file.fileno())
    return whole.hexdigest()


def _table(name: str, types: Mapping[str, str]) -> str:
    return f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in types.items())})"
