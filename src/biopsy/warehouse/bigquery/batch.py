"""A batch: rows of some packs, written down table by table, each held against its layout."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from biopsy.model.dossier import Dossier
from biopsy.warehouse.bigquery import layout, valid
from biopsy.warehouse.bigquery.layout import Layout
from biopsy.warehouse.interchange import dynamic, written

MAX_BATCH = 1024**3
"""Bytes of rows after which a batch is full; a load takes far more, and a retry repeats all of it."""

_ENCODER = msgspec.json.Encoder(order="sorted")


class Refused(msgspec.Struct, frozen=True):
    """A dossier that is not loaded, because a row of it is not what its table takes."""

    run_id: str
    why: str


class Staged(msgspec.Struct, frozen=True):
    """The rows of one table, as JSON lines in a file; the days that they are of."""

    layout: Layout
    path: Path
    rows: int
    first: str
    last: str


class _Table:
    """The file of one table that is being written."""

    def __init__(self, where: Layout, folder: Path) -> None:
        self.layout, self.path = where, folder / f"{where.name}.jsonl"
        self.file: IO[bytes] = self.path.open("wb")
        self.rows = 0
        self.days: set[str] = set()
        self.same: Counter[bytes] = Counter()


class Batch:
    """Takes rows, and writes them into a folder of its own; a dossier goes whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Write into the folder."""
        self._folder = folder
        self._tables: dict[str, _Table] = {}
        self._refused: dict[str, str] = {}
        self.size = 0

    @property
    def full(self) -> bool:
        """Whether it should be loaded before more is taken."""
        return self.size >= MAX_BATCH

    def next_pack(self) -> None:
        """Go on with another pack: a row that it says once more is the same row, not one more of its sort."""
        for table in self._tables.values():
            table.same.clear()

    def add(self, where: Layout, row: Mapping[str, Any]) -> None:
        """Take a row of one of our tables; one that does not fit has its whole dossier refused."""
        said = {name: _said(value) for name, value in row.items() if value is not None}
        table = self._table(where)
        known = hashlib.sha256(_ENCODER.encode(said)).digest()[:15]
        number = table.same[known]
        table.same[known] += 1
        said[layout.ROW] = f"{known.hex()}-{number}"
        self._take(table, said, str(said["run_id"]), str(said["day"]))

    def add_theirs(self, where: Layout, dossier: Dossier) -> None:
        """Take a dossier for a table in the layout of Package Analysis."""
        row = theirs(dossier)
        self._take(self._table(where), row, dossier.run_id, row["CreatedTimestamp"][:10])

    def close(self) -> tuple[list[Staged], list[Refused]]:
        """Finish: the tables that have rows, that of dossiers last, and what is not among them."""
        for table in self._tables.values():
            table.file.close()
        if self._refused:
            for table in self._tables.values():
                self._without(table)
        order = sorted(
            self._tables.values(), key=lambda one: (one.layout.name == "dossiers", one.layout.name)
        )
        return [
            Staged(one.layout, one.path, one.rows, min(one.days), max(one.days)) for one in order if one.rows
        ], [Refused(run_id, why) for run_id, why in self._refused.items()]

    def _table(self, where: Layout) -> _Table:
        if where.name not in self._tables:
            self._tables[where.name] = _Table(where, self._folder)
        return self._tables[where.name]

    def _take(self, table: _Table, row: Mapping[str, Any], run_id: str, day: str) -> None:
        try:
            line = valid.line(row, table.layout)
        except valid.Invalid as err:
            self._refused.setdefault(run_id, f"{table.layout.name}: {err}"[:500])
            return
        table.file.write(line + b"\n")
        table.rows += 1
        table.days.add(day)
        self.size += len(line) + 1

    def _without(self, table: _Table) -> None:
        """Take the rows of refused dossiers out again; where a dossier is one row, it never came in."""
        rest, count = table.path.with_suffix(".rest"), 0
        with table.path.open("rb") as source, rest.open("wb") as target:
            for line in source:
                if msgspec.json.decode(line, type=_Whose).run_id not in self._refused:
                    target.write(line)
                    count += 1
        rest.replace(table.path)
        table.rows = count


class _Whose(msgspec.Struct, frozen=True):
    run_id: str = ""


def _said(value: Any) -> Any:
    """A value as JSON has it; times and days come out of Parquet as such."""
    if isinstance(value, datetime):
        at = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return at.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def theirs(dossier: Dossier) -> dict[str, Any]:
    """A dossier as a row of Package Analysis's table.

    Its table knows no run: the microseconds of its time, which it leaves empty, are made of ours.
    """
    made = msgspec.to_builtins(written.result_of(dossier))
    at = datetime.fromtimestamp(made["CreatedTimestamp"], UTC)
    part = int.from_bytes(hashlib.sha256(dossier.run_id.encode()).digest()[:8], "big") % 1_000_000
    made["CreatedTimestamp"] = f"{at:%Y-%m-%dT%H:%M:%S}.{part:06d}Z"
    made["Analysis"] = {name: one for name, one in made["Analysis"].items() if name in dynamic.PHASES}
    return dict(made)
