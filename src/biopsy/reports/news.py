"""What happened to reports, by the log: new, changed, withdrawn, reinstated; for feeds and webhooks.

Only what was published under an id is news; what waits is nobody's business yet. A report is known here as it
is now: of one that changed twice since somebody last asked, the last state is told, once.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from biopsy.reports import naming
from biopsy.reports.claim import Package
from biopsy.reports.record import Report

NEW, CHANGED, WITHDRAWN, REINSTATED = "new", "changed", "withdrawn", "reinstated"
KINDS = (NEW, CHANGED, WITHDRAWN, REINSTATED)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a report; `seq` is its entry in the log, `report` as it is now."""

    seq: int
    at: str
    kind: str
    package: Package
    id: str
    sha256: str
    reason: str
    report: Report


class News:
    """What can be asked of an open database about what happened; nothing here writes."""

    _db: sqlite3.Connection

    def head(self) -> int:
        """The number of the last entry of the log."""
        row = self._db.execute("SELECT coalesce(max(seq), 0) FROM log").fetchone()
        return int(row[0])

    def since(self, cursor: int) -> Iterator[tuple[int, Event | None]]:
        """What is different from when the log ended at `cursor`: one event a report, oldest first.

        None stands for a report that changed and changed back. The number is how far that tells it.
        """
        with closing(self._db.execute(_SINCE, (cursor,))) as rows:
            for row in rows:
                yield int(row[0]), self._event(row, cursor)

    def latest(self, limit: int) -> dict[str, list[Event]]:
        """The last events of each ecosystem (without what follows its colon), and under "" of all.

        Newest first, at most `limit` of each; here a report may stand more than once.
        """
        found: dict[str, list[Event]] = defaultdict(list, {"": []})
        with closing(self._db.execute(_LOG)) as rows:
            for row in rows:
                lists = [found[""], found[naming.base(row[2]) or "Git"]]
                open_ = [one for one in lists if len(one) < limit]
                if open_ and (event := self._event(row, int(row[0]) - 1)):
                    for one in open_:
                        one.append(event)
        return dict(found)

    def _event(self, row: Sequence[object], cursor: int) -> Event | None:
        seq, at, ecosystem, name, own, state, sha256, reason, number = row
        before = self._db.execute(_BEFORE, (number, cursor)).fetchone() or ("", "")
        kind = _kind(before, (str(state), str(sha256)))
        if not kind:
            return None
        (document,) = self._db.execute("SELECT document FROM reports WHERE package=?", (number,)).fetchone()
        package = Package(str(ecosystem), str(name))
        made = (int(str(seq)), str(at), kind, package, str(own), str(sha256), str(reason))
        return Event(*made, json.loads(document))

    def naming_indicators(self) -> Iterator[tuple[Package, Report]]:
        """Reports with an id, withdrawn or not, that may name indicators or artifacts; by id."""
        with closing(self._db.execute(_NAMING)) as rows:
            for ecosystem, name, document in rows:
                yield Package(ecosystem, name), json.loads(document)


def _kind(before: tuple[str, str], after: tuple[str, str]) -> str:
    """What a step from one (state, sha256) to another is; empty: nothing that matters to others."""
    if before == after:
        return ""
    if after[0] == WITHDRAWN:
        return CHANGED if before[0] == WITHDRAWN else WITHDRAWN
    return {"": NEW, WITHDRAWN: REINSTATED}.get(before[0], CHANGED)


_SINCE = (
    "SELECT change, log.at, ecosystem, packages.name, reports.id, reports.state, sha256, log.reason,"
    " reports.package FROM reports JOIN packages ON packages.id = reports.package JOIN log ON seq = change"
    " WHERE change > ? AND reports.id IS NOT NULL AND reports.state IN ('published', 'withdrawn')"
    " ORDER BY change"
)
_LOG = (
    "SELECT seq, at, ecosystem, name, report, state, after, reason, package FROM log"
    " JOIN packages ON packages.id = package"
    " WHERE report <> '' AND state IN ('published', 'withdrawn') ORDER BY seq DESC"
)
_BEFORE = (
    "SELECT state, after FROM log WHERE package = ? AND seq <= ? AND report <> ''"
    " AND state IN ('published', 'withdrawn') ORDER BY seq DESC LIMIT 1"
)
_NAMING = (
    "SELECT ecosystem, name, document FROM reports JOIN packages ON packages.id = package"
    " WHERE reports.id IS NOT NULL AND state IN ('published', 'withdrawn')"
    " AND (instr(document, CAST('\"iocs\"' AS BLOB)) OR instr(document, CAST('\"indicators\"' AS BLOB))"
    " OR instr(document, CAST('\"artifacts\"' AS BLOB))) ORDER BY reports.id"
)
