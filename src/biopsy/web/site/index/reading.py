"""The index as pages ask it: every answer in milliseconds, from any thread; nothing where there is none."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from biopsy.model.behaviour import escape
from biopsy.warehouse.outline import Outline
from biopsy.web.site.index import queries
from biopsy.web.site.index.answers import (
    Counts,
    Fired,
    Freshness,
    Host,
    Named,
    Reported,
    ReportedPage,
    Seen,
    SeenPage,
    Total,
)
from biopsy.web.site.index.charting import Charting
from biopsy.web.site.index.file import Reading
from biopsy.web.site.index.words import (
    CALLS,
    DAY,
    DIMS,
    UNJUDGED,
    Dim,
    backwards,
    day_number,
    folded,
    moment,
    spelled,
    verdicts,
)
from biopsy.web.site.index.words import ecosystem as spelling
from biopsy.web.site.index.writing import hashed

MOST = 500
"""Rows of one page."""

MAX_WORD = 300
"""Characters of what is searched."""

_SHARED = (
    "filename", "artifact", "size", "static_only", "complete", "duration_s", "behaviours", "kinds", "hosts",
    "unfinished",
)  # fmt: skip
_LISTS = {
    "categories": Dim.CATEGORY,
    "classes": Dim.CLASS,
    "techniques": Dim.TECHNIQUE,
    "triggers": Dim.TRIGGER,
    "rules": Dim.RULE,
}
_OUTLINE = msgspec.json.Decoder(Outline)
_NOTHING = Outline("", "", "", "", "", "", "", 0, "", 0.0, static_only=False, complete=True, behaviours=0)
_MARKS = msgspec.json.Decoder(list[tuple[int, int]])


class Index(Charting):
    """The read model below one home. Reads whatever is committed at that moment."""

    def __init__(self, home: Path) -> None:
        """Use the index of `home`; it need not exist yet, and may be made anew meanwhile."""
        self.reading = Reading(home)
        self._words: dict[int, str] = {}
        self._inode = 0
        self._counted: tuple[tuple[int, ...], Counts] | None = None

    @property
    def state(self) -> tuple[int, ...]:
        """Changes whenever anything in the index does: what was rendered under the same state still holds."""
        db = self.reading.db()
        if db is None:
            return (0,)
        row = db.execute("SELECT value FROM state WHERE key = 'tick'").fetchone()
        return (self.reading.inode(), int(row[0]) if row else 0)

    def fresh(self) -> Freshness:
        """How far it is."""
        held = dict(self._ask("SELECT key, value FROM state"))
        if not held:
            return Freshness(made=False)
        return Freshness(
            made=True,
            at=held.get("at", ""),
            behind=int(held.get("behind", 0)),
            change=int(held.get("change", 0)),
        )

    def counts(self) -> Counts:
        """How much there is."""
        state = self.state
        if self._counted is None or self._counted[0] != state:
            self._counted = (state, self._count())
        return self._counted[1]

    def _count(self) -> Counts:
        calls: Counter[str] = Counter()
        ecosystems: Counter[str] = Counter()
        for one in self.totals("verdict"):
            calls[one.call or UNJUDGED] += one.n
            ecosystems[one.ecosystem] += one.n
        reports: Counter[str] = Counter()
        for one in self.totals("report"):
            reports[one.value] += one.n
        ((packages,),) = self._ask("SELECT count(*) FROM packages WHERE runs > 0") or ((0,),)
        return Counts(
            sum(calls.values()),
            packages,
            reports["published"],
            reports["withdrawn"],
            dict(calls),
            dict(ecosystems),
        )

    def fired(self) -> tuple[Fired, ...]:
        """How often each rule matched, ever, and when last."""
        rows = self._ask(queries.FIRED, {"dim": int(Dim.RULE)})
        return tuple(
            Fired(self._text(v), n, accused, benign, moment(at)) for v, n, accused, benign, at in rows if n
        )

    def totals(self, dim: str, value: str = "") -> tuple[Total, ...]:
        """How often everything of a dimension was seen, ever."""
        where, given = ("", ()) if not value else (" AND value = ?", (self._number(value),))
        sql = f"SELECT value, ecosystem, call, n, last FROM totals WHERE dim = ?{where}"  # noqa: S608
        rows = self._ask(sql, (int(DIMS[dim]), *given))
        return tuple(
            Total(self._text(v), self._text(e), CALLS[call], n, moment(last))
            for v, e, call, n, last in rows
            if n
        )

    # lists

    def analyses(
        self, *, ecosystem: str = "", name: str = "", version: str = "", call: str = "", since: str = "",
        until: str = "", category: str = "", technique: str = "", trigger: str = "", rule: str = "",
        class_: str = "", host: str = "", sha256: str = "", cursor: str = "", limit: int = 50,
    ) -> SeenPage:  # fmt: skip
        """Analyses to which all of that applies, the newest first; `since` and `until` are days, with them.

        Raises ValueError for a day or a cursor that is none.
        """
        said = verdicts(call)
        asked = queries.Asked(
            ecosystem=self._number(spelling(ecosystem)) if ecosystem else 0,
            package=self._package(ecosystem, name) if name else 0,
            version=escape(version),
            calls=said,
            since=day_number(since) * DAY if since else 0,
            until=(day_number(until) + 1) * DAY if until else 0,
            marks=tuple(
                (int(dim), self._number(value))
                for dim, value in (
                    (Dim.CATEGORY, category), (Dim.TECHNIQUE, technique), (Dim.TRIGGER, trigger),
                    (Dim.RULE, rule), (Dim.CLASS, class_),
                ) if value
            ),
            host=self._host(host) if host else 0,
            digest=hashed(sha256),
            before=_cursor(cursor),
            limit=min(limit, MOST) + 1,
        )  # fmt: skip
        unknown = (
            ecosystem and not asked.ecosystem,
            name and not asked.package,
            call and not said,
            host and not asked.host,
            sha256 and not asked.digest,
            any(not value for _, value in asked.marks),
        )
        if any(unknown):
            return SeenPage(())
        if asked.ecosystem and len(said) == 1 and not asked.marks:
            both = self._number(f"{asked.ecosystem} {CALLS[said[0]]}")
            asked = msgspec.structs.replace(asked, marks=((int(Dim.BOTH), both),))
        elif len(said) == 1 and not asked.marks:
            verdict = self._number(CALLS[said[0]])
            asked = msgspec.structs.replace(asked, marks=((int(Dim.VERDICT), verdict),))
        elif asked.ecosystem and not asked.marks:
            asked = msgspec.structs.replace(asked, marks=((int(Dim.ECOSYSTEM), asked.ecosystem),))
        rows = self._ask(*queries.analyses(asked))
        shown = rows[: asked.limit - 1]
        more = f"{shown[-1][0]}-{shown[-1][1]}" if len(rows) > len(shown) else ""
        return SeenPage(tuple(map(self._seen, shown)), more)

    def analysis(self, run_id: str) -> Seen | None:
        """One analysis."""
        rows = self._ask(f"{queries.SEEN} WHERE a.run_id = ?", (run_id,))
        return self._seen(rows[0]) if rows else None

    def versions(self, word: str, name: str, limit: int = MOST) -> tuple[Seen, ...]:
        """The newest analysis of each artifact of each version of a package, the newest first."""
        held: dict[tuple[str, str], Seen] = {}
        for one in self.analyses(ecosystem=word, name=name, limit=limit).rows:
            held.setdefault((one.version, one.sha256), one)
        return tuple(held.values())

    def newest(self, call: str = "", limit: int = 20) -> tuple[Seen, ...]:
        """The newest analyses, or those with a verdict."""
        return self.analyses(call=call, limit=limit).rows

    def reports(
        self, *, ecosystem: str = "", since: str = "", until: str = "", source: str = "", state: str = "",
        cursor: str = "", limit: int = 50,
    ) -> ReportedPage:  # fmt: skip
        """Reports to which all of that applies, those published last first; `since` and `until` are days.

        Raises ValueError for a day or a cursor that is none.
        """
        given: dict[str, Any] = {
            "ecosystem": self._number(spelling(ecosystem)) if ecosystem else 0,
            "source": self._number(source) if source else 0,
            "state": state, "since": _day(since), "until": f"{_day(until)}~" if until else "",
            "limit": min(limit, MOST) + 1, "at": cursor.rpartition("_")[0],
            "number": int(cursor.rpartition("_")[2] or 0),
        }  # fmt: skip
        if (ecosystem and not given["ecosystem"]) or (source and not given["source"]):
            return ReportedPage(())
        rows = self._ask(queries.reports(given), given)
        shown = rows[: given["limit"] - 1]
        more = f"{shown[-1][5]}_{shown[-1][0]}" if len(rows) > len(shown) else ""
        return ReportedPage(tuple(self._reported(row) for row in shown), more)

    def reports_on(self, word: str, name: str) -> tuple[Reported, ...]:
        """The reports on a package that are out; more than one where OSV's ecosystem has parts."""
        package = self._package(word, name)
        return tuple(map(self._reported, self._ask(f"{queries.REPORTED} WHERE r.package = ?", (package,))))

    def report(self, own: str) -> Reported | None:
        """The report of an id."""
        rows = self._ask(f"{queries.REPORTED} WHERE r.id = ? LIMIT 1", (own,))
        return self._reported(rows[0]) if rows else None

    # search

    def package(self, word: str, name: str) -> Named | None:
        """A package, in whichever spelling."""
        rows = self._ask(f"{queries.NAMED} WHERE p.id = ?", (self._package(word, name),))
        return self._named(rows[0]) if rows else None

    def find_names(self, text: str, ecosystem: str = "", limit: int = 20) -> tuple[Named, ...]:
        """Packages with a name, those that begin with it, and those that have it somewhere; in that order."""
        short = folded(escape(text[:MAX_WORD]).strip())
        if not short:
            return ()
        eco = self._number(spelling(ecosystem)) if ecosystem else 0
        given: dict[str, Any] = {
            "text": short,
            "end": f"{short}\U0010ffff",
            "eco": eco,
            "limit": min(limit, MOST),
        }
        rows = list(self._ask(queries.EXACT, given))
        known = {row[0] for row in rows}
        for sql in (queries.PREFIX, queries.INSIDE if len(short) >= 3 else ""):
            if sql and len(rows) < limit:
                given["match"] = '"' + short.replace('"', '""') + '"'
                more = self._ask(sql, given)
                rows += [row for row in more if row[0] not in known]
                known = {row[0] for row in rows}
        return tuple(self._named(row) for row in rows[:limit])

    def find_hosts(self, text: str, limit: int = 50) -> tuple[Host, ...]:
        """The host of a name or address, and those below it, the most contacted first."""
        word = text[:MAX_WORD].strip().strip("[].").lower()
        if not word or any(c.isspace() for c in word):
            return ()
        turned = backwards(escape(word))
        given = {"host": escape(word), "from": turned, "to": f"{turned}\U0010ffff", "limit": min(limit, MOST)}
        return tuple(Host(host, runs) for host, runs in self._ask(queries.HOSTS, given))

    def find_hash(self, text: str, limit: int = 50) -> SeenPage:
        """Analyses of the artifact with a hash, and of packages that wrote a file with it."""
        return self.analyses(sha256=text.strip().lower(), limit=limit)

    def whole_hash(self, beginning: str) -> str:
        """The first hash that begins so (in hex); empty where none does."""
        short = hashed(beginning[: len(beginning) // 2 * 2].lower())
        rows = self._ask("SELECT hash FROM hashes WHERE hash >= ? ORDER BY hash LIMIT 1", (short,))
        found = bytes(rows[0][0]).hex() if rows and short else ""
        return found if found.startswith(beginning.lower()) else ""

    # within

    def _ask(self, sql: str, given: Any = ()) -> list[tuple[Any, ...]]:
        db = self.reading.db()
        if db is None:
            return []
        return db.execute(sql, given).fetchall()

    def _number(self, text: str) -> int:
        rows = self._ask("SELECT id FROM words WHERE text = ?", (escape(text),))
        return int(rows[0][0]) if rows else 0

    def _text(self, number: int) -> str:
        """A word by its number; what was read once stays, as long as the file does."""
        db = self.reading.db()
        if (inode := self.reading.inode()) != self._inode:
            self._words, self._inode = {}, inode
        found = self._words.get(number)
        if found is None and db is not None:
            row = db.execute("SELECT text FROM words WHERE id = ?", (number,)).fetchone()
            found = str(row[0]) if row else ""
            if row:
                self._words[number] = found
        return found or ""

    def _package(self, word: str, name: str) -> int:
        eco = self._number(spelling(word))
        sql = "SELECT id FROM packages WHERE ecosystem = ? AND name = ?"
        rows = self._ask(sql, (eco, spelled(word, escape(name))))
        return int(rows[0][0]) if rows else 0

    def _host(self, text: str) -> int:
        rows = self._ask("SELECT id FROM hosts WHERE host = ?", (escape(text.lower()),))
        return int(rows[0][0]) if rows else 0

    def _seen(self, row: Sequence[Any]) -> Seen:
        (created, _, run_id, eco, name, version, sha256, text, call, judged, reason, held, seconds) = row
        named: dict[int, list[str]] = {}
        with suppress(msgspec.DecodeError):
            for dim, value in _MARKS.decode(held):
                named.setdefault(dim, []).append(self._text(value))
        one = _OUTLINE.decode(text) if text else _NOTHING
        return Seen(
            run_id,
            self._text(eco),
            name,
            version,
            moment(created),
            sha256,
            CALLS[call],
            reason,
            judged,
            **{field: getattr(one, field) for field in _SHARED},
            **{field: tuple(named.get(int(dim), ())) for field, dim in _LISTS.items()},  # type: ignore[arg-type]
            seconds=seconds,
        )

    def _reported(self, row: Sequence[Any]) -> Reported:
        _, own, eco, osv, name, published, modified, withdrawn, state, summary, sources = row
        return Reported(
            own,
            self._text(eco),
            osv,
            name,
            state,
            published,
            modified,
            withdrawn,
            summary,
            tuple(sources.split()),
        )

    def _named(self, row: Sequence[Any]) -> Named:
        _, eco, name, runs, version, created, call, report, state = row
        return Named(
            self._text(eco), name, runs, version or "", moment(created or 0), CALLS[call], report, state
        )


def _cursor(text: str) -> tuple[int, int]:
    if not text:
        return (0, 0)
    created, _, number = text.partition("-")
    return (int(created), int(number))


def _day(text: str) -> str:
    if text:
        day_number(text)
    return text


__all__ = ["UNJUDGED", "Index"]
