"""What happened to reports, by the log: new, changed, withdrawn, reinstated; for feeds and webhooks.

Only what was published under an id is news; what waits is nobody's business yet. Each step is told as the log
has it, but the report itself is known as it is now.
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
    """One thing that happened to a report: `seq` is its entry in the log, `sha256` of what it became then.

    `report` is as it is now; `last` says whether nothing happened to it since.
    """

    seq: int
    at: str
    kind: str
    package: Package
    id: str
    sha256: str
    reason: str
    report: Report
    last: bool


class News:
    """What can be asked of an open database about what happened; nothing here writes."""

    _db: sqlite3.Connection

    def head(self) -> int:
        """The number of the last entry of the log."""
        row = self._db.execute("SELECT coalesce(max(seq), 0) FROM log").fetchone()
        return int(row[0])

    def since(self, cursor: int) -> Iterator[Event]:
        """What happened after an entry of the log, in order."""
        with closing(self._db.execute(_LOG.format(order="ASC"), (cursor,))) as rows:
            for row in rows:
                if event := self._event(row):
                    yield event

    def latest(self, limit: int) -> dict[str, list[Event]]:
        """The last events of each ecosystem (without what follows its colon), and under "" of all.

        Newest first, at most `limit` of each; a report may stand more than once.
        """
        found: dict[str, list[Event]] = defaultdict(list, {"": []})
        with closing(self._db.execute(_LOG.format(order="DESC"), (0,))) as rows:
            for row in rows:
                lists = [found[""], found[naming.base(row[2]) or "Git"]]
                open_ = [one for one in lists if len(one) < limit]
                if open_ and (event := self._event(row)):
                    for one in open_:
                        one.append(event)
        return dict(found)

    def _event(self, row: Sequence[object]) -> Event | None:
        seq, at, ecosystem, name, own, state, after, reason, number = row
        before = self._db.execute(_BEFORE, (number, seq)).fetchone() or ("", "")
        kind = _kind(before, (str(state), str(after)))
        if not kind:
            return None
        sql = "SELECT document, sha256 FROM reports WHERE package=?"
        document, sha256 = self._db.execute(sql, (number,)).fetchone()
        package = Package(str(ecosystem), str(name))
        return Event(
            int(str(seq)), str(at), kind, package, str(own), str(after), str(reason), json.loads(document),
            sha256 == after,
        )  # fmt: skip


def _kind(before: tuple[str, str], after: tuple[str, str]) -> str:
    """What a step from one (state, sha256) to another is; empty: nothing that matters to others."""
    if before == after:
        return ""
    if after[0] == WITHDRAWN:
        return CHANGED if before[0] == WITHDRAWN else WITHDRAWN
    return {"": NEW, WITHDRAWN: REINSTATED}.get(before[0], CHANGED)


_LOG = (
    "SELECT seq, at, ecosystem, name, report, state, after, reason, package FROM log"
    " JOIN packages ON packages.id = package"
    " WHERE seq > ? AND report <> '' AND state IN ('published', 'withdrawn') ORDER BY seq {order}"
)
_BEFORE = (
    "SELECT state, after FROM log WHERE package = ? AND seq < ? AND report <> ''"
    " AND state IN ('published', 'withdrawn') ORDER BY seq DESC LIMIT 1"
)
