"""What goes wrong with the file of the report database, in words that say which file and what to do.

SQLite finds damage of its own pages where it reads them; what stands in them is checked against its hash.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from biopsy.reports.pack import PackError, unpack

MAX_TOLD = 100  # faults of one kind

_DAMAGED = (
    "is damaged ({}). Keep a copy of it, then put a backup in its place, or move it away and"
    " `biopsy reports import` the folder that was exported last"
)
_FULL = (
    "cannot be written ({}): the disk is full, or fails. What was taken in before stays; make room, and run"
    " the same again"
)
_WORDS = {
    "malformed": _DAMAGED, "not a database": _DAMAGED, "corrupt": _DAMAGED, "file format": _DAMAGED,
    "disk is full": _FULL, "disk i/o error": _FULL,
    "locked": "is in use by another process that writes ({}). Run the same again when that is done",
    "readonly": "cannot be written ({}). Look at its owner and mode, and at those of its folder",
    "unable to open": "cannot be opened ({}). Look at its owner and mode, and at those of its folder",
}  # fmt: skip


def told(path: Path, error: sqlite3.Error) -> str:
    """What an error of SQLite means for a file, and what to do."""
    text = str(error)
    for mark, words in _WORDS.items():
        if mark in text.lower():
            return f"{path} {words.format(text)}"
    return f"{path}: {text}"


def found(db: sqlite3.Connection) -> Iterator[str]:
    """Look at everything that is kept, and name what is damaged; raises sqlite3.Error where it ends early."""
    for (text,) in db.execute(f"PRAGMA integrity_check({MAX_TOLD})"):
        if text != "ok":
            yield f"the file: {text}"
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check").fetchmany(MAX_TOLD):
        yield f"{table}, row {row}: what it refers to in {parent} is not there"
    for sha256, body in db.execute("SELECT sha256, body FROM objects"):
        if why := _object(sha256, body):
            yield why
    sql = (
        "SELECT ecosystem, name, source, key, record, objects.rowid FROM claims"
        " LEFT JOIN packages ON packages.id = package LEFT JOIN objects USING (sha256)"
    )
    for ecosystem, name, source, key, record, held in db.execute(sql):
        if held is None or not (record == b"" or _whole(record)):
            yield f"the claim of {source} on {ecosystem}/{name} ({key}): its record is gone, or no report"
    sql = "SELECT ecosystem, name, document, sha256 FROM reports LEFT JOIN packages ON packages.id = package"
    for ecosystem, name, document, sha256 in db.execute(sql):
        if hashlib.sha256(document).hexdigest() != sha256:
            yield f"the report on {ecosystem}/{name}: not what was computed; `biopsy reports merge` mends it"


def _object(sha256: str, body: bytes) -> str:
    try:
        data = unpack(body, sha256)
    except PackError as error:
        return str(error)
    return (
        ""
        if hashlib.sha256(data).hexdigest() == sha256
        else f"the object {sha256} is damaged: its bytes are not those that came"
    )


def _whole(record: bytes) -> bool:
    try:
        return isinstance(json.loads(record), dict)
    except ValueError:
        return False
