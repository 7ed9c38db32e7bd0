"""The questions of the index in SQL: each walks one B-tree in the order in which it answers."""
# ruff: noqa: S608 - names of our columns are put into the SQL; values never are

from typing import Any

from msgspec import Struct

SEEN = (
    "SELECT a.created, a.id, a.run_id, a.ecosystem, p.name, a.version, a.sha256, a.outline, a.call, a.judged,"
    " a.reason, a.marks, a.seconds FROM analyses a JOIN packages p ON p.id = a.package"
)
REPORTED = (
    "SELECT r.number, r.id, r.ecosystem, r.osv, p.name, r.published, r.modified, r.withdrawn, r.state,"
    " r.summary, r.sources FROM reports r JOIN packages p ON p.id = r.package"
)
NAMED = (
    "SELECT p.id, p.ecosystem, p.name, p.runs, a.version, a.created, p.call, p.report, p.state"
    " FROM packages p LEFT JOIN analyses a ON a.id = p.latest"
)
EXACT = f"{NAMED} WHERE p.folded = :text AND (:eco = 0 OR p.ecosystem = :eco) LIMIT :limit"
PREFIX = (
    f"{NAMED} WHERE p.folded > :text AND p.folded < :end AND (:eco = 0 OR p.ecosystem = :eco)"
    " ORDER BY p.folded LIMIT :limit"
)
INSIDE = (
    f"{NAMED} WHERE p.id IN (SELECT rowid FROM names WHERE names MATCH :match LIMIT 2000)"
    " AND (:eco = 0 OR p.ecosystem = :eco) ORDER BY p.runs DESC LIMIT :limit"
)
HOSTS = (
    "SELECT host, runs FROM hosts WHERE runs > 0 AND (host = :host OR backwards > :from AND backwards < :to)"
    " ORDER BY host = :host DESC, runs DESC LIMIT :limit"
)


FIRED = (
    "SELECT value, sum(n), sum(CASE WHEN call IN (1, 2) THEN n ELSE 0 END),"
    " sum(CASE WHEN call = 3 THEN n ELSE 0 END), max(last) FROM totals WHERE dim = :dim GROUP BY value"
)


class Asked(Struct, frozen=True):
    """Which analyses are wanted, in numbers; 0 or nothing is no wish. `calls`: one of these verdicts."""

    ecosystem: int
    package: int
    version: str
    calls: tuple[int, ...]
    since: int
    until: int
    marks: tuple[tuple[int, int], ...]
    host: int
    digest: bytes
    before: tuple[int, int]
    limit: int


def analyses(asked: Asked) -> tuple[str, dict[str, Any]]:
    """A question for analyses, the newest first, and its values."""
    given: dict[str, Any] = {
        "eco": asked.ecosystem, "package": asked.package, "version": asked.version,
        "since": asked.since, "until": asked.until, "host": asked.host, "digest": asked.digest,
        "at": asked.before[0], "number": asked.before[1], "limit": asked.limit,
    }  # fmt: skip
    source, number, where = "analyses w", "w.id", []
    if asked.package:
        where.append("w.package = :package")
    elif asked.digest:
        source, number = "hashes d CROSS JOIN analyses w ON w.id = d.analysis", "w.id"
        where.append("d.hash = :digest")
    elif asked.host:
        source, number = "contacts w", "w.analysis"
        where.append("w.host = :host")
    elif asked.marks:
        source, number = "marks w", "w.analysis"
        where.append("w.dim = :dim0 AND w.value = :value0")
    where += _wishes(asked, given, number, walked=source == "marks w")
    if asked.since:
        where.append("w.created >= :since")
    if asked.until:
        where.append("w.created < :until")
    if asked.before[0]:
        where.append(f"w.created <= :at AND (w.created < :at OR {number} < :number)")
    said = " AND ".join(where) or "1"
    order = f"ORDER BY w.created DESC, {number} DESC LIMIT :limit"
    sql = (
        f"WITH chosen AS MATERIALIZED (SELECT {number} AS id FROM {source} WHERE {said} {order})"
        f" {SEEN} WHERE a.id IN (SELECT id FROM chosen) ORDER BY a.created DESC, a.id DESC"
    )
    return sql, given


def _wishes(asked: Asked, given: dict[str, Any], number: str, *, walked: bool) -> list[str]:
    made = []
    direct = walked or number == "w.id"
    for at, (dim, value) in enumerate(asked.marks):
        given |= {f"dim{at}": dim, f"value{at}": value}
        if walked and at == 0:
            continue
        made.append(
            f"EXISTS (SELECT 1 FROM marks m WHERE m.dim = :dim{at} AND m.value = :value{at}"
            f" AND m.created = w.created AND m.analysis = {number})"
        )
    if asked.calls:
        one_of = f"call IN ({', '.join(map(str, asked.calls))})"
        made.append(f"w.{one_of}" if direct else _of(number, one_of))
    if asked.ecosystem and not asked.package:
        made.append("w.ecosystem = :eco" if direct else _of(number, "ecosystem = :eco"))
    if asked.version:
        made.append("w.version = :version" if number == "w.id" else _of(number, "version = :version"))
    if asked.package and asked.host:
        made.append(
            "EXISTS (SELECT 1 FROM contacts c WHERE c.host = :host AND c.created = w.created"
            f" AND c.analysis = {number})"
        )
    return made


def _of(number: str, wish: str) -> str:
    return f"EXISTS (SELECT 1 FROM analyses o WHERE o.id = {number} AND o.{wish})"


def reports(given: dict[str, Any]) -> str:
    """A question for reports, those published last first."""
    source, where = "reports r", []
    published, number = "r.published", "r.number"
    join = " JOIN packages p ON p.id = r.package"
    if given["source"]:
        source = "told t CROSS JOIN reports r ON r.number = t.report"
        published, number = "t.published", "t.report"
        where.append("t.source = :source")
    if given["ecosystem"]:
        where.append("r.ecosystem = :ecosystem")
    if given["state"]:
        where.append("r.state = :state")
    if given["since"]:
        where.append(f"{published} >= :since")
    if given["until"]:
        where.append(f"{published} < :until")
    if given["at"]:
        where.append(f"{published} <= :at AND ({published} < :at OR {number} < :number)")
    said = " AND ".join(where) or "1"
    columns = REPORTED.partition(" FROM ")[0]
    return f"{columns} FROM {source}{join} WHERE {said} ORDER BY {published} DESC, {number} DESC LIMIT :limit"
