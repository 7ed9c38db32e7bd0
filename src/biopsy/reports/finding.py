"""Finding reports in the database by an id, an alias, a name, a look-alike, an indicator."""

import json
import sqlite3

from biopsy.reports import naming
from biopsy.reports.claim import Package
from biopsy.reports.record import Report


class Finding:
    """What can be looked for in an open database; nothing here writes."""

    _db: sqlite3.Connection

    def lookup(self, word: str) -> dict[int, Package]:
        """The packages that a word means: an id, an alias, `ecosystem/name`; empty where it means none."""
        raise NotImplementedError

    def named(self, word: str, ecosystem: str = "") -> list[Report]:
        """The reports that a word means as `lookup` has it."""
        numbers = json.dumps(list(self.lookup(word)))
        return self._found("by its id or alias", _THESE, (numbers, ecosystem, -1))

    def marked(self, mark: str, ecosystem: str, limit: int) -> list[Report]:
        """The reports that name an indicator or the hash of a file; `marks` is brought up to date before."""
        sql = (
            "SELECT kind, reports.id, state, ecosystem, name, modified FROM marks"
            " JOIN reports USING (package) JOIN packages ON packages.id = package"
            " WHERE value = ?1 AND (?2 = '' OR ecosystem = ?2 OR ecosystem GLOB ?2 || ':*')"
            " ORDER BY change DESC LIMIT ?3"
        )
        return self._found("", sql, (mark, ecosystem, limit))

    def alike(self, name: str, ecosystem: str, limit: int) -> list[Report]:
        """The reports on packages whose names the eye takes for this one."""
        sql = _ALL.format("skeleton = ?1")
        return self._found("looks like it", sql, (naming.skeleton(name), ecosystem, limit))

    def _found(self, how: str, sql: str, given: tuple[object, ...]) -> list[Report]:
        rows = self._db.execute(sql, given).fetchall()
        return [
            dict(zip(_NAMES, row if len(row) == len(_NAMES) else (how, *row), strict=True)) for row in rows
        ]


_NAMES = ("found", "id", "state", "ecosystem", "name", "modified")
_ALL = (
    "SELECT reports.id, state, ecosystem, name, modified FROM packages JOIN reports ON package = packages.id"
    " WHERE {} AND (?2 = '' OR ecosystem = ?2 OR ecosystem GLOB ?2 || ':*') ORDER BY change DESC LIMIT ?3"
)
_THESE = _ALL.format("package IN (SELECT value FROM json_each(?1))")
