"""Finding reports by what they name: the hash of a file, a domain, an address, a URL.

The marks are a table beside the reports, made of them and nothing else: it is brought up to date by the
numbers of changes before it is asked, so that taking reports in costs nothing for it.
"""

import ipaddress
import json
import sqlite3
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from biopsy.reports.content import MAX_VALUE, indicators, refang
from biopsy.reports.database import MAX_WAIT, DatabaseError
from biopsy.reports.record import Report
from biopsy.reports.verdict import digests

STEP = 5000  # reports whose marks are written in one transaction
MAX_MARKS = 10_000  # of one report
_NAME = ("", "marks")  # under which the cursor is kept: no source has an empty id
_HINTS = (b'"iocs"', b'"indicators"', b'"malware"', b'"hashes"')


def refresh(path: Path) -> int:
    """Bring the marks up to date; returns how many reports were read. Several processes may ask for it.

    Raises DatabaseError where the file cannot be written.
    """
    done = 0
    try:
        with closing(sqlite3.connect(path, timeout=MAX_WAIT, isolation_level=None)) as db:
            while step := _step(db):
                done += step
    except sqlite3.Error as error:
        raise DatabaseError(f"{path}: the table of marks cannot be written: {error}") from error
    return done


def _step(db: sqlite3.Connection) -> int:
    if not _behind(db):
        return 0
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in _TABLES:
            db.execute(statement)
        row = db.execute(_AT, _NAME).fetchone()
        after = int(row[0]) if row else 0
        rows = db.execute(_CHANGED, (after, STEP)).fetchall()
        if rows:
            db.execute(_FORGET, (json.dumps([package for _, package, _, _ in rows]),))
            db.executemany(_PUT, (
                (value, kind, package)
                for _, package, state, document in rows
                if state in {"published", "withdrawn"}
                for kind, value in of(document)
            ))  # fmt: skip
            db.execute("INSERT OR REPLACE INTO cursors VALUES (?,?,?,'')", (*_NAME, str(rows[-1][0])))
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return len(rows)


def _behind(db: sqlite3.Connection) -> bool:
    """Whether reports changed since; asked without a lock, so that nobody waits where nothing is to do."""
    try:
        row = db.execute(_AT, _NAME).fetchone()
        db.execute("SELECT 1 FROM marks LIMIT 1")
    except sqlite3.OperationalError:
        return True
    (last,) = db.execute("SELECT coalesce(max(change), 0) FROM reports").fetchone()
    return int(row[0] if row else 0) < last


def of(document: bytes) -> list[tuple[str, str]]:
    """The marks of a report: (kind, value) each, once."""
    if not any(hint in document for hint in _HINTS):
        return []
    report: Report = msgspec.json.decode(document)
    return list(dict.fromkeys(_of(report)))[:MAX_MARKS]


def _of(report: Report) -> Iterator[tuple[str, str]]:
    for one in indicators([("", report)]):
        yield one.type, mark(one.value)
        if one.type == "url" and (host := _host(one.value)):
            yield "host", host
    for digest in sorted(digests(report)):
        yield "digest", digest


def _host(url: str) -> str:
    try:
        return mark(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def mark(value: str) -> str:
    """The form under which a value is found: as it was before it was made harmless; hashes as hexadecimal."""
    plain = refang(value)[:MAX_VALUE]
    kind, dash, rest = plain.partition("-")
    if dash and kind in {"sha1", "sha256", "sha384", "sha512", "md5"}:
        try:
            return b64decode(rest, validate=True).hex()
        except (NotBase64, ValueError):
            return plain
    plain = plain.split(":", 1)[1] if plain.startswith(("sha1:", "sha256:", "sha512:", "md5:")) else plain
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        return plain if "/" in plain else plain.lower().removesuffix(".")


_TABLES = (
    """CREATE TABLE IF NOT EXISTS marks (
      value TEXT NOT NULL, kind TEXT NOT NULL, package INTEGER NOT NULL REFERENCES packages,
      PRIMARY KEY (value, package, kind)
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS marks_package ON marks (package)",
)
_AT = "SELECT value FROM cursors WHERE source = ? AND prefix = ?"
_CHANGED = "SELECT change, package, state, document FROM reports WHERE change > ? ORDER BY change LIMIT ?"
_FORGET = "DELETE FROM marks WHERE package IN (SELECT value FROM json_each(?))"
_PUT = "INSERT OR IGNORE INTO marks VALUES (?,?,?)"
