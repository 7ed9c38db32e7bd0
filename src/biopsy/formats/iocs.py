"""For those who defend: the indicators of an analysis as a table (CSV, RFC 4180), one a line.

Values are whole and not defanged, for a machine is to read them; the verdict stands in every line, since the
indicators of a benign release are mere contacts. A cell that a spreadsheet would take for a formula begins
with an apostrophe; control characters of a package are escaped before they come here.
"""

import csv
from io import StringIO

from biopsy.formats.wire.scalar import purl, text
from biopsy.model.dossier import Analysis

ENDING = ".csv"

COLUMNS = ("type", "value", "shared", "reserved", "verdict", "purl", "where")

_FORMULA = ("=", "+", "-", "@")


def render(first: Analysis, *more: Analysis) -> str:
    """A heading and a line for each indicator of each analysis."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for analysis in (first, *more):
        call, name = analysis.verdict.call.value, purl(analysis.dossier.release)
        for ioc in analysis.iocs:
            where = "; ".join(ioc.where) + (f"; {ioc.more} more" if ioc.more else "")
            reserved = "reserved" if ioc.reserved else ""
            cells = (ioc.type.value, ioc.value, ioc.shared, reserved, call, name, where)
            writer.writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(raw: str) -> str:
    return text(f"'{raw}" if raw.startswith(_FORMULA) else raw)
