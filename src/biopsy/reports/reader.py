"""The report database as a server asks it: reading alone, from any thread, many times a second.

A reader never writes and never waits for a writer. Only what is published or withdrawn is seen by it: what is
held or in review is nobody's business yet.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from biopsy.reports import derived, naming
from biopsy.reports.briefs import Briefs
from biopsy.reports.claim import Package
from biopsy.reports.database import Database, DatabaseError
from biopsy.reports.record import Report

CACHE = 16 * 1024  # KiB of pages that one reader keeps
MAX_WAIT = 5.0  # seconds until a file that is being moved about is given up


@dataclass(frozen=True, slots=True)
class Row:
    """A report in a list: what it is on, and the number of its last change, by which lists go on."""

    change: int
    id: str
    package: Package
    state: str
    published: str
    modified: str
    withdrawn: str


@dataclass(frozen=True, slots=True)
class Changed:
    """An entry of the log on a report that is out."""

    seq: int
    at: str
    actor: str
    action: str
    package: Package
    report: str
    reason: str
    evidence: str


class Reader:
    """An open database. One thread uses it at a time, not always the same."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises DatabaseError where it is none of ours, or not there."""
        Database(path).close()  # says what is wrong with it, and brings an older form up to date
        try:
            self._db = sqlite3.connect(path, timeout=MAX_WAIT, isolation_level=None, check_same_thread=False)
            for pragma in ("query_only=ON", f"cache_size=-{CACHE}"):
                self._db.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            raise DatabaseError(f"{path}: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def on(self, package: Package, *, withdrawn: bool = False) -> Iterator[Report]:
        """The published reports on a package; an ecosystem without a colon means all that have one, too."""
        found = self._db.execute(_ON, (package.name,)).fetchall()
        for ecosystem, state, document in found:
            if ecosystem != package.ecosystem and not ecosystem.startswith(f"{package.ecosystem}:"):
                continue
            if state == "published" or (withdrawn and state == "withdrawn"):
                yield _read(document)

    def brief(self, packages: Iterable[Package]) -> "Briefs | Reader":
        """What gives reports on packages with their ids, dates and what they affect; the rest may be missing.

        Quick where what is derived of the reports is up to date (see `derived`), else the reader itself.
        """
        return Briefs(self._db, packages) if derived.current(self._db) else self

    def report(self, word: str) -> Report | None:
        """The report with an id, withdrawn or not."""
        row = self._db.execute(_BY_ID, (word,)).fetchone()
        return _read(row[0]) if row else None

    def known_as(self, word: str) -> list[str]:
        """The ids of reports that have a word as an alias."""
        return [row[0] for row in self._db.execute(_ALIAS, (word,))]

    def listed(self, *, ecosystem: str, withdrawn: bool, after: int, limit: int) -> list[Row]:
        """Reports that changed after an entry of the log, those that changed first first."""
        given = {"after": after, "ecosystem": ecosystem, "withdrawn": withdrawn, "limit": limit}
        return [
            Row(change, own or "", Package(e, n), state, *times)
            for change, own, e, n, state, *times in self._db.execute(_LIST, given)
        ]

    def gone(self, after: int, limit: int) -> list[tuple[int, Package]]:
        """Packages whose report changed after an entry of the log and is not out: held, or rejected."""
        found = self._db.execute(_GONE, (after, limit))
        return [(change, Package(ecosystem, name)) for change, ecosystem, name in found]

    def changes(self, *, report: str, after: int, limit: int) -> list[Changed]:
        """Entries of the log after one of them, on a report or on all, the oldest first."""
        sql = _LOG.format(" AND reports.id = :report" if report else "")
        rows = self._db.execute(sql, {"report": report, "after": after, "limit": limit})
        return [
            Changed(seq, at, actor, action, Package(e, n), *rest)
            for seq, at, actor, action, e, n, *rest in rows
        ]

    def marked(self, value: str, limit: int) -> list[tuple[str, Report]]:
        """Reports that a mark leads to (see `marks`), each with what the mark is there."""
        found = self._db.execute(_MARKED, (value, limit))
        return [(kinds, _read(document)) for kinds, document in found.fetchall()]

    def names(self, ecosystem: str) -> list[tuple[str, str]]:
        """Every name of an ecosystem that has a published report, with its id."""
        return list(self._db.execute(_NAMES, (ecosystem,)))

    def alike(self, ecosystem: str, name: str) -> list[tuple[str, str]]:
        """The names that look the same to the eye, with the ids of their reports."""
        return list(self._db.execute(_ALIKE, (naming.skeleton(name), ecosystem)))

    def counts(self) -> list[tuple[str, str, int, str]]:
        """How many reports there are, by ecosystem and state, and when the newest changed."""
        return list(self._db.execute(_COUNTS))

    def last(self) -> int:
        """The number of the last change of any report."""
        return int(self._db.execute("SELECT coalesce(max(change), 0) FROM reports").fetchone()[0])

    def heard(self) -> str:
        """When anything was last heard of a source, or taken in by hand; empty where nothing ever was."""
        return str(self._db.execute(_HEARD).fetchone()[0])


def _read(document: bytes) -> Report:
    found: Report = msgspec.json.decode(document)
    return found


_ON = (
    "SELECT ecosystem, state, document FROM packages CROSS JOIN reports ON package = packages.id"
    " WHERE name = ?"
)
_BY_ID = "SELECT document FROM reports WHERE id = ? AND state IN ('published', 'withdrawn')"
_ALIAS = (
    "SELECT id FROM reports JOIN names USING (package) WHERE name = ? AND id IS NOT NULL"
    " AND state IN ('published', 'withdrawn') ORDER BY id"
)
_LIST = (
    "SELECT change, reports.id, ecosystem, name, state, published, modified, withdrawn FROM reports"
    " JOIN packages ON packages.id = package WHERE change > :after"
    " AND (:ecosystem = '' OR ecosystem = :ecosystem)"
    " AND (state = 'published' OR (:withdrawn AND state = 'withdrawn')) ORDER BY change LIMIT :limit"
)
_GONE = (
    "SELECT change, ecosystem, name FROM reports JOIN packages ON packages.id = package WHERE change > ?"
    " AND state NOT IN ('published', 'withdrawn') ORDER BY change LIMIT ?"
)
_LOG = (
    "SELECT seq, at, actor, action, ecosystem, name, report, log.reason, evidence FROM log"
    " JOIN packages ON packages.id = log.package JOIN reports ON reports.package = log.package"
    " WHERE seq > :after AND reports.state IN ('published', 'withdrawn'){} ORDER BY seq LIMIT :limit"
)
_MARKED = (
    "SELECT group_concat(DISTINCT kind), document FROM marks JOIN reports USING (package)"
    " WHERE value = ? AND state IN ('published', 'withdrawn') GROUP BY package ORDER BY reports.id LIMIT ?"
)
_NAMES = (
    "SELECT name, coalesce(reports.id, '') FROM packages JOIN reports ON package = packages.id"
    " WHERE ecosystem = ? AND state = 'published'"
)
_ALIKE = (
    "SELECT name, coalesce(reports.id, '') FROM packages JOIN reports ON package = packages.id"
    " WHERE skeleton = ? AND ecosystem = ? AND state = 'published' ORDER BY name LIMIT 100"
)
_COUNTS = (
    "SELECT ecosystem, state, count(*), max(modified) FROM reports JOIN packages ON packages.id = package"
    " WHERE state IN ('published', 'withdrawn') GROUP BY ecosystem, state ORDER BY 1, 2"
)
_HEARD = (
    "SELECT max(coalesce((SELECT max(heard) FROM sources), ''),"
    " coalesce((SELECT at FROM log ORDER BY seq DESC LIMIT 1), ''))"
)
