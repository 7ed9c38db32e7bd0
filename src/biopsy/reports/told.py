"""How far each webhook has been told; the caller has begun a transaction where something is written."""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one webhook: the log entry it was told of last, and how the last attempts went.

    `due` is when it may be told again, empty: at once.
    """

    cursor: int
    due: str = ""
    told: str = ""
    events: int = 0
    fails: int = 0
    error: str = ""


class Told:
    """What the database keeps of webhooks."""

    _db: sqlite3.Connection

    def standing(self, name: str) -> Standing | None:
        """How it stands with one; None: it was never told anything."""
        sql = "SELECT cursor, due, told, events, fails, error FROM webhooks WHERE name=?"
        row = self._db.execute(sql, (name,)).fetchone()
        return Standing(*row) if row else None

    def stand(self, name: str, now: Standing) -> None:
        """Keep how it stands with one."""
        row = (name, now.cursor, now.due, now.told, now.events, now.fails, now.error[:500])
        self._db.execute("INSERT OR REPLACE INTO webhooks VALUES (?,?,?,?,?,?,?)", row)
