"""Sessions: who signed in, kept by the hash of a random secret, in a file that only its owner reads."""

import hashlib
import hmac
import os
import secrets
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from msgspec import Struct

IDLE = 2 * 3600.0  # seconds after the last request that a session ends
LONGEST = 12 * 3600.0  # seconds after signing in
MAX_SECRET = 100  # characters of a cookie that is looked at
_STEP = 60.0  # seconds between two notes that a session is used


class Session(Struct, frozen=True):
    """An operator who signed in. `how` is `token:ID` or `oidc:SUBJECT`; `csrf` is what forms send back."""

    name: str
    how: str
    scopes: tuple[str, ...]
    csrf: str
    created: float


class Sessions:
    """The file of sessions; any number of processes use it at once."""

    def __init__(self, path: Path) -> None:
        """Open the file; it is made where there is none, for its owner alone."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path = path
        with closing(self._open()) as db:
            db.execute(_TABLE)

    def begin(self, name: str, how: str, scopes: tuple[str, ...], at: float | None = None) -> str:
        """Begin a session; returns the secret for the cookie, which is kept nowhere."""
        now, secret = at or time.time(), secrets.token_urlsafe(32)
        row = (_hash(secret), name, how, " ".join(scopes), secrets.token_urlsafe(24), now, now)
        with closing(self._open()) as db:
            db.execute("DELETE FROM sessions WHERE used < ? OR created < ?", (now - IDLE, now - LONGEST))
            db.execute("INSERT INTO sessions VALUES (?,?,?,?,?,?,?)", row)
        return secret

    def get(self, secret: str, at: float | None = None) -> Session | None:
        """The session of a cookie, if it still lives."""
        if not 0 < len(secret) <= MAX_SECRET:
            return None
        now, key = at or time.time(), _hash(secret)
        with closing(self._open()) as db:
            row = db.execute("SELECT * FROM sessions WHERE hash = ?", (key,)).fetchone()
            if row is None:
                return None
            held, name, how, scopes, csrf, created, used = row
            if now - used > IDLE or now - created > LONGEST or not hmac.compare_digest(held, key):
                return None
            if now - used > _STEP:
                db.execute("UPDATE sessions SET used = ? WHERE hash = ?", (now, key))
        return Session(name, how, tuple(scopes.split()), csrf, created)

    def end(self, secret: str) -> None:
        """End a session, now and for good."""
        with closing(self._open()) as db:
            db.execute("DELETE FROM sessions WHERE hash = ?", (_hash(secret),))

    def end_all(self, how: str) -> int:
        """End every session that was begun one way; returns how many."""
        with closing(self._open()) as db:
            return db.execute("DELETE FROM sessions WHERE how = ?", (how,)).rowcount

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10, isolation_level=None)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


_TABLE = (
    "CREATE TABLE IF NOT EXISTS sessions (hash BLOB PRIMARY KEY, name TEXT NOT NULL, how TEXT NOT NULL,"
    " scopes TEXT NOT NULL, csrf TEXT NOT NULL, created REAL NOT NULL, used REAL NOT NULL) WITHOUT ROWID"
)
