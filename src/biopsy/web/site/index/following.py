"""Follow: bring the index up to what is in the warehouse and the report database, a little at a time."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from biopsy.errors import BiopsyError, UsageError
from biopsy.model.behaviour import escape
from biopsy.reports.claim import origins
from biopsy.reports.reader import Reader, Row
from biopsy.reports.record import Report
from biopsy.warehouse import landing
from biopsy.warehouse.judgement import Judgement
from biopsy.warehouse.outline import Outliner, Piece, of_stored
from biopsy.web.site.index.words import Dim
from biopsy.web.site.index.writing import LANDED, ReportRow, Writer

BATCH = 1000
"""Rows of one transaction."""

MAX_SOURCES = 20
"""Sources of one report that are counted."""

Told = Callable[[str, int, int], None]
"""Is told what is read, how much of it is done, and of how much."""
Some = TypeVar("Some")


class Follower:
    """Follows one home and one report database (None: none is there yet)."""

    def __init__(self, home: Path, database: Path, told: Told = lambda _what, _done, _of: None) -> None:
        """Read `home` and `database`; neither need exist yet."""
        self._home, self._database, self._told = home, database, told
        self._outliner = Outliner(home / "warehouse")
        self._missing: set[str] = set()
        self._bad: set[str] = set()

    def step(self, db: sqlite3.Connection) -> int:
        """Read all that is new; returns how much that was."""
        writer = Writer(db)
        count = self._reports(db, writer)
        count += self._packed(db, writer)
        count += self._landed(db, writer)
        count += self._judged(db, writer)
        if count or not _state(db, "at"):
            _put(db, "at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        return count

    def _reports(self, db: sqlite3.Connection, writer: Writer) -> int:
        if not self._database.is_file():
            return 0
        reader, count = Reader(self._database), 0
        try:
            last, after = reader.last(), int(_state(db, "change") or 0)
            if _state(db, "database") not in {"", str(self._database)} or last < after:
                self._other(db)
                after = 0
            _put(db, "database", str(self._database))
            began = after
            while rows := reader.listed(ecosystem="", withdrawn=True, after=after, limit=BATCH):
                with _change(db, writer):
                    for row in rows:
                        writer.report(_row(row, _document(reader, row)))
                    after = rows[-1].change
                    _put(db, "change", str(after))
                count += len(rows)
                self._told("reports", after - began, last - began)
            count += self._unreported(db, writer, reader)
        finally:
            reader.close()
        return count

    @staticmethod
    def _unreported(db: sqlite3.Connection, writer: Writer, reader: Reader) -> int:
        count = 0
        while rows := reader.gone(int(_state(db, "gone") or 0), BATCH):
            with _change(db, writer):
                for _, package in rows:
                    writer.unreport(package.ecosystem, package.name)
                _put(db, "gone", str(rows[-1][0]))
            count += len(rows)
        return count

    @staticmethod
    def _other(db: sqlite3.Connection) -> None:
        """Forget all reports: they were another database's."""
        dims = (int(Dim.REPORT), int(Dim.SOURCE))
        db.execute("BEGIN")
        for statement in (
            "DELETE FROM reports",
            "DELETE FROM told",
            "UPDATE packages SET report='', state=''",
        ):
            db.execute(statement)
        for table in ("days", "totals"):
            db.execute(f"DELETE FROM {table} WHERE dim IN (?,?)", dims)  # noqa: S608 - our own tables
        db.execute("DELETE FROM state WHERE key IN ('change', 'gone')")
        db.execute("COMMIT")

    def _packed(self, db: sqlite3.Connection, writer: Writer) -> int:
        known = {(one, pack): int(n) for n, one, pack in db.execute("SELECT id, partition, pack FROM packs")}
        count = 0
        gone = known.keys() - self._outliner.packs()
        for one in sorted(gone):
            numbers = [n for (n,) in db.execute("SELECT id FROM analyses WHERE pack = ?", (known[one],))]
            for some in _batches(numbers):
                with _change(db, writer):
                    writer.forget(some)
            db.execute("DELETE FROM packs WHERE id = ?", (known[one],))
            count += len(numbers)
        pieces = self._outliner.pieces(known)
        for done, piece in enumerate(pieces):
            self._told("analyses", done, len(pieces))
            _put(db, "behind", str(len(pieces) - done))
            count += self._piece(db, writer, piece)
        if pieces:
            _put(db, "behind", "0")
        return count

    def _piece(self, db: sqlite3.Connection, writer: Writer, piece: Piece) -> int:
        count, numbers = 0, dict[str, int]()
        with _change(db, writer):
            for pack in piece.packs:
                # Not a pack's name until the piece is read: after a kill it is forgotten, and read again.
                sql = "INSERT INTO packs (partition, pack) VALUES (?,?)"
                numbers[pack] = int(db.execute(sql, (piece.partition, f"?{pack}")).lastrowid or 0)
        for some in _batches(self._outliner.outlines(piece)):
            with _change(db, writer):
                for pack, one in some:
                    writer.outline(one, numbers[pack])
            count += len(some)
        for judged in _batches(self._outliner.judgements(piece)):
            with _change(db, writer):
                for judgement in judged:
                    writer.judge(judgement)
            count += len(judged)
        with _change(db, writer):
            for pack, number in numbers.items():
                db.execute("UPDATE packs SET pack = ? WHERE id = ?", (pack, number))
        return count

    def _landed(self, db: sqlite3.Connection, writer: Writer) -> int:
        here = {path.name.partition(".")[0]: path for path in self._home.glob("dossiers/*/*/*/*.json.gz")}
        known = {run for (run,) in db.execute("SELECT run_id FROM analyses WHERE pack = ?", (LANDED,))}
        new = [run for run in sorted(here) if run not in known and run not in self._bad]
        for done, some in enumerate(_batches(new)):
            self._told("landed", done * BATCH, len(new))
            with _change(db, writer):
                for run in some:
                    self._take(db, writer, run, here[run])
        gone = known - here.keys()
        lost = gone & self._missing  # packed meanwhile, it would have another pack by now
        for some in _batches(sorted(lost)):
            with _change(db, writer):
                marks = ",".join("?" * len(some))
                sql = f"SELECT id FROM analyses WHERE pack = 0 AND run_id IN ({marks})"  # noqa: S608 - marks
                writer.forget([int(n) for (n,) in db.execute(sql, some)])
        self._missing = gone - lost
        return len(new) + len(lost)

    def _take(self, db: sqlite3.Connection, writer: Writer, run: str, path: Path) -> None:
        packed = db.execute("SELECT 1 FROM analyses WHERE run_id = ? AND pack > 0", (run,)).fetchone()
        if packed:  # killed between packing and removing what had landed
            self._bad.add(run)
            return
        try:
            stored = landing.read(path)
            if stored.run_id != run:
                raise UsageError(f"{path} says that it is another")
            writer.outline(of_stored(stored), LANDED)
        except (BiopsyError, ValueError):
            if path.exists():  # else it was packed at this moment
                self._bad.add(run)

    def _judged(self, db: sqlite3.Connection, writer: Writer) -> int:
        here = {str(path.relative_to(self._home)) for path in self._home.glob("judgements/*/*.jsonl.gz")}
        known = {path for (path,) in db.execute("SELECT path FROM heard")}
        new = sorted(here - known)
        for path in new:
            with _change(db, writer):
                try:
                    for one in landing.judgements(self._home / path):
                        writer.judge(_plain(one))
                except (BiopsyError, ValueError):
                    if not (self._home / path).exists():
                        continue  # packed at this moment
                db.execute("INSERT OR IGNORE INTO heard VALUES (?)", (path,))
        db.executemany("DELETE FROM heard WHERE path = ?", [(path,) for path in known - here])
        return len(new)


@contextmanager
def _change(db: sqlite3.Connection, writer: Writer) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        writer.settle()
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _batches(items: Iterable[Some]) -> Iterator[list[Some]]:
    every = iter(items)
    while some := list(islice(every, BATCH)):
        yield some


def _state(db: sqlite3.Connection, key: str) -> str:
    row = db.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else ""


def _put(db: sqlite3.Connection, key: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO state VALUES (?,?)", (key, value))


def _plain(one: Judgement) -> Judgement:
    return msgspec.structs.replace(one, name=escape(one.name), version=escape(one.version))


def _document(reader: Reader, row: Row) -> Report:
    found = reader.report(row.id) if row.id else None
    if found is None:
        found = next((r for r in reader.on(row.package, withdrawn=True) if not r.get("id")), {})
    return found


def _row(row: Row, report: Report) -> ReportRow:
    sources = dict.fromkeys(str(one.get("source") or "") for one in origins(report))
    named = tuple(name for name in sources if name and " " not in name)[:MAX_SOURCES]
    return ReportRow(
        row.change, row.id, row.package.ecosystem, row.package.name, row.state, row.published, row.modified,
        row.withdrawn, str(report.get("summary") or ""), named,
    )  # fmt: skip


__all__: Sequence[str] = ("Follower",)
