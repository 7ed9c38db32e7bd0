"""The file that holds everything: claims in, reports computed beside them, every change in a log.

SQLite, because what is asked is "this package, now": point look-ups, many readers beside one writer, and a
power cut at any moment (docs/decisions). A change of claims and the reports computed of them are one
transaction; so is a batch of a source with its cursor.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from biopsy.errors import BiopsyError
from biopsy.reports import damage, forms, naming
from biopsy.reports.changes import Act, Changes, Held, Waiting
from biopsy.reports.claim import COUNTED, HELD, REJECTED, REVIEW, Package
from biopsy.reports.disputes import Disputes
from biopsy.reports.intake import Convert, Intake, Taken
from biopsy.reports.news import News
from biopsy.reports.policy import Policy
from biopsy.reports.record import Report, timestamp
from biopsy.reports.told import Told
from biopsy.reports.views import Views

__all__ = ["Act", "Database", "DatabaseError", "Taken", "now"]

MAX_WAIT = 60.0  # seconds that a writer waits for its turn


class DatabaseError(BiopsyError):
    """The report database cannot be opened or written; the message says what to do."""


def now() -> str:
    """The time, as OSV writes it."""
    return timestamp(datetime.now(UTC))


class Database(Views, Disputes, News, Told):
    """An open report database. One thread uses it at a time; any number of processes may."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the file, or make it; raises DatabaseError where it is none of ours, or not there."""
        if not create and not path.is_file():
            raise DatabaseError(f"no report database at {path}: `biopsy reports init` makes one")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=MAX_WAIT, isolation_level=None)
            self._open(path)
        except sqlite3.Error as error:
            raise DatabaseError(damage.told(path, error)) from error
        except OSError as error:
            raise DatabaseError(f"{path}: cannot be made: {error.strerror or error}") from error

    def _open(self, path: Path) -> None:
        for pragma in forms.PRAGMAS:
            self._db.execute(f"PRAGMA {pragma}")
        if forms.form(self._db) < forms.VERSION:
            with self.change():
                forms.bring_up(self._db)
        if (version := forms.form(self._db)) != forms.VERSION:
            raise DatabaseError(f"{path} has form {version}, this biopsy reads {forms.VERSION}")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def damage(self) -> Iterator[str]:
        """Look at everything that is kept, and name what is damaged."""
        return damage.found(self._db)

    @contextmanager
    def change(self) -> Iterator[None]:
        """A change that happens as a whole or not at all; inside another it is part of that."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # claims in

    def take(  # noqa: PLR0917
        self, source: str, objects: Iterable[tuple[str, bytes]], at: str,
        policy: Policy | None = None, cursors: Mapping[str, str] | None = None,
        convert: Convert | None = None,
    ) -> list[Taken]:  # fmt: skip
        """Take in objects of a source, (key, bytes) each, and compute what they change, in one transaction.

        What is no report goes to quarantine; what was taken before changes nothing. `policy` says what counts
        at once, and `cursors` are set with it: where reading goes on after these objects.
        """
        with self.change():
            made = Intake(self._db, source, at, policy or Policy()).take(objects, convert)
            rows = [(source, prefix, value, at) for prefix, value in (cursors or {}).items()]
            self._db.executemany("INSERT OR REPLACE INTO cursors VALUES (?,?,?,?)", rows)
        return made

    def heard(self, source: str, at: str, taken: Sequence[Taken] = (), error: str = "") -> None:
        """Keep how it went with a source: what came, or what went wrong."""
        new = sum(one.new for one in taken)
        row = (
            source, at, "" if error else at, at if new else "", error[:500], int(bool(error)), len(taken),
            new, sum(bool(one.code) for one in taken), sum(one.echoes for one in taken),
        )  # fmt: skip
        with self.change():
            self._db.execute(_HEARD, row)

    def number(self, package: Package) -> int:
        """The row of a package, made if it is new."""
        at = (package.ecosystem, package.name)
        row = self._db.execute("SELECT id FROM packages WHERE ecosystem=? AND name=?", at).fetchone()
        if row:
            return int(row[0])
        sql = "INSERT INTO packages (ecosystem, name, skeleton) VALUES (?,?,?)"
        made = self._db.execute(sql, (*at, naming.skeleton(package.name)))
        return int(made.lastrowid or 0)

    # claims that wait

    def due(self, at: str) -> list[tuple[int, Package]]:
        """Packages on which a held claim is due."""
        sql = (
            "SELECT DISTINCT packages.id, ecosystem, name FROM claims JOIN packages ON packages.id = package"
            " WHERE claims.state = 'held' AND due <= ? ORDER BY 1"
        )
        return [(int(n), Package(e, m)) for n, e, m in self._db.execute(sql, (at,))]

    def settle(
        self, packages: Iterable[tuple[int, Package]], act: Act, *, due: str = "", reject: bool = False
    ) -> int:
        """Count the claims that wait on packages, or reject them; only those held until `due` if it is given.

        Returns how many. What was withdrawn by a decision stays so: reinstate it, too, if that is meant.
        """
        state, action = (REJECTED, "rejected") if reject else (COUNTED, "published" if due else "approved")
        count = 0
        with self.change():
            for number, package in packages:
                before = self._waiting(number)
                row = (state, act.reason, number, due)
                changed = self._db.execute(_SETTLE_DUE if due else _SETTLE, row[: 4 if due else 3]).rowcount
                count += changed
                if changed and not self._refresh(number, package, act, action, before):
                    self.note(act, action, number, "", (before, ""))  # the report stays as it is
        return count

    def _waiting(self, number: int) -> str:
        sql = "SELECT id, state, due, reason FROM claims WHERE package = ? AND state IN ('held', 'review')"
        return json.dumps({"claims": [list(row) for row in self._db.execute(sql, (number,))]})

    def restore(self, which: tuple[int, Package], rows: Sequence[Sequence[object]], act: Act) -> None:
        """Put claims on a package back to what the log says they were: (id, state, due, reason) each."""
        sql = "SELECT id, state, due, reason FROM claims WHERE id = ? AND package = ?"
        with self.change():
            held = [list(r) for one in rows for r in self._db.execute(sql, (one[0], which[0]))]
            self._db.executemany(
                "UPDATE claims SET state = ?2, due = ?3, reason = ?4 WHERE id = ?1", [tuple(r) for r in rows]
            )
            before = json.dumps({"claims": held})
            if not self._refresh(*which, act, "undone", before):
                self.note(act, "undone", which[0], "", (before, ""))

    def _refresh(self, number: int, package: Package, act: Act, action: str, before: str = "") -> bool:
        """Compute a report anew; False where that changes nothing."""
        sql = "SELECT id, decisions, sha256, state, document FROM reports WHERE package=?"
        row = self._db.execute(sql, (number,)).fetchone()
        held = Held(row[0] or "", *row[1:]) if row else Held()
        sql = "SELECT due, reason FROM claims WHERE package=? AND state IN (?,?) ORDER BY due DESC LIMIT 1"
        waits = self._db.execute(sql, (number, HELD, REVIEW)).fetchone()
        changes = Changes(self._db)
        told = changes.report(
            (number, package), self.claims(number), held, act, action,
            before=before, waiting=Waiting(*waits) if waits else None,
        )  # fmt: skip
        changes.write()
        return told

    def renew(self, packages: Iterable[tuple[int, Package]], act: Act, *, keep: bool = True) -> list[Package]:
        """Compute reports anew from their claims; returns those that changed, or without `keep` would."""
        changed: list[Package] = []
        self._db.execute("BEGIN IMMEDIATE")
        try:
            changed += [p for number, p in packages if self._refresh(number, p, act, "merged")]
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT" if keep else "ROLLBACK")
        return changed

    def note(
        self, act: Act, action: str, number: int, report: str, states: tuple[str, str] = ("", "")
    ) -> int:
        """Write an entry into the log, with the states before and after; returns its number."""
        row = (act.at, act.actor, action, number, report, act.reason, act.evidence, act.batch, *states)
        return int(self._db.execute(_NOTE, row).lastrowid or 0)

    # decisions

    def next_id(self, year: str, number: int, at: str) -> str:
        """Reserve the next id of a year for a package. What was ever given is not given again."""
        with self.change():
            sql = "SELECT coalesce(max(number), 0) + 1 FROM ids WHERE year = ?"
            (count,) = self._db.execute(sql, (int(year),)).fetchone()
            own = f"MAL-{year}-{count}"
            self._db.execute("INSERT INTO ids VALUES (?,?,?,?,?)", (own, int(year), count, number, at))
        return own

    def decisions(self, number: int) -> Report:
        """What was decided on a report, as JSON."""
        row = self._db.execute("SELECT decisions FROM reports WHERE package=?", (number,)).fetchone()
        return json.loads(row[0]) if row else {}

    def decide(self, number: int, package: Package, decided: Report, act: Act, action: str) -> None:
        """Set what was decided, and compute the report anew."""
        with self.change():
            before = json.dumps(self.decisions(number), sort_keys=True)
            text = json.dumps(decided, sort_keys=True)
            self._db.execute("UPDATE reports SET decisions=? WHERE package=?", (text, number))
            if not self._refresh(number, package, act, action, before):
                self.note(act, action, number, "", (before, ""))  # decided, and the same to see


_SETTLE = (
    "UPDATE claims SET state = ?, due = '', reason = ? WHERE package = ? AND state IN ('held', 'review')"
)
_SETTLE_DUE = (
    "UPDATE claims SET state = ?, due = '', reason = ? WHERE package = ? AND state = 'held' AND due <= ?"
)
_NOTE = (
    "INSERT INTO log (at, actor, action, package, report, reason, evidence, batch, before, after)"
    " VALUES (?,?,?,?,?,?,?,?,?,?)"
)
_HEARD = (
    "INSERT INTO sources VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (source) DO UPDATE SET"
    " tried = excluded.tried, heard = coalesce(nullif(excluded.heard, ''), heard),"
    " news = coalesce(nullif(excluded.news, ''), news), error = excluded.error,"
    " fails = CASE excluded.fails WHEN 0 THEN 0 ELSE fails + 1 END, read = read + excluded.read,"
    " new = new + excluded.new, refused = refused + excluded.refused, echoes = echoes + excluded.echoes"
)
