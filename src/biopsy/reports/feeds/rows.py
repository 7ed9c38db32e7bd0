"""Indicators as a table: CSV (RFC 4180) that no spreadsheet takes for formulas.

A cell that begins with what a spreadsheet runs (`=`, `+`, `-`, `@`, tab, carriage return, and their
full-width forms; OWASP, "CSV Injection"), or with an apostrophe, has an apostrophe put before it: take one
away, and the value is whole. Every cell is quoted, and control characters that no text has are left out.
"""

import csv
import io
import re
from collections.abc import Iterable

from biopsy.reports.feeds.observed import Observed

COLUMNS = (
    "type", "value", "public", "report", "ecosystem", "package", "sources",
    "sha256", "sha1", "md5", "paths", "note", "published", "modified",
)  # fmt: skip

_RUN = re.compile(r"\s*[=+\-@\t\r\n'＝＋－＠]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def table(found: Iterable[Observed]) -> bytes:
    """A row for each indicator and each report that names it; reports that were withdrawn name none."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in found:
        digests = [one.digests.get(name, "") for name in ("sha256", "sha1", "md5")]
        for by in one.reports:
            said = by.about
            if not said.withdrawn:
                about = (said.id, said.package.ecosystem or "Git", said.package.name, " ".join(by.sources))
                rest = (" | ".join(by.paths), by.note, said.published, said.modified)
                writer.writerow(map(safe, (one.type, one.value, one.public, *about, *digests, *rest)))
    return text.getvalue().encode("utf-8", "backslashreplace")


def safe(cell: str) -> str:
    """A cell that is shown, and not run."""
    plain = _CONTROL.sub("", cell)
    return f"'{plain}" if _RUN.match(plain) else plain


def whole(cell: str) -> str:
    """What `safe` was given, but for control characters."""
    return cell.removeprefix("'")
