"""Taking in what a source says: each object becomes claims, or goes to quarantine.

A batch is read as a whole, looked up at once and written at once: what a look-up costs is shared by all.
"""

import gc
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from biopsy.reports import echo, shape
from biopsy.reports.changes import Act, Changes, Held, Waiting
from biopsy.reports.claim import COUNTED, ECHO, HELD, REVIEW, Claim, Package, claims
from biopsy.reports.kept import KEPT, kept
from biopsy.reports.policy import Policy
from biopsy.reports.record import RecordError, Report, compact, decode

MAX_COPIED = 64 * 1024**2  # bytes of what is kept with each of the packages that one record names
MAX_KEY = 2000  # characters of a path or URL at a source

Convert = Callable[[Report], Report]
"""Makes OSV of what a source has instead; raises RecordError."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one object of a source: how many claims are new, or why it is in quarantine.

    `echoes` are claims that only repeat what we said; `waiting` those that wait.
    """

    key: str
    new: int = 0
    code: str = ""
    reason: str = ""
    echoes: int = 0
    waiting: int = 0


@dataclass(slots=True)
class _Object:
    key: str
    data: bytes
    sha256: str
    whole: Report | None = None  # what the bytes say, as they stand
    found: list[tuple[Package, Claim]] = field(default_factory=list)
    new: int = 0
    echoes: int = 0
    waiting: int = 0
    why: tuple[str, str] = ("", "")


@dataclass(slots=True)
class _About:
    """What is known of a package: its row (0: none yet), its report, all claims on it."""

    number: int = 0
    held: Held = field(default_factory=Held)
    said: list[Claim] = field(default_factory=list)
    fresh: list[tuple[_Object, Claim, bytes, Waiting]] = field(default_factory=list)

    @property
    def withdrawn(self) -> bool:
        """Whether a person withdrew the report."""
        return self.held.state == "withdrawn" and bool(json.loads(self.held.decisions).get("withdrawn"))


class Intake:
    """Takes in one batch of one source, in a transaction that is open."""

    def __init__(self, db: sqlite3.Connection, source: str, at: str, policy: Policy) -> None:
        """Take the connection, who says it, the time, and how far that is trusted."""
        self._db, self._source, self._at, self._policy = db, source, at, policy
        self._known: dict[Package, _About] = {}
        self._ids: dict[str, int] = {}

    def take(self, objects: Iterable[tuple[str, bytes]], convert: Convert | None) -> list[Taken]:
        """Take the objects in; says of each what became of it."""
        paused = gc.isenabled()
        gc.disable()  # a batch makes many objects and no cycles: looking for them costs a tenth of the time
        try:
            return self._take(objects, convert)
        finally:
            if paused:
                gc.enable()

    def _take(self, objects: Iterable[tuple[str, bytes]], convert: Convert | None) -> list[Taken]:
        listed = [_Object(_written(key), data, hashlib.sha256(data).hexdigest()) for key, data in objects]
        seen = {
            sha256
            for (sha256,) in self._ask(
                "SELECT sha256 FROM json_each(?) JOIN claims ON substr(sha256, 1, 12) = substr(value, 1, 12)"
                " WHERE sha256 = value AND source = ?",
                [one.sha256 for one in listed], self._source,
            )
        }  # fmt: skip
        for one in listed:
            if one.sha256 not in seen:
                self._read(one, convert)
        self._look_up(listed)
        for one in listed:
            for package, claim in one.found:
                self._hear(one, package, claim)
        self._write(listed)
        return [Taken(o.key, o.new, *o.why, o.echoes, o.waiting) for o in listed]

    def _ask(self, sql: str, *given: object) -> sqlite3.Cursor:
        return self._db.execute(sql, tuple(json.dumps(g) if isinstance(g, list) else g for g in given))

    def _read(self, one: _Object, convert: Convert | None) -> None:
        try:
            one.whole = record = decode(one.data)
            record = self._policy.shaped(convert(record) if convert else record)
            found = list(claims(self._source, record, one.sha256, self._at, one.key))
            shape.check(record)
            _bounded(record, len(found))
            one.found = found
        except RecordError as error:
            one.why = (error.code, str(error))

    def _look_up(self, listed: Sequence[_Object]) -> None:
        """Find out what is known of every package and id that the batch names."""
        named = dict.fromkeys(
            package for one in listed for package, _ in one.found
        )  # in order, as the log is
        self._known = {package: _About() for package in named}
        sql = "SELECT id, ecosystem, name FROM packages WHERE name IN (SELECT value FROM json_each(?))"
        numbered: dict[int, _About] = {}
        for number, ecosystem, name in self._ask(sql, sorted({p.name for p in named})):
            about = self._known.get(Package(ecosystem, name))
            if about:
                about.number = number
                numbered[number] = about
        for number, *row in self._ask(_HELD, list(numbered)) if numbered else ():
            numbered[number].held = Held(row[0] or "", *row[1:])
        for number, *row in self._ask(_SAID, list(numbered)) if numbered else ():
            numbered[number].said.append(kept(*row))
        own = sorted({claim.key for one in listed for _, claim in one.found if claim.base})
        sql = "SELECT id, package FROM ids WHERE id IN (SELECT value FROM json_each(?))"
        self._ids = dict(self._ask(sql, own)) if own else {}

    def _hear(self, one: _Object, package: Package, claim: Claim) -> None:
        """Decide what becomes of a claim; what was claimed before, in the same words, is nothing new."""
        about = self._known[package]
        if any(_same(claim, c) for c in about.said):
            return
        if claim.base and not self._may(one, about, claim):
            return
        judged = None
        if about.held.document and not (claim.base and self._policy.ids):
            judged = echo.judge(claim, about.said, about.held.id, json.loads(about.held.document))
        if judged is None and about.withdrawn and not (claim.withdrawn or claim.base):
            judged = (REVIEW, Waiting(reason="the report on this name was withdrawn"))
        state, waiting = judged or self._policy.judge(package, claim, about.said)
        claim = claim if state == COUNTED else replace(claim, state=state)
        about.said.append(claim)
        record = b"" if claim.record is one.whole else compact(claim.record)  # nothing is kept twice
        about.fresh.append((one, claim, record, waiting))
        one.new += 1
        one.echoes += state == ECHO
        one.waiting += state in {HELD, REVIEW}

    def _may(self, one: _Object, about: _About, claim: Claim) -> bool:
        """Whether a source may bring an id of ours, and this one is free or this package's."""
        if not self._policy.ids and claim.key != about.held.id:
            one.why = (
                "bad-id",
                f"{claim.key}: this source may not bring ids of ours; see `ids` of its policy",
            )
            return False
        if not self._policy.ids:
            return True
        holder = self._ids.setdefault(claim.key, about.number or id(about))
        if holder not in {about.number, id(about)}:
            one.why = ("id-taken", f"{claim.key} was given to another package")
            return False
        return True

    def _write(self, listed: Sequence[_Object]) -> None:
        changes = Changes(self._db)
        act = Act(f"source:{self._source}", self._at)
        for package, about in self._known.items():
            if about.fresh:
                self._compute(changes, package, about, act)
        for one in listed:
            if one.why[0]:
                changes.refuse(self._at, self._source, one.key, one.sha256, one.why)
            if one.new or one.why[0]:
                changes.keep(one.sha256, one.data)
        changes.write()

    def _compute(self, changes: Changes, package: Package, about: _About, act: Act) -> None:
        made = not about.number
        number = about.number or changes.package(package)
        waits = [w for _, c, _, w in about.fresh if c.state in {HELD, REVIEW}]
        waiting = max(waits, key=lambda w: (not w.due, w.due), default=None)
        try:
            told = changes.report((number, package), about.said, about.held, act, "claimed", waiting=waiting)
        except (TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError) as error:
            if made:
                changes.forget()
            for one, claim, _, _ in about.fresh:
                one.why = ("bad-shape", f"no report can be made with this: {type(error).__name__}: {error}")
                one.new -= 1
                one.echoes -= claim.state == ECHO
                one.waiting -= claim.state in {HELD, REVIEW}
            return
        for _, claim, record, why in about.fresh:
            changes.claim(number, claim, record, why)
            if not told and claim.state != COUNTED:  # a report stays as it is; that something came is kept
                changes.note(replace(act, reason=why.reason), claim.state, number, about.held.id, ("", ""))


def _bounded(record: Report, packages: int) -> None:
    """Refuse a record that says so much on so many packages that its copies would fill the disk."""
    if packages > 1 and packages * len(compact({**record, "affected": []})) > MAX_COPIED:
        raise RecordError("too-large", f"affected: {packages:,} packages share too long a text")


def _written(key: str) -> str:
    """A key as text that can be kept: a file's name need not be one."""
    return key.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:MAX_KEY]


def _same(new: Claim, old: Claim) -> bool:
    """Whether a source said just this before: the same bytes, or other bytes that mean the same."""
    if new.source != old.source or new.withdrawn != old.withdrawn:
        return False
    return new.sha256 == old.sha256 or (new.key == old.key and new.record == old.record)


_HELD = (
    "SELECT package, id, decisions, sha256, state, document FROM reports"
    " WHERE package IN (SELECT value FROM json_each(?))"
)
_SAID = f"SELECT package, {KEPT} WHERE package IN (SELECT value FROM json_each(?)) ORDER BY claims.id"  # noqa: S608
