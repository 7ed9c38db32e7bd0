"""Finding reports by what they name: the hash of a file, a domain, an address, a URL.

The marks are a table that is derived of the reports (`derived`).
"""

import ipaddress
import sqlite3
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import msgspec

from biopsy.reports.content import MAX_VALUE, indicators, refang
from biopsy.reports.record import Report
from biopsy.reports.verdict import digests

MAX_MARKS = 10_000  # of one report
OUT = frozenset({"published", "withdrawn"})
"""The states of reports that everybody may see."""

TABLES = (
    "DROP TABLE IF EXISTS marks",
    """CREATE TABLE marks (
      value TEXT NOT NULL, kind TEXT NOT NULL, package INTEGER NOT NULL REFERENCES packages,
      PRIMARY KEY (value, package, kind)
    ) WITHOUT ROWID""",
    "CREATE INDEX marks_package ON marks (package)",
)
_HINTS = (b'"iocs"', b'"indicators"', b'"malware"', b'"hashes"')


def put(db: sqlite3.Connection, changed: str, rows: Iterable[tuple[int, bytes]]) -> None:
    """Write the marks of reports; `changed` are the packages, as JSON, whose old ones go."""
    db.execute("DELETE FROM marks WHERE package IN (SELECT value FROM json_each(?))", (changed,))
    made = ((value, kind, package) for package, document in rows for kind, value in of(document))
    db.executemany("INSERT OR IGNORE INTO marks VALUES (?,?,?)", made)


def of(document: bytes) -> list[tuple[str, str]]:
    """The marks of a report: (kind, value) each, once."""
    if not any(hint in document for hint in _HINTS):
        return []
    report: Report = msgspec.json.decode(document)
    return list(dict.fromkeys(_of(report)))[:MAX_MARKS]


def _of(report: Report) -> Iterator[tuple[str, str]]:
    for one in indicators([("", report)]):
        yield one.type, mark(one.value)
        if one.type == "url" and (host := _host(one.value)):
            yield "host", host
    for digest in sorted(digests(report)):
        yield "digest", digest


def _host(url: str) -> str:
    try:
        return mark(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def mark(value: str) -> str:
    """The form under which a value is found: as it was before it was made harmless; hashes as hexadecimal."""
    plain = refang(value)[:MAX_VALUE]
    kind, dash, rest = plain.partition("-")
    if dash and kind in {"sha1", "sha256", "sha384", "sha512", "md5"}:
        try:
            return b64decode(rest, validate=True).hex()
        except (NotBase64, ValueError):
            return plain
    plain = plain.split(":", 1)[1] if plain.startswith(("sha1:", "sha256:", "sha512:", "md5:")) else plain
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        return plain if "/" in plain else plain.lower().removesuffix(".")
