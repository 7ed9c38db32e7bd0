"""Forms that the file of the report database had before, and the steps that bring one up to the present.

A file is made of schema.sql, and says by its `user_version` which form that was. A step is one transaction:
a file is of one form or of the next.
"""

import sqlite3
from importlib import resources

VERSION = 3
"""The form of schema.sql."""

PRAGMAS = (
    "page_size=16384",  # of a file that is made now: a report needs no second page
    "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON",
    "cache_size=-196608",  # KiB, that only who changes much comes to: the indexes of 240,000 reports
    "wal_autocheckpoint=12288",  # pages, 192 MiB: a page that several batches change is written back once
    "journal_size_limit=67108864",  # what the log keeps of that when it has been written back
)  # fmt: skip
"""How a file is opened by who may write."""

_STEPS: dict[int, tuple[str, ...]] = {
    1: (  # -> 2: the log says what became of a report, webhooks have a place, disputes are retracted
        "ALTER TABLE log ADD COLUMN state TEXT NOT NULL DEFAULT ''",
        "UPDATE log SET state = coalesce((SELECT state FROM reports WHERE change = seq), '')",
        """CREATE TABLE webhooks (
          name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, due TEXT NOT NULL DEFAULT '',
          told TEXT NOT NULL DEFAULT '', events INTEGER NOT NULL DEFAULT 0,
          fails INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT ''
        ) WITHOUT ROWID""",
        "ALTER TABLE disputes RENAME TO disputes_before",  # a dispute may be retracted
        """CREATE TABLE disputes (
          id INTEGER PRIMARY KEY, package INTEGER NOT NULL REFERENCES packages,
          state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'rejected', 'retracted')),
          opened TEXT NOT NULL, closed TEXT NOT NULL DEFAULT '', actor TEXT NOT NULL, reason TEXT NOT NULL,
          proof TEXT NOT NULL DEFAULT '', versions TEXT NOT NULL DEFAULT '[]'
        )""",
        "INSERT INTO disputes SELECT * FROM disputes_before",
        "DROP TABLE disputes_before",
    ),
    2: (  # -> 3: a claim's record may be empty, where it is what the object says; fewer and shorter indexes
        "DROP INDEX IF EXISTS claims_key",
        "DROP INDEX IF EXISTS claims_sha256",
        "CREATE INDEX claims_sha256 ON claims (substr(sha256, 1, 12))",
    ),
}


def form(db: sqlite3.Connection) -> int:
    """The form that a file has; 0: none yet."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def bring_up(db: sqlite3.Connection) -> None:
    """Give a file the present form, inside a transaction of the caller; one of a form unknown stays."""
    if form(db) == 0 and not db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        text = resources.files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
        for statement in text.split(";\n"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version={VERSION}")
    while steps := _STEPS.get(form(db)):
        following = form(db) + 1
        for statement in steps:
            db.execute(statement)
        db.execute(f"PRAGMA user_version={following}")
