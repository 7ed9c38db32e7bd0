"""The file of the index: SQLite below BIOPSY_HOME/site, written by one process at a time, read by many.

One of another form is thrown away and made again: all that is in it is in the warehouse and the reports too.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path

from biopsy.errors import BiopsyError

FORM = 1
"""The form of schema.sql; another number has every index made anew."""

CACHE = 64 * 1024  # KiB of pages of whoever writes
READ_CACHE = 16 * 1024  # KiB, of one thread that reads
MAP = 2 << 30  # bytes of the file that may be mapped into memory
WAIT = 5.0  # seconds for a lock of SQLite's own


class IndexBusy(BiopsyError):  # noqa: N818 - it reads as what it says
    """Another process writes the index."""


def place(home: Path) -> Path:
    """Where the index of a home is."""
    return home / "site" / "index.db"


@contextmanager
def writing(home: Path) -> Iterator[sqlite3.Connection]:
    """Open the index to write it, alone; made, or made anew, where there is none of this form.

    Raises IndexBusy where somebody else does.
    """
    path = place(home)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (path.parent / "index.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise IndexBusy("another process writes the index of the site") from error
        db = _open(path)
        try:
            yield db
        finally:
            db.close()


def throw_away(home: Path) -> None:
    """Remove the index; IndexBusy where somebody writes it."""
    path = place(home)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (path.parent / "index.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise IndexBusy("another process writes the index of the site: end `biopsy serve`") from error
        _remove(path)


def _open(path: Path) -> sqlite3.Connection:
    with suppress(sqlite3.DatabaseError):
        db = _connect(path)
        (form,) = db.execute("PRAGMA user_version").fetchone()
        if form == FORM:
            return db
        db.close()
    _remove(path)
    db = _connect(path)
    text = resources.files(__package__).joinpath("schema.sql").read_text("utf-8")
    db.execute("BEGIN")
    for statement in text.split(";\n"):
        db.execute(statement)
    db.execute(f"PRAGMA user_version={FORM}")
    db.execute("COMMIT")
    return db


def _connect(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
    for pragma in ("page_size=8192", "journal_mode=WAL", "synchronous=NORMAL", f"cache_size=-{CACHE}"):
        db.execute(f"PRAGMA {pragma}")
    return db


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


class Reading:
    """Connections that read, one a thread; a file that was made anew is noticed."""

    def __init__(self, home: Path) -> None:
        """Read the index of a home; it need not exist."""
        self._path = place(home)
        self._held = threading.local()

    def db(self) -> sqlite3.Connection | None:
        """The connection of this thread; None where there is no index of this form yet."""
        try:
            inode = self._path.stat().st_ino
        except OSError:
            return None
        held = self._held
        if getattr(held, "inode", None) != inode:
            self.close()
            db = self._connect()
            if db is None:
                return None
            held.db, held.inode = db, inode
        found: sqlite3.Connection = held.db
        return found

    def inode(self) -> int:
        """Which file this thread reads: another number where the index was made anew."""
        return int(getattr(self._held, "inode", 0) or 0)

    def _connect(self) -> sqlite3.Connection | None:
        try:
            db = sqlite3.connect(self._path, timeout=WAIT, isolation_level=None, check_same_thread=False)
            (form,) = db.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error:
            return None
        if form != FORM:
            db.close()
            return None
        for pragma in ("query_only=ON", f"cache_size=-{READ_CACHE}", f"mmap_size={MAP}"):
            db.execute(f"PRAGMA {pragma}")
        return db

    def close(self) -> None:
        """Let go of the connection of this thread."""
        db = getattr(self._held, "db", None)
        if db is not None:
            db.close()
            self._held.db, self._held.inode = None, None
