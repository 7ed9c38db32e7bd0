"""Tables beside the reports, made of them and nothing else: what hashes they name, and what is asked most.

They are brought up to date by the numbers of changes, so that taking reports in costs nothing for it. Who
asks checks that they are (`current`), and reads the reports themselves where they are not.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from biopsy.reports import briefs, marks
from biopsy.reports.database import MAX_WAIT, DatabaseError

STEP = 5000  # reports that are read in one transaction
FORM = "derived-1"  # of the tables; another name has them made anew
_AT = "SELECT value FROM cursors WHERE source = '' AND prefix = ?"  # no source has an empty id
_LAST = "SELECT coalesce(max(change), 0) FROM reports"
_CHANGED = (
    "SELECT change, package, ecosystem, name, state, document FROM reports"
    " JOIN packages ON packages.id = package WHERE change > ? ORDER BY change LIMIT ?"
)


def refresh(path: Path) -> int:
    """Bring the tables up to date; returns how many reports were read. Several processes may ask for it.

    Raises DatabaseError where the file cannot be written.
    """
    done = 0
    try:
        with closing(sqlite3.connect(path, timeout=MAX_WAIT, isolation_level=None)) as db:
            while step := _step(db):
                done += step
    except sqlite3.Error as error:
        raise DatabaseError(f"{path}: what is derived of the reports cannot be written: {error}") from error
    return done


def current(db: sqlite3.Connection) -> bool:
    """Whether the tables are up to date, in the state that this connection sees."""
    row = db.execute(_AT, (FORM,)).fetchone()
    return row is not None and int(row[0]) >= int(db.execute(_LAST).fetchone()[0])


def _step(db: sqlite3.Connection) -> int:
    if current(db):  # asked without a lock, so that nobody waits where nothing is to do
        return 0
    db.execute("BEGIN IMMEDIATE")
    try:
        row = db.execute(_AT, (FORM,)).fetchone()
        if row is None:
            for statement in (*marks.TABLES, *briefs.TABLES):
                db.execute(statement)
        rows = db.execute(_CHANGED, (int(row[0]) if row else 0, STEP)).fetchall()
        numbers = json.dumps([package for _, package, *_ in rows])
        marks.put(
            db, numbers, [(package, doc) for _, package, _, _, state, doc in rows if state in marks.OUT]
        )
        briefs.put(db, numbers, [(p, e, n, doc) for _, p, e, n, state, doc in rows if state == "published"])
        last = rows[-1][0] if rows else 0
        db.execute("INSERT OR REPLACE INTO cursors VALUES ('',?,?,'')", (FORM, str(last)))
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return len(rows)
