"""Write the index: outlines, judgements and reports in, each as often as one likes; counts follow.

Counts by day are kept as differences until `settle`, which belongs to the same transaction as the rows.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from biopsy.model.behaviour import escape
from biopsy.warehouse.judgement import Judgement
from biopsy.warehouse.outline import Outline
from biopsy.web.site.index.words import (
    CALLS,
    DAY,
    NUMBERS,
    Dim,
    backwards,
    ecosystem,
    folded,
    seconds,
    spelled,
)

LANDED = 0
"""The pack of what is not packed yet."""

MAX_WORDS = 200_000
"""Words and packages that are remembered without asking the file."""

MAX_REASON = 500  # characters

Marks = list[tuple[int, int]]


class ReportRow(msgspec.Struct, frozen=True):
    """A report, as far as lists show it; `ecosystem` as OSV spells it."""

    change: int
    id: str
    ecosystem: str
    name: str
    state: str
    published: str
    modified: str
    withdrawn: str
    summary: str = ""
    sources: tuple[str, ...] = ()


class Writer:
    """Writes an open index. The caller makes the transactions, and calls `settle` before each ends."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Write to `db`."""
        self._db = db
        self._words: dict[str, int] = {}
        self._packages: dict[tuple[str, str], int] = {}
        self._hosts: dict[str, int] = {}
        self._counts: Counter[tuple[int, int, int, int, int]] = Counter()
        self._last: dict[tuple[int, int, int, int], int] = {}
        self._runs: Counter[int] = Counter()
        self._timed: set[int] = set()

    def outline(self, one: Outline, pack: int) -> None:
        """A dossier; of one that is known only where it is kept may change."""
        found = self._ensure(one.run_id, one.ecosystem, one.name, one.version, one.created, one.sha256)
        number, known, created = found
        if known:
            self._db.execute("UPDATE analyses SET pack = ? WHERE id = ? AND pack IN (0, -1)", (pack, number))
            return
        text = msgspec.json.encode(one).decode()
        self._db.execute("UPDATE analyses SET outline = ?, pack = ? WHERE id = ?", (text, pack, number))
        hosts = [(self._host(host), created, number) for host in one.hosts]
        self._db.executemany("INSERT OR IGNORE INTO contacts VALUES (?,?,?)", hosts)
        self._runs.update(host for host, _, _ in hosts)
        made = [(raw, number, 0) for digest in one.hashes if (raw := hashed(digest))]
        self._db.executemany("INSERT OR IGNORE INTO hashes VALUES (?,?,?)", made)

    def judge(self, one: Judgement) -> None:
        """A judgement; it holds, unless a later one is known."""
        number, _, created = self._ensure(
            one.run_id, one.ecosystem, one.name, one.version, one.created, one.sha256
        )
        row = self._db.execute(
            "SELECT judged, call, marks, first, seconds, ecosystem, package FROM analyses WHERE id = ?",
            (number,),
        ).fetchone()
        judged, call, held, first, waited, eco, package = row
        if one.published and (not first or one.at < first):
            first, waited = one.at, float(seconds(one.at) - seconds(one.published))
            self._timed.add(created // DAY)
        if one.at < judged:
            self._db.execute("UPDATE analyses SET first=?, seconds=? WHERE id=?", (first, waited, number))
            return
        marks = self._marks(one)
        self._unmark(number, created, eco, call, held)
        call = NUMBERS[one.call.value]
        self._mark(number, created, eco, call, marks)
        self._db.execute(
            "UPDATE analyses SET judged=?, call=?, marks=?, first=?, seconds=?, rules=?, reason=? WHERE id=?",
            (one.at, call, msgspec.json.encode(marks).decode(), first, waited, one.rules,
             one.reason[:MAX_REASON], number),
        )  # fmt: skip
        self._db.execute(
            "UPDATE packages SET call = ? WHERE id = ? AND latest = ?",
            (call, package, number),
        )

    def forget(self, numbers: Iterable[int]) -> None:
        """Analyses whose dossiers are gone."""
        for number in list(numbers):
            sql = "SELECT created, ecosystem, call, marks, package, outline FROM analyses WHERE id = ?"
            row = self._db.execute(sql, (number,)).fetchone()
            if row is None:
                continue
            created, eco, call, held, package, text = row
            self._unmark(number, created, eco, call, held)
            self._timed.add(created // DAY)
            if text:
                one = msgspec.json.decode(text, type=Outline)
                hosts = [self._host(host) for host in one.hosts]
                self._db.executemany(
                    "DELETE FROM contacts WHERE host = ? AND created = ? AND analysis = ?",
                    [(host, created, number) for host in hosts],
                )
                self._runs.subtract(hosts)
                digests = [*one.hashes, one.sha256]
                self._db.executemany(
                    "DELETE FROM hashes WHERE hash = ? AND analysis = ?",
                    [(raw, number) for digest in digests if (raw := hashed(digest))],
                )
            self._db.execute("DELETE FROM analyses WHERE id = ?", (number,))
            self._db.execute(_LATEST, (package,))

    def report(self, one: ReportRow) -> None:
        """A report that is out, as it stands now."""
        self.unreport(one.ecosystem, one.name)
        package = self._package(ecosystem(one.ecosystem), spelled(one.ecosystem, escape(one.name)))
        eco, at = self._word(ecosystem(one.ecosystem)), seconds(one.published)
        made = self._db.execute(
            "INSERT INTO reports (key, package, change, id, ecosystem, state, published, modified, withdrawn,"
            " summary, sources, osv) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (key(one.ecosystem, one.name), package, one.change, one.id, eco, one.state, one.published,
             one.modified, one.withdrawn, escape(one.summary[:300]), " ".join(one.sources), one.ecosystem),
        )  # fmt: skip
        sql = "UPDATE packages SET report = ?, state = ? WHERE id = ?"
        self._db.execute(sql, (one.id, one.state, package))
        sources = [self._word(name) for name in one.sources]
        self._db.executemany(
            "INSERT OR IGNORE INTO told VALUES (?,?,?)", [(s, one.published, made.lastrowid) for s in sources]
        )
        self._count_report(at, eco, one.state, sources, 1)

    def unreport(self, osv: str, name: str) -> None:
        """A report, by OSV's ecosystem and the name of its package, that is not out any more."""
        sql = "SELECT number, package, published, ecosystem, state, sources FROM reports WHERE key = ?"
        row = self._db.execute(sql, (key(osv, name),)).fetchone()
        if row is None:
            return
        number, package, published, eco, state, named = row
        sources = [self._word(name) for name in named.split()]
        self._db.executemany(
            "DELETE FROM told WHERE source=? AND published=? AND report=?",
            [(s, published, number) for s in sources],
        )
        self._db.execute("DELETE FROM reports WHERE number = ?", (number,))
        self._db.execute("UPDATE packages SET report = '', state = '' WHERE id = ?", (package,))
        self._count_report(seconds(published), eco, state, sources, -1)

    def settle(self) -> None:
        """Write the counts of all that was put since the last time."""
        rows = [(*key, n) for key, n in self._counts.items() if n]
        self._db.executemany(_DAYS, rows)
        totals: Counter[tuple[int, int, int, int]] = Counter()
        for dim, _, eco, value, call, n in rows:
            totals[dim, value, eco, call] += n
        last = self._last
        self._db.executemany(_TOTALS, [(*key, n, last.get(key, 0)) for key, n in totals.items()])
        self._db.executemany(
            "UPDATE hosts SET runs = runs + ? WHERE id = ?", [(n, host) for host, n in self._runs.items()]
        )
        for day in sorted(self._timed):
            self._time(day)
        self._db.execute(_TICK)
        self._counts.clear()
        self._last.clear()
        self._runs.clear()
        self._timed.clear()
        for held in (self._words, self._packages, self._hosts):
            if len(held) > MAX_WORDS:
                held.clear()

    def _ensure(  # noqa: PLR0917
        self, run_id: str, eco: str, name: str, version: str, created: str, sha256: str
    ) -> tuple[int, bool, int]:
        """The number of an analysis, whether its dossier is known, and when that was made."""
        sql = "SELECT id, outline <> '', created FROM analyses WHERE run_id = ?"
        if row := self._db.execute(sql, (run_id,)).fetchone():
            return int(row[0]), bool(row[1]), int(row[2])
        package, at, word = self._package(eco, spelled(eco, name)), seconds(created), self._word(eco)
        row = (run_id, package, -1, word, version, at, sha256)
        made = self._db.execute(
            "INSERT INTO analyses (run_id, package, pack, ecosystem, version, created, sha256)"
            " VALUES (?,?,?,?,?,?,?)", row,
        )  # fmt: skip
        number = int(made.lastrowid or 0)
        self._db.execute(_NEWER, {"id": number, "at": at, "package": package})
        if raw := hashed(sha256):
            self._db.execute("INSERT OR IGNORE INTO hashes VALUES (?,?,1)", (raw, number))
        self._mark(number, at, word, 0, [])
        return number, False, at

    def _marks(self, one: Judgement) -> Marks:
        counted = [found for found in one.findings if found.rule in one.because]
        named = {
            Dim.CATEGORY: one.categories,
            Dim.CLASS: one.classes,
            Dim.TECHNIQUE: [name for found in counted for name in found.attack],
            Dim.TRIGGER: [name for found in counted for name in found.triggers],
            Dim.RULE: [found.rule for found in one.findings],
        }
        return [(int(d), self._word(name)) for d, names in named.items() for name in dict.fromkeys(names)]

    def _mark(self, number: int, created: int, eco: int, call: int, marks: Marks) -> None:
        every = [*marks, *self._plain(eco, call)]
        self._db.executemany(
            "INSERT OR IGNORE INTO marks VALUES (?,?,?,?,?,?)",
            [(dim, value, created, number, eco, call) for dim, value in every],
        )
        for dim, value in every:
            self._counts[dim, created // DAY, eco, value, call] += 1
            key = (dim, value, eco, call)
            self._last[key] = max(self._last.get(key, 0), created)

    def _unmark(self, number: int, created: int, eco: int, call: int, held: str) -> None:
        marks = [(int(dim), int(value)) for dim, value in _listed(held)]
        every = [*marks, *self._plain(eco, call)]
        self._db.executemany(
            "DELETE FROM marks WHERE dim=? AND value=? AND created=? AND analysis=?",
            [(dim, value, created, number) for dim, value in every],
        )
        for dim, value in every:
            self._counts[dim, created // DAY, eco, value, call] -= 1

    def _plain(self, eco: int, call: int) -> Marks:
        said = CALLS[call]
        return [
            (int(Dim.ECOSYSTEM), eco),
            (int(Dim.VERDICT), self._word(said)),
            (int(Dim.BOTH), self._word(f"{eco} {said}")),
        ]

    def _count_report(self, at: int, eco: int, state: str, sources: Sequence[int], by: int) -> None:
        values = [(Dim.REPORT, self._word(state)), *((Dim.SOURCE, source) for source in sources)]
        for dim, value in values:
            self._counts[int(dim), at // DAY, eco, value, 0] += by
            self._last[int(dim), value, eco, 0] = at

    def _time(self, day: int) -> None:
        sql = (
            "SELECT ecosystem, seconds FROM analyses WHERE created >= ? AND created < ?"
            " AND seconds IS NOT NULL ORDER BY seconds"
        )
        found: dict[int, list[float]] = {}
        for eco, waited in self._db.execute(sql, (day * DAY, (day + 1) * DAY)):
            found.setdefault(eco, []).append(waited)
            found.setdefault(0, []).append(waited)
        self._db.execute("DELETE FROM times WHERE day = ?", (day,))
        rows = [
            (day, eco, len(held), _quantile(sorted(held), 0.5), _quantile(sorted(held), 0.95))
            for eco, held in found.items()
        ]
        self._db.executemany("INSERT INTO times VALUES (?,?,?,?,?)", rows)

    def _word(self, text: str) -> int:
        found = self._words.get(text)
        if found is None:
            row = self._db.execute("SELECT id FROM words WHERE text = ?", (text,)).fetchone()
            made = row or (self._db.execute("INSERT INTO words (text) VALUES (?)", (text,)).lastrowid or 0,)
            found = self._words[text] = int(made[0])
        return found

    def _package(self, eco: str, name: str) -> int:
        found = self._packages.get((eco, name))
        if found is None:
            word = self._word(eco)
            sql = "SELECT id FROM packages WHERE ecosystem = ? AND name = ?"
            row = self._db.execute(sql, (word, name)).fetchone()
            if row is None:
                short = folded(name)
                made = self._db.execute(
                    "INSERT INTO packages (ecosystem, name, folded) VALUES (?,?,?)", (word, name, short)
                )
                row = (made.lastrowid,)
                self._db.execute("INSERT INTO names (rowid, name) VALUES (?,?)", (row[0], short))
            found = self._packages[eco, name] = int(row[0])
        return found

    def _host(self, host: str) -> int:
        found = self._hosts.get(host)
        if found is None:
            row = self._db.execute("SELECT id FROM hosts WHERE host = ?", (host,)).fetchone()
            if row is None:
                sql = "INSERT INTO hosts (host, backwards, runs) VALUES (?,?,0)"
                row = (self._db.execute(sql, (host, backwards(host))).lastrowid,)
            found = self._hosts[host] = int(row[0])
        return found


def hashed(digest: str) -> bytes:
    """The bytes of a hash; empty where it is none."""
    try:
        return bytes.fromhex(digest)
    except ValueError:
        return b""


def _listed(text: str) -> list[tuple[int, int]]:
    return msgspec.json.decode(text, type=list[tuple[int, int]])


def _quantile(ordered: list[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (ordered[high] - ordered[low]) * (at - low), 1)


def key(osv: str, name: str) -> str:
    """What a report is known by here."""
    return f"{osv}\n{escape(name)}"


_DAYS = (
    "INSERT INTO days (dim, day, ecosystem, value, call, n) VALUES (?,?,?,?,?,?)"
    " ON CONFLICT DO UPDATE SET n = n + excluded.n"
)
_TOTALS = (
    "INSERT INTO totals (dim, value, ecosystem, call, n, last) VALUES (?,?,?,?,?,?)"
    " ON CONFLICT DO UPDATE SET n = n + excluded.n, last = max(last, excluded.last)"
)
_NEWER = (
    "UPDATE packages SET runs = runs + 1,"
    " (latest, call) = (SELECT CASE WHEN :at >= held THEN :id ELSE latest END,"
    " CASE WHEN :at >= held THEN 0 ELSE call END"
    " FROM (SELECT coalesce((SELECT created FROM analyses WHERE id = latest), 0) AS held))"
    " WHERE id = :package"
)
_TICK = (
    "INSERT INTO state VALUES ('tick', '1')"
    " ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)"
)
_LATEST = (
    "UPDATE packages SET runs = runs - 1, (latest, call) = ("
    " SELECT coalesce(max(id), 0), coalesce(max(call), 0) FROM (SELECT id, call FROM analyses"
    " WHERE package = packages.id ORDER BY created DESC, id DESC LIMIT 1)) WHERE id = ?"
)
