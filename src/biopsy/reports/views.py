"""Looking into the report database: for those who ask, and for people who look after it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from biopsy.reports import naming
from biopsy.reports.claim import ECHO, HELD, REVIEW, Claim, Package
from biopsy.reports.compute import Decisions
from biopsy.reports.finding import Finding
from biopsy.reports.kept import KEPT, kept
from biopsy.reports.pack import unpack
from biopsy.reports.record import Report


def decided(text: str) -> Decisions:
    """What was decided on a report, from its JSON."""
    held = json.loads(text)
    return Decisions(**{**held, "cleared": frozenset(held.get("cleared", ()))})


class Views(Finding):
    """What can be asked of an open database; nothing here writes."""

    _db: sqlite3.Connection

    def claims(self, number: int) -> list[Claim]:
        """All claims on a package, old ones and those that wait too."""
        rows = self._db.execute(f"SELECT {KEPT} WHERE package=? ORDER BY claims.id", (number,))
        return [kept(*row) for row in rows]

    def original(self, sha256: str) -> bytes | None:
        """The bytes that came from a source; raises PackError where they are damaged."""
        row = self._db.execute("SELECT body FROM objects WHERE sha256=?", (sha256,)).fetchone()
        return unpack(row[0], sha256) if row else None

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
            " WHERE state <> 'rejected' ORDER BY ecosystem, name"
        )
        with closing(self._db.execute(sql)) as rows:
            for ecosystem, name, state, document in rows:
                yield Package(ecosystem, name), state, json.loads(document)

    def state(self, number: int) -> str:
        """The state of the report on a package; empty where there is none."""
        row = self._db.execute("SELECT state FROM reports WHERE package=?", (number,)).fetchone()
        return str(row[0]) if row else ""

    def decided(self, number: int) -> Decisions:
        """What was decided on a report."""
        row = self._db.execute("SELECT decisions FROM reports WHERE package=?", (number,)).fetchone()
        return decided(row[0] if row else "{}")

    def document(self, number: int) -> Report | None:
        """The report on a package, by the package's row."""
        row = self._db.execute("SELECT document FROM reports WHERE package=?", (number,)).fetchone()
        return json.loads(row[0]) if row else None

    def total(self) -> int:
        """How many reports there are, whatever their state."""
        return int(self._db.execute("SELECT count(*) FROM reports").fetchone()[0])

    def said(self) -> Iterator[tuple[Package, str, Decisions, list[Claim]]]:
        """Every package: the state of its report, what was decided, all claims; by ecosystem and name."""
        sql = (
            "SELECT package, ecosystem, name, state, decisions FROM reports"
            " JOIN packages ON packages.id = package ORDER BY ecosystem, name"
        )
        with closing(self._db.execute(sql)) as rows:
            for number, ecosystem, name, state, decisions in rows:
                yield Package(ecosystem, name), state, decided(decisions), self.claims(int(number))

    def steps(self, size: int) -> Iterator[list[tuple[int, Package]]]:
        """Every package that has a report, some at a time; between them the database may be written."""
        sql = (
            "SELECT packages.id, ecosystem, name FROM packages JOIN reports ON package = packages.id"
            " WHERE packages.id > ? ORDER BY packages.id LIMIT ?"
        )
        after = 0
        while some := [(int(n), Package(e, m)) for n, e, m in self._db.execute(sql, (after, size))]:
            yield some
            after = some[-1][0]

    def waits(self) -> Iterator[tuple[Package, Claim]]:
        """Every claim that waits, held or for a person, by ecosystem and name of the package.

        What came from the `unmergable` of a repository and only repeats what is known waits there, too.
        """
        sql = (
            "SELECT DISTINCT package, ecosystem, name FROM claims JOIN packages ON packages.id = package"
            " WHERE state IN ('held', 'review') OR (state = 'echo' AND key GLOB 'unmergable/*')"
            " ORDER BY ecosystem, name"
        )
        for number, ecosystem, name in self._db.execute(sql).fetchall():
            for claim in self.claims(int(number)):
                pending = claim.state == ECHO and claim.key.startswith("unmergable/")
                if claim.state in {HELD, REVIEW} or pending:
                    yield Package(ecosystem, name), claim

    def knows(self, own: str, sha256: str) -> bool:
        """Whether a file is one of ours: its name an id that was given, or its bytes a record taken in."""
        sql = (
            "SELECT 1 FROM ids WHERE id = ?1 UNION ALL SELECT 1 FROM claims"
            " WHERE substr(sha256, 1, 12) = substr(?2, 1, 12) AND sha256 = ?2 LIMIT 1"
        )
        return self._db.execute(sql, (own, sha256)).fetchone() is not None

    def search(self, text: str, state: str, limit: int, ecosystem: str = "") -> list[Report]:
        """Reports whose id or package has a text in it, those that changed last first."""
        sql = (
            "SELECT reports.id, state, ecosystem, name, published, modified, reason FROM reports"
            " JOIN packages ON packages.id = package WHERE (?1 = '' OR instr(lower(name), lower(?1))"
            " OR instr(coalesce(reports.id, ''), upper(?1))) AND (?2 = '' OR state = ?2)"
            " AND (?4 = '' OR ecosystem = ?4 OR ecosystem GLOB ?4 || ':*') ORDER BY change DESC LIMIT ?3"
        )
        return self._rows(sql, (text, state, limit, ecosystem))

    def refused(self, limit: int, text: str = "") -> list[Report]:
        """What is in quarantine, newest first; `text` is a part of the source, of the key or of why."""
        sql = (
            "SELECT at, source, key, code, reason FROM quarantine WHERE ?2 = '' OR instr(source, ?2)"
            " OR instr(key, ?2) OR instr(code, ?2) OR instr(reason, ?2) ORDER BY id DESC LIMIT ?1"
        )
        return self._rows(sql, (limit, text))

    def history(self, word: str, limit: int, *, decisions: bool = False) -> list[Report]:
        """The log of one package, or of all, newest first; `decisions`: only what people decided."""
        numbers = json.dumps(list(self.lookup(word)) if word else [])
        sql = (
            "SELECT seq, at, actor, action, ecosystem, name, report, log.reason, evidence, batch FROM log"
            " LEFT JOIN packages ON packages.id = package"
            " WHERE (?1 = '' OR package IN (SELECT value FROM json_each(?2)))"
            " AND (NOT ?4 OR batch <> '') ORDER BY seq DESC LIMIT ?3"
        )
        return self._rows(sql, (word, numbers, limit, decisions))

    def entries(self, batch: str) -> list[tuple[int, int, Package, str, str]]:
        """What a batch did, in order: seq, the package's row, the package, the action, what was before."""
        sql = (
            "SELECT seq, package, ecosystem, name, action, before FROM log"
            " JOIN packages ON packages.id = package WHERE batch = ? AND batch <> '' ORDER BY seq"
        )
        found = self._db.execute(sql, (batch,))
        return [(int(s), int(n), Package(e, m), action, before) for s, n, e, m, action, before in found]

    def decided_since(self, number: int, seq: int) -> list[tuple[int, str, str]]:
        """What was done to a report after an entry of the log, in order: seq, batch, what was before."""
        sql = "SELECT seq, batch, before FROM log WHERE package = ? AND seq > ? ORDER BY seq"
        return [(int(s), batch, before) for s, batch, before in self._db.execute(sql, (number, seq))]

    def counts(self, by: str = "ecosystem") -> list[Report]:
        """How many reports there are: by ecosystem and state, source, month, or reason of withdrawal."""
        return self._rows(_COUNTS[by], ())

    def _rows(self, sql: str, given: tuple[object, ...]) -> list[Report]:
        cursor = self._db.execute(sql, given)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def waiting(self, limit: int) -> list[Report]:
        """Claims that wait until they are due, or for a person; the oldest first."""
        sql = (
            "SELECT ecosystem, name, claims.state, claims.due, claims.reason, source, key, imported,"
            " reports.id AS report FROM claims JOIN packages ON packages.id = claims.package"
            " LEFT JOIN reports USING (package)"
            " WHERE claims.state IN ('held', 'review') ORDER BY claims.id LIMIT ?"
        )
        return self._rows(sql, (limit,))

    def sources(self) -> list[Report]:
        """How each source is doing."""
        sql = (
            "SELECT sources.*, (SELECT count(*) FROM claims WHERE claims.source = sources.source"
            " AND state IN ('held', 'review')) AS waiting FROM sources ORDER BY source"
        )
        return self._rows(sql, ())

    def cursors(self, source: str) -> dict[str, str]:
        """Where reading a source goes on, by prefix."""
        rows = self._db.execute("SELECT prefix, value FROM cursors WHERE source=?", (source,))
        return dict(rows)

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


_COUNTS = {
    "ecosystem": (
        "SELECT ecosystem, state, count(*) AS reports, max(modified) AS newest FROM reports"
        " JOIN packages ON packages.id = package GROUP BY ecosystem, state ORDER BY 1, 2"
    ),
    "source": (
        "SELECT source, claims.state, count(*) AS claims, count(DISTINCT package) AS reports,"
        " max(imported) AS newest FROM claims GROUP BY source, claims.state ORDER BY 1, 2"
    ),
    "month": (
        "SELECT substr(published, 1, 7) AS month, state, count(*) AS reports FROM reports"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    ),
    "reason": (
        "SELECT coalesce(nullif(json_extract(decisions, '$.specific.withdrawn.reason'), ''),"
        " 'by its sources') AS reason, count(*) AS reports, max(withdrawn) AS newest FROM reports"
        " WHERE state = 'withdrawn' GROUP BY 1 ORDER BY 2 DESC"
    ),
}
_ON = (
    "SELECT document FROM packages JOIN reports ON package = packages.id"
    " WHERE name = ?1 AND (ecosystem = ?2 OR ecosystem GLOB ?3) AND state = 'published'"
)
