"""Tokens for writing over HTTP: random, kept only as hashes, for some things, for some time, revocable.

They stand in a file of their own, which only its owner can read: the report database is made to be handed on.
"""

import hashlib
import hmac
import os
import re
import secrets
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from biopsy.errors import BiopsyError, UsageError
from biopsy.reports.database import now
from biopsy.reports.record import timestamp

SCOPES = {
    "submit": "send reports, which wait for approval",
    "publish": "send reports that count at once",
    "approve": "approve or reject what waits",
    "withdraw": "withdraw and reinstate reports",
    "dispute": "object to reports",
    "operate": "retry and park jobs, pause and resume feeds, on the site",
}
"""What a token may be for."""

MAX_DAYS = 3650  # that a token is good for
MAX_NAME = 64  # characters
PREFIX = "biopsy"
_BITS = 256
_SOURCE = re.compile(r"[a-z0-9-]{1,64}")  # as `claim` has it


class TokenError(BiopsyError):
    """A token that is missing, wrong or not for this. `status` is the one of HTTP: 401 or 403."""

    def __init__(self, message: str, status: int) -> None:
        """Say what is wrong, and which status that is."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. `source` is in whose name it reports; times are RFC 3339, or empty."""

    id: str
    name: str
    source: str
    scopes: tuple[str, ...]
    created: str
    expires: str
    revoked: str = ""
    used: str = ""

    def state(self, at: str) -> str:
        """`good`, `expired` or `revoked` at a time."""
        return "revoked" if self.revoked else "expired" if self.expires <= at else "good"


class Tokens:
    """The file of tokens. One thread uses it at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file; it is made where there is none, for its owner alone."""
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path = path
        with closing(self._open()) as db:
            db.execute(_TABLE)

    def _open(self) -> sqlite3.Connection:
        try:
            return sqlite3.connect(self._path, timeout=10, isolation_level=None)
        except sqlite3.Error as error:
            raise BiopsyError(f"{self._path}: {error}") from error

    def create(self, name: str, scopes: Iterable[str], days: int, source: str = "") -> tuple[Token, str]:
        """Make a token; returns it and its secret, which is kept nowhere. Raises UsageError."""
        wanted = tuple(sorted(set(scopes)))
        if unknown := [one for one in wanted if one not in SCOPES]:
            raise UsageError(f"{', '.join(unknown)}: a token is for {', '.join(SCOPES)}")
        if not wanted or not name.strip() or len(name) > MAX_NAME or not name.isprintable():
            raise UsageError(f"a token has a name of at most {MAX_NAME} characters, and says what it is for")
        if not 1 <= days <= MAX_DAYS:
            raise UsageError(f"a token is good for 1 to {MAX_DAYS:,} days")
        from_whom = source or f"web-{name}"
        if not _SOURCE.fullmatch(from_whom):
            raise UsageError(f"{from_whom!r} is no id of a source: small letters, digits, hyphens; --source")
        at = datetime.now(UTC)
        until = timestamp(at + timedelta(days=days))
        own, secret = secrets.token_hex(6), secrets.token_urlsafe(_BITS // 8)
        token = Token(own, name, from_whom, wanted, timestamp(at), until)
        row = (own, _digest(secret), name, from_whom, " ".join(wanted), token.created, until)
        with closing(self._open()) as db:
            db.execute("INSERT INTO tokens VALUES (?,?,?,?,?,?,?,'','')", row)
        return token, f"{PREFIX}_{own}_{secret}"

    def all(self) -> list[Token]:
        """Every token there ever was, the newest last."""
        with closing(self._open()) as db:
            return [_token(row) for row in db.execute(_ALL)]

    def revoke(self, own: str) -> Token:
        """Make a token good for nothing, now; raises UsageError where there is none of this id."""
        with closing(self._open()) as db:
            db.execute("UPDATE tokens SET revoked = ? WHERE id = ? AND revoked = ''", (now(), own))
            row = db.execute(_ONE, (own,)).fetchone()
        if row is None:
            raise UsageError(f"{own}: no token has this id; `biopsy tokens list` names them")
        return _token(row[:-1])

    def known(self, given: str) -> Token:
        """The token that was given, if it is good at all; raises TokenError. Keeps when it was used."""
        return self.admit(given, "")

    def admit(self, given: str, scope: str) -> Token:
        """The token that was given, if it is good for a scope; raises TokenError. Keeps when it was used."""
        prefix, _, rest = given.partition("_")
        own, _, secret = rest.partition("_")
        at = now()
        with closing(self._open()) as db:
            row = db.execute(_ONE, (own,)).fetchone()
            digest = row[-1] if row else b"\0" * 32
            right = hmac.compare_digest(_digest(secret), digest)
            if row is None or not right or prefix != PREFIX:
                raise TokenError("this token is not known here", 401)
            token = _token(row[:-1])
            if (state := token.state(at)) != "good":
                raise TokenError(f"this token is {state}", 401)
            if scope and scope not in token.scopes:
                raise TokenError(f"this token is not for {scope}; it is for {', '.join(token.scopes)}", 403)
            db.execute("UPDATE tokens SET used = ? WHERE id = ? AND used < ?", (at, own, at))
        return token


def _digest(secret: str) -> bytes:
    """What is kept of a secret. One of 256 random bits cannot be guessed, so one round is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _token(row: tuple[str, ...]) -> Token:
    own, name, source, scopes, *times = row
    return Token(own, name, source, tuple(scopes.split()), *times)


_ALL = "SELECT id, name, source, scopes, created, expires, revoked, used FROM tokens ORDER BY created, id"
_ONE = "SELECT id, name, source, scopes, created, expires, revoked, used, digest FROM tokens WHERE id = ?"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS tokens (id TEXT PRIMARY KEY, digest BLOB NOT NULL, name TEXT NOT NULL,"
    " source TEXT NOT NULL, scopes TEXT NOT NULL, created TEXT NOT NULL, expires TEXT NOT NULL,"
    " revoked TEXT NOT NULL, used TEXT NOT NULL) WITHOUT ROWID"
)
