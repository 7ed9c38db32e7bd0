"""What one transaction writes, gathered first: a statement for each table, not ten for each report."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from biopsy.reports import naming
from biopsy.reports.claim import COUNTED, HELD, REVIEW, Claim, Package, origins, ours
from biopsy.reports.compute import Decisions, compute
from biopsy.reports.pack import pack
from biopsy.reports.record import Report, compact

Row = tuple[object, ...]
_NOTHING = Decisions()


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, when, why, on what evidence; `batch` names what is done, and undone, together."""

    actor: str
    at: str
    reason: str = ""
    evidence: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """The report on a package as it is before a change; all empty where there is none yet."""

    id: str = ""
    decisions: str = "{}"
    sha256: str = ""
    state: str = ""
    document: bytes = b""

    @property
    def decided(self) -> Decisions:
        """What people decided on it."""
        if self.decisions == "{}":
            return _NOTHING
        held = json.loads(self.decisions)
        return Decisions(**{**held, "cleared": frozenset(held.get("cleared", ()))})


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a claim waits, and until when."""

    due: str = ""
    reason: str = ""


class Changes:
    """Gathers rows, then writes them; the caller has begun a transaction, and writes nothing between."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Take the connection, inside a transaction that writes."""
        self._db = db
        row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
        self._seq = int(row[0]) if row else 0
        (top,) = db.execute("SELECT coalesce(max(id), 0) FROM packages").fetchone()
        self._package = int(top)
        self._rows: dict[str, list[Row]] = {sql: [] for sql in _ORDER}

    def keep(self, sha256: str, data: bytes) -> None:
        """Keep the bytes of an object."""
        self._rows[_OBJECT].append((sha256, len(data), pack(data)))

    def refuse(self, at: str, source: str, key: str, sha256: str, why: tuple[str, str]) -> None:
        """Put an object into quarantine."""
        self._rows[_REFUSE].append((at, source, key, sha256, *why))

    def package(self, package: Package) -> int:
        """Make a row for a package that has none."""
        self._package += 1
        row = (self._package, package.ecosystem, package.name, naming.skeleton(package.name))
        self._rows[_PACKAGE].append(row)
        return self._package

    def forget(self) -> None:
        """Take back the package that was made last: nothing could be said of it."""
        self._rows[_PACKAGE].pop()
        self._package -= 1

    def claim(self, number: int, claim: Claim, record: bytes, waiting: Waiting) -> None:
        """Keep a claim; `record` is compact, or empty where it is what the object says, whole."""
        self._rows[_CLAIM].append((
            number, claim.source, claim.key, claim.sha256, claim.modified, claim.imported, claim.withdrawn,
            record, claim.state, waiting.due, waiting.reason,
        ))  # fmt: skip

    def report(
        self, about: tuple[int, Package], said: Sequence[Claim], held: Held, act: Act, action: str,
        *, before: str = "", waiting: Waiting | None = None,
    ) -> bool:  # fmt: skip
        """Compute a report anew; False where that changes nothing. `before` is for the log."""
        number, package = about
        counted = [c for c in said if c.state == COUNTED]
        heard = counted or [c for c in said if c.state in {HELD, REVIEW}] or list(said)
        made = compute(package, heard, held.decided)
        if made is None:
            return False
        document = compact(made)
        sha256 = hashlib.sha256(document).hexdigest()
        own = str(made.get("id") or "")
        own = own if ours(own) else ""
        state = _state(made, held.state, own, counted, said)
        if held.sha256 == sha256 and held.state == state:
            return False
        if own and own != held.id:
            _, year, count = own.split("-")
            self._rows[_ID].append((own, int(year), int(count), number, act.at))
        change = self.note(act, action, number, own, (before or held.sha256, sha256), state)
        why = waiting if waiting and state in {HELD, REVIEW} else Waiting()
        self._rows[_PUT].append((
            number, own or None, state, why.reason, why.due, held.decisions, made.get("published") or "",
            made.get("modified") or "", made.get("withdrawn") or "", sha256, document, change,
        ))  # fmt: skip
        known = {*_texts(made, "aliases"), *(c.key for c in heard)}
        known |= {str(one["id"]) for one in origins(made) if one.get("id")}
        known.discard(own)
        self._rows[_NAME] += [(name, number) for name in known]
        return True

    def note(  # noqa: PLR0917
        self, act: Act, action: str, number: int, own: str, hashes: tuple[str, str], state: str = ""
    ) -> int:
        """Write an entry into the log; returns its number. `state` is that of the report from now on."""
        self._seq += 1
        row = (self._seq, act.at, act.actor, action, number, own, act.reason, act.evidence, act.batch)
        self._rows[_NOTE].append((*row, *hashes, state))
        return self._seq

    def write(self) -> None:
        """Write everything that was gathered."""
        for sql, rows in self._rows.items():
            if rows:
                self._db.executemany(sql, rows)
                rows.clear()


def _texts(made: Report, name: str) -> list[str]:
    held = made.get(name)
    return [one for one in held if isinstance(one, str)] if isinstance(held, list) else []


def _state(made: Report, before: str, own: str, counted: Sequence[Claim], said: Sequence[Claim]) -> str:
    """Whether a report is out. What has an id of ours was published; a withdrawal may be taken back."""
    if made.get("withdrawn"):
        return "withdrawn"
    if own or before == "published" or counted:
        return "published"
    states = {claim.state for claim in said}
    return HELD if HELD in states else REVIEW if REVIEW in states else "rejected"


_OBJECT = "INSERT OR IGNORE INTO objects VALUES (?,?,?)"
_PACKAGE = "INSERT INTO packages (id, ecosystem, name, skeleton) VALUES (?,?,?,?)"
_CLAIM = (
    "INSERT INTO claims"
    " (package, source, key, sha256, modified, imported, withdrawn, record, state, due, reason)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?)"
)
_ID = "INSERT OR IGNORE INTO ids VALUES (?,?,?,?,?)"
_NOTE = (
    "INSERT INTO log (seq, at, actor, action, package, report, reason, evidence, batch, before, after, state)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
)
_PUT = (
    "INSERT INTO reports (package, id, state, reason, due, decisions, published, modified, withdrawn,"
    " sha256, document, change) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (package) DO UPDATE SET"
    " id=excluded.id, state=excluded.state, reason=excluded.reason, due=excluded.due,"
    " decisions=excluded.decisions, published=excluded.published, modified=excluded.modified,"
    " withdrawn=excluded.withdrawn, sha256=excluded.sha256, document=excluded.document,"
    " change=excluded.change"
)
_NAME = "INSERT OR IGNORE INTO names VALUES (?,?)"
_REFUSE = "INSERT OR IGNORE INTO quarantine (at, source, key, sha256, code, reason) VALUES (?,?,?,?,?,?)"
_ORDER = (_OBJECT, _PACKAGE, _CLAIM, _ID, _NOTE, _PUT, _NAME, _REFUSE)
