"""The file that holds everything: claims in, reports computed beside them, every change in a log.

SQLite, because what is asked is "this package, now": point look-ups, many readers beside one writer, and a
power cut at any moment (docs/decisions). A change of claims and the reports computed of them are one
transaction; so is a batch of a source with its cursor.
"""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from biopsy.errors import BiopsyError
from biopsy.reports import naming
from biopsy.reports.claim import OWN, Claim, Package, claims
from biopsy.reports.compute import Decisions, compute
from biopsy.reports.record import RecordError, Report, compact, decode

VERSION = 1  # of schema.sql, kept in the file (PRAGMA user_version)
MAX_WAIT = 60.0  # seconds that a writer waits for its turn


class DatabaseError(BiopsyError):
    """The report database cannot be opened or written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one object of a source: how many claims are new, or why it is in quarantine."""

    key: str
    new: int = 0
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, when, why, on what evidence; `batch` names what is done, and undone, together."""

    actor: str
    at: str
    reason: str = ""
    evidence: str = ""
    batch: str = ""


def now() -> str:
    """The time, as OSV writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Database:
    """An open report database. One thread uses it at a time; any number of processes may."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the file, or make it; raises DatabaseError where it is none of ours, or not there."""
        if not create and not path.is_file():
            raise DatabaseError(f"no report database at {path}: `biopsy reports init` makes one")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, timeout=MAX_WAIT, isolation_level=None)
            self._open(path)
        except sqlite3.Error as error:
            raise DatabaseError(f"{path}: {error}") from error

    def _open(self, path: Path) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-65536"):
            self._db.execute(f"PRAGMA {pragma}")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self.change():
                if not self._db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
                    text = resources.files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
                    for statement in text.split(";\n"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version={VERSION}")
        elif version != VERSION:
            raise DatabaseError(f"{path} has form {version}, this biopsy reads {VERSION}")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """A change that happens as a whole or not at all; inside another it is part of that."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # claims in

    def take(self, source: str, objects: Iterable[tuple[str, bytes]], at: str) -> list[Taken]:
        """Take in objects of a source, (key, bytes) each, and compute what they change, in one transaction.

        What is no report goes to quarantine; what was taken before changes nothing.
        """
        made: list[Taken] = []
        with self.change():
            touched: dict[int, Package] = {}
            for key, data in objects:
                sha256 = hashlib.sha256(data).hexdigest()
                try:
                    found = list(claims(source, decode(data), sha256, at, key))
                except RecordError as error:
                    self._object(sha256, data)
                    self._db.execute(_REFUSE, (at, source, key, sha256, error.code, str(error)))
                    made.append(Taken(key, 0, error.code, str(error)))
                    continue
                new = [package for package, claim in found if self._claim(package, claim, touched)]
                if new:
                    self._object(sha256, data)
                made.append(Taken(key, len(new)))
            for number, package in touched.items():
                self._compute(number, package, Act(f"source:{source}", at), "claimed")
        return made

    def _object(self, sha256: str, data: bytes) -> None:
        body = zlib.compress(data, 6)
        self._db.execute("INSERT OR IGNORE INTO objects VALUES (?,?,?)", (sha256, len(data), body))

    def _claim(self, package: Package, claim: Claim, touched: dict[int, Package]) -> bool:
        number = self.number(package)
        row = (
            number, claim.source, claim.key, claim.sha256, claim.modified, claim.imported, claim.withdrawn,
            compact(claim.record),
        )  # fmt: skip
        if not self._db.execute(_CLAIM, row).rowcount:
            return False
        touched[number] = package
        return True

    def number(self, package: Package) -> int:
        """The row of a package, made if it is new."""
        at = (package.ecosystem, package.name)
        row = self._db.execute("SELECT id FROM packages WHERE ecosystem=? AND name=?", at).fetchone()
        if row:
            return int(row[0])
        sql = "INSERT INTO packages (ecosystem, name, skeleton) VALUES (?,?,?)"
        made = self._db.execute(sql, (*at, naming.skeleton(package.name)))
        return int(made.lastrowid or 0)

    # reports out

    def _compute(self, number: int, package: Package, act: Act, action: str, before: str = "") -> None:
        sql = "SELECT id, decisions, sha256, state FROM reports WHERE package=?"
        held = self._db.execute(sql, (number,)).fetchone()
        decided = Decisions(**_read(held[1])) if held else Decisions()
        said = self.claims(number)
        made = compute(package, said, decided)
        if made is None:
            return
        document = compact(made)
        sha256 = hashlib.sha256(document).hexdigest()
        if held and held[2] == sha256:
            return
        own = str(made.get("id") or "") if OWN.fullmatch(str(made.get("id") or "")) else ""
        if own:
            self._keep_id(own, number, act.at)
        change = self.note(act, action, number, own, (before or (held[2] if held else ""), sha256))
        row = (
            number, own or None, _state(made, held[3] if held else "", own), made.get("published", ""),
            made.get("modified", ""), made.get("withdrawn", ""), sha256, document, change,
        )  # fmt: skip
        self._db.execute(_PUT, row)
        known = {*(made.get("aliases") or ()), *(c.key for c in said)} - {own}
        rows = [(str(name), number) for name in known]
        self._db.executemany("INSERT OR IGNORE INTO names VALUES (?,?)", rows)

    def _keep_id(self, own: str, number: int, at: str) -> None:
        _, year, count = own.split("-")
        self._db.execute(
            "INSERT OR IGNORE INTO ids VALUES (?,?,?,?,?)", (own, int(year), int(count), number, at)
        )

    def claims(self, number: int) -> list[Claim]:
        """All claims on a package, old ones too."""
        sql = "SELECT source, key, sha256, modified, imported, record, withdrawn FROM claims WHERE package=?"
        return [
            Claim(s, k, h, m, i, json.loads(r), w) for s, k, h, m, i, r, w in self._db.execute(sql, (number,))
        ]

    def on(self, package: Package) -> Iterator[Report]:
        """The published reports on a package; an ecosystem without a colon means all that have one, too."""
        at = (package.name, package.ecosystem, f"{package.ecosystem}:*")
        for (document,) in self._db.execute(_ON, at).fetchall():
            yield json.loads(document)

    def report(self, word: str) -> Report | None:
        """The report with an id, withdrawn or not."""
        row = self._db.execute("SELECT document FROM reports WHERE id=?", (word,)).fetchone()
        return json.loads(row[0]) if row else None

    def known_as(self, word: str) -> list[str]:
        """The ids of reports that have a word as an alias."""
        sql = "SELECT id FROM reports JOIN names USING (package) WHERE name=? AND id IS NOT NULL ORDER BY id"
        return [row[0] for row in self._db.execute(sql, (word,))]

    def documents(self) -> Iterator[tuple[Package, str, Report]]:
        """Every report with its state, by ecosystem and name."""
        sql = (
            "SELECT ecosystem, name, state, document FROM reports JOIN packages ON packages.id = package"
            " ORDER BY ecosystem, name"
        )
        with closing(self._db.execute(sql)) as rows:
            for ecosystem, name, state, document in rows:
                yield Package(ecosystem, name), state, json.loads(document)

    def note(
        self, act: Act, action: str, number: int, report: str, states: tuple[str, str] = ("", "")
    ) -> int:
        """Write an entry into the log, with the states before and after; returns its number."""
        row = (act.at, act.actor, action, number, report, act.reason, act.evidence, act.batch, *states)
        return int(self._db.execute(_NOTE, row).lastrowid or 0)

    # views, for people

    def document(self, number: int) -> Report | None:
        """The report on a package, by the package's row."""
        row = self._db.execute("SELECT document FROM reports WHERE package=?", (number,)).fetchone()
        return json.loads(row[0]) if row else None

    def search(self, text: str, state: str, limit: int) -> list[Report]:
        """Reports whose id or package has a text in it, those that changed last first."""
        sql = (
            "SELECT reports.id, state, ecosystem, name, published, modified, reason FROM reports"
            " JOIN packages ON packages.id = package WHERE (?1 = '' OR instr(lower(name), lower(?1))"
            " OR instr(coalesce(reports.id, ''), ?1)) AND (?2 = '' OR state = ?2)"
            " ORDER BY change DESC LIMIT ?3"
        )
        return self._rows(sql, (text, state, limit))

    def refused(self, limit: int) -> list[Report]:
        """What is in quarantine, newest first."""
        return self._rows(
            "SELECT at, source, key, code, reason FROM quarantine ORDER BY id DESC LIMIT ?", (limit,)
        )

    def history(self, word: str, limit: int) -> list[Report]:
        """The log of one package, or of all, newest first."""
        numbers = json.dumps(list(self.lookup(word)) if word else [])
        sql = (
            "SELECT seq, at, actor, action, ecosystem, name, report, log.reason, evidence, batch FROM log"
            " LEFT JOIN packages ON packages.id = package"
            " WHERE ?1 = '' OR package IN (SELECT value FROM json_each(?2)) ORDER BY seq DESC LIMIT ?3"
        )
        return self._rows(sql, (word, numbers, limit))

    def counts(self) -> list[Report]:
        """How many reports there are, by ecosystem and state."""
        sql = (
            "SELECT ecosystem, state, count(*) AS reports, max(modified) AS newest FROM reports"
            " JOIN packages ON packages.id = package GROUP BY ecosystem, state ORDER BY 1, 2"
        )
        return self._rows(sql, ())

    def _rows(self, sql: str, given: tuple[object, ...]) -> list[Report]:
        cursor = self._db.execute(sql, given)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    # decisions

    def lookup(self, word: str) -> dict[int, Package]:
        """The packages that a word means: an id, an alias, `ecosystem/name`; empty where it means none."""
        sql = (
            "SELECT packages.id, ecosystem, name FROM packages JOIN reports ON package = packages.id"
            " WHERE reports.id = ?1 OR packages.id IN (SELECT package FROM names WHERE name = ?1)"
        )
        found = {int(n): Package(e, name) for n, e, name in self._db.execute(sql, (word,))}
        ecosystem, _, name = word.partition("/")
        known = naming.known(ecosystem)
        if name and known:
            at = (known, naming.canonical(known, name))
            for (number,) in self._db.execute("SELECT id FROM packages WHERE ecosystem=? AND name=?", at):
                found[int(number)] = Package(*at)
        return found

    def unassigned(self) -> Iterator[tuple[int, Package, str]]:
        """Published reports without an id, in an order that their content decides."""
        sql = (
            "SELECT package, ecosystem, name, published FROM reports JOIN packages ON packages.id = package"
            " WHERE reports.id IS NULL AND state = 'published' ORDER BY published, ecosystem, name"
        )
        for number, ecosystem, name, published in self._db.execute(sql):
            yield int(number), Package(ecosystem, name), published

    def next_id(self, year: str, number: int, at: str) -> str:
        """Reserve the next id of a year for a package. What was ever given is not given again."""
        with self.change():
            sql = "SELECT coalesce(max(number), 0) + 1 FROM ids WHERE year = ?"
            (count,) = self._db.execute(sql, (int(year),)).fetchone()
            own = f"MAL-{year}-{count}"
            self._db.execute("INSERT INTO ids VALUES (?,?,?,?,?)", (own, int(year), count, number, at))
        return own

    def decisions(self, number: int) -> Report:
        """What was decided on a report, as JSON."""
        row = self._db.execute("SELECT decisions FROM reports WHERE package=?", (number,)).fetchone()
        return json.loads(row[0]) if row else {}

    def decide(self, number: int, package: Package, decided: Report, act: Act, action: str) -> None:
        """Set what was decided, and compute the report anew."""
        with self.change():
            before = json.dumps(self.decisions(number), sort_keys=True)
            text = json.dumps(decided, sort_keys=True)
            self._db.execute("UPDATE reports SET decisions=? WHERE package=?", (text, number))
            self._compute(number, package, act, action, before)

    def batch(self, name: str) -> list[tuple[int, Package, str]]:
        """What a batch changed, in order: the package, and the decisions before it."""
        sql = (
            "SELECT package, ecosystem, name, before FROM log JOIN packages ON packages.id = package"
            " WHERE batch = ? ORDER BY seq"
        )
        return [(int(n), Package(e, m), before) for n, e, m, before in self._db.execute(sql, (name,))]


_PUT = (
    "INSERT INTO reports (package, id, state, published, modified, withdrawn, sha256, document, change)"
    " VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (package) DO UPDATE SET id=excluded.id, state=excluded.state,"
    " published=excluded.published, modified=excluded.modified, withdrawn=excluded.withdrawn,"
    " sha256=excluded.sha256, document=excluded.document, change=excluded.change"
)


_ON = (
    "SELECT document FROM packages JOIN reports ON package = packages.id"
    " WHERE name = ?1 AND (ecosystem = ?2 OR ecosystem GLOB ?3) AND state = 'published'"
)
_CLAIM = (
    "INSERT OR IGNORE INTO claims (package, source, key, sha256, modified, imported, withdrawn, record)"
    " VALUES (?,?,?,?,?,?,?,?)"
)
_REFUSE = "INSERT OR IGNORE INTO quarantine (at, source, key, sha256, code, reason) VALUES (?,?,?,?,?,?)"
_NOTE = (
    "INSERT INTO log (at, actor, action, package, report, reason, evidence, batch, before, after)"
    " VALUES (?,?,?,?,?,?,?,?,?,?)"
)


def _state(made: Report, before: str, own: str) -> str:
    """Whether a report is out: what has an id of ours was published; a withdrawal may be taken back."""
    if made.get("withdrawn"):
        return "withdrawn"
    return "published" if own or before == "withdrawn" else before or "review"


def _read(text: str) -> Report:
    held = json.loads(text)
    return {**held, "cleared": frozenset(held.get("cleared", ()))}
