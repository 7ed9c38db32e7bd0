"""Read dossiers and judgements that were packed."""
# ruff: noqa: S608 - names of our files and columns are put into the SQL; values never are

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from biopsy.model.behaviour import escape, unescape
from biopsy.model.dossier import Call
from biopsy.model.release import Release
from biopsy.warehouse import rows
from biopsy.warehouse.engine import lent, listed
from biopsy.warehouse.judgement import Judgement
from biopsy.warehouse.ledger import File, Ledger
from biopsy.warehouse.parts import Part, Unreadable, days_of
from biopsy.warehouse.tables import columns
from biopsy.warehouse.wire import Stored

PART = 2048
"""Packed dossiers in one part."""

_AT_ONCE = 64
_HELD = "QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY judged DESC) = 1"
_NEAR = "name = ? AND version = ? AND run_id = ?"  # in the order of rows: what is elsewhere is not unpacked
_FIELDS = (
    "run_id, ecosystem, name, version, sha256, strftime(created, '%Y-%m-%dT%H:%M:%SZ'), "
    "strftime(judged, '%Y-%m-%dT%H:%M:%SZ'), rules, call, reason, because, categories, classes"
)


class Store:
    """The packed part of a warehouse. What is committed while it is used is seen by the next question."""

    def __init__(self, root: Path) -> None:
        """Read below `root`; it need not exist."""
        self._root = root
        self._ledger = Ledger(root)

    def get(self, run_id: str) -> Stored | None:
        """The dossier of an id, if it is here."""
        # A run id begins with the time; the day of a dossier is that on which it was finished.
        likely = days_of(run_id)
        for days in (likely, ()) if likely else ((),):
            for found in self._dossiers("run_id = ?", [run_id], days=days):
                return found
        return None

    def near(self, run_id: str, of: Release, *, whole: bool = True) -> Stored | None:
        """The dossier of an id and release, if it is where it has to be; without `whole` as rules read it."""
        query = f"SELECT run_id, body, {'rest' if whole else repr('')} FROM {{}} WHERE {_NEAR}"
        for row in self._near("dossiers", query, run_id, of):
            stored = _stored(*row)
            if isinstance(stored, Stored):
                return stored
        return None

    def facts(self, run_id: str, of: Release, family: str) -> Iterator[str]:
        """The behaviours of a family in such a dossier, as text, in their order."""
        query = f"SELECT kind, value, place FROM {{}} WHERE {_NEAR} AND family = ? ORDER BY seq"
        for kind, value, where in self._near("behaviours", query, run_id, of, family):
            yield f"{kind} {value} @ {where}"

    def _near(self, table: str, query: str, run_id: str, of: Release, *more: str) -> list[tuple[Any, ...]]:
        """The rows of a dossier, day by day on which it may have been made: mostly it is the first."""
        values = [escape(of.name), escape(of.version), run_id, *more]
        for day in days_of(run_id):
            files = self._ledger.within(table, of.ecosystem, day)
            if found := self._ask(query, files, values):
                return found
        return [] if days_of(run_id) else self._ask(query, self._files(table, of.ecosystem), values)

    def several(self, run_ids: Iterable[str]) -> dict[str, Stored]:
        """The dossiers of these ids that are here, as far as rules read them, by id; one question."""
        query = "SELECT run_id, body, '' FROM {} WHERE run_id IN (SELECT unnest(?))"
        rows_ = self._ask(query, self._files("dossiers"), [sorted(set(run_ids))])
        return {one.run_id: one for row in rows_ if isinstance(one := _stored(*row), Stored)}

    def of_several(self, releases: Collection[Release]) -> Iterator[Stored]:
        """Every dossier of these releases, the newest first, as far as rules read them; one question."""
        names = [[escape(one.name), escape(one.version)] for one in releases]
        query = (
            "SELECT run_id, body, '' FROM {} WHERE [name, version] IN (SELECT unnest(?))"
            " ORDER BY created DESC, run_id DESC"
        )
        for row in self._ask(query, self._files("dossiers"), [names]) if names else ():
            stored = _stored(*row)
            if isinstance(stored, Stored) and stored.release in releases:
                yield stored

    def names(self) -> Iterator[tuple[str, ...]]:
        """Ecosystem, name and version of every release that something is kept of."""
        query = "SELECT DISTINCT ecosystem, name, version FROM {}"
        rows_ = self._ask(query, self._files("dossiers"), [])
        return (tuple(map(unescape, row)) for row in rows_)

    def of(self, release: Release) -> Iterator[Stored]:
        """Every dossier of a release, the newest first."""
        where = "name = ? AND version = ? ORDER BY created DESC, run_id DESC"
        return self._dossiers(where, [escape(release.name), escape(release.version)], release.ecosystem)

    def recent(self, limit: int) -> Iterator[Stored]:
        """The newest dossiers, newest first."""
        days = sorted({file.day for file in self._files("dossiers")}, reverse=True)
        for day in days:
            for stored in self._dossiers(
                f"true ORDER BY created DESC, run_id DESC LIMIT {limit:d}", [], days=(day,)
            ):
                limit -= 1
                yield stored
            if limit <= 0:
                return

    def newest(self, limit: int) -> list[tuple[str, ...]]:
        """Run id, ecosystem, name and version of the newest dossiers, newest first."""
        query = f"SELECT run_id, ecosystem, name, version FROM {{}} ORDER BY created DESC LIMIT {limit:d}"
        return [tuple(map(unescape, row)) for row in self._ask(query, self._files("dossiers"), [])]

    def versions(self, release: Release) -> set[str]:
        """Every version of a package that something is kept of."""
        files = self._files("dossiers", release.ecosystem)
        query = "SELECT DISTINCT version FROM {} WHERE name = ?"
        return {unescape(row[0]) for row in self._ask(query, files, [escape(release.name)])}

    def latest(self, run_ids: Iterable[str] | None) -> dict[str, Judgement]:
        """The judgement that holds for each of these dossiers (None: of all), without its findings."""
        where = "" if run_ids is None else "WHERE run_id IN (SELECT unnest(?))"
        values = [] if run_ids is None else [sorted(set(run_ids))]
        found = self._ask(f"SELECT {_FIELDS} FROM {{}} {where} {_HELD}", self._files("verdicts"), values)
        names = Judgement.__struct_fields__[:13]
        made = (msgspec.convert(dict(zip(names, row, strict=True)), Judgement) for row in found)
        return {one.run_id: one for one in made}

    def calls(self) -> dict[str, Call]:
        """The verdict that holds, by the sha256 of the artifact: that of its newest dossier."""
        query = "SELECT sha256, arg_max(call, (judged, run_id)) FROM {} GROUP BY sha256"
        return {sha256: Call(call) for sha256, call in self._ask(query, self._files("verdicts"), [])}

    def parts(self, ecosystem: str = "", since: str = "") -> Iterator[Part]:
        """The packed dossiers, in parts."""
        for file in self._files("dossiers", ecosystem):
            if file.day < since[:10]:
                continue
            for start in range(0, file.rows, PART):
                count = min(PART, file.rows - start)
                yield Part(f"{file.sha256[:16]}-{start}", (file.path,), count, start)

    def stored(self, part: Part, *, whole: bool = False) -> Iterator[Stored | Unreadable]:
        """Read a part; without `whole`, what no rule reads is left out."""
        columns = "run_id, body, rest" if whole else "run_id, body, ''"
        rows_ = f"file_row_number >= {part.start:d} AND file_row_number < {part.start + part.count:d}"
        source = f"read_parquet({listed([str(self._root / part.paths[0])])}, file_row_number=true)"
        with lent() as con:
            asked = con.cursor().execute(f"SELECT {columns} FROM {source} WHERE {rows_}")
            while some := asked.fetchmany(_AT_ONCE):
                yield from (_stored(*row) for row in some)

    def packs(self, after: str = "") -> tuple[str, ...]:
        """The packs there are, in the order of their names, which on one machine is that of time."""
        return tuple(sorted({leaf for file in self._ledger.live() for leaf in file.leaves if leaf > after}))

    def rows(self, pack: str, table: str) -> Iterator[dict[str, Any]]:
        """The rows of one table that came with a pack; times and days are values of `datetime`."""
        files = [file for file in self._files(table) if pack in file.leaves]
        if not files:
            return
        names = [name for name in columns(table) if name not in {"body", "rest"}]
        quoted_ = ", ".join(f'"{name}"' for name in names)
        with lent() as con:
            query = f"SELECT {quoted_} FROM {self._source(files)} WHERE pack = ?"
            asked = con.cursor().execute(query, [pack])
            while some := asked.fetchmany(_AT_ONCE * 16):
                yield from (dict(zip(names, row, strict=True)) for row in some)

    def _dossiers(
        self, where: str, values: Sequence[object], ecosystem: str = "", days: Collection[str] = ()
    ) -> Iterator[Stored]:
        files = [file for file in self._files("dossiers", ecosystem) if not days or file.day in days]
        for row in self._ask(f"SELECT run_id, body, rest FROM {{}} WHERE {where}", files, values):
            stored = _stored(*row)
            if isinstance(stored, Stored):
                yield stored

    def _files(self, table: str, ecosystem: str = "") -> list[File]:
        found = (file for file in self._ledger.live() if file.table == table)
        return [file for file in found if ecosystem in {"", file.ecosystem}]

    def _ask(self, query: str, files: Sequence[File], values: Sequence[object]) -> list[tuple[Any, ...]]:
        if not files:
            return []
        with lent() as con:
            return con.execute(query.format(self._source(files)), values).fetchall()

    def _source(self, files: Sequence[File]) -> str:
        return f"read_parquet({listed(str(self._root / file.path) for file in files)}, union_by_name=true)"


def _stored(run_id: str, body: str, rest: str) -> Stored | Unreadable:
    try:
        return rows.whole(body, rest)
    except (msgspec.DecodeError, ValueError) as err:
        return Unreadable(run_id, f"{run_id} is not a dossier that this version reads: {err}")
