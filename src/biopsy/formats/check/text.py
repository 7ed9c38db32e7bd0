"""For a terminal: a table of what is malicious or may be, file by file, and one line that sums it up.

Every word of a file is made visible (`views.visible`) before it is shown. Columns are as wide as they need.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from biopsy.formats.views.visible import visible
from biopsy.model.check import Checked, Checkup, Verdict

ENDING = ".txt"
ON_SCREEN = True

MAX_NAME = 60  # characters of a cell
MAX_REASON = 400
STYLES = {"malicious": "1;31", "possible": "33", "unchecked": "2", "unreported": "32"}
SHOWN = (Verdict.MALICIOUS, Verdict.POSSIBLE)


def render(checkups: Sequence[Checkup], *, colour: bool = False, every: bool = False, **_: Any) -> str:
    """The table, and the sum; `every` shows what nothing is known of, too."""
    paint = _painted if colour else _plain
    lines: list[str] = []
    for checkup in checkups:
        if part := list(_file(checkup, paint, every=every)):
            lines += [paint("1", visible(checkup.path)), *part, ""]
    return "\n".join([*lines, _sum(checkups, paint), ""])


def _painted(style: str, words: str) -> str:
    return f"\x1b[{style}m{words}\x1b[0m"


def _plain(_: str, words: str) -> str:
    return words


def _file(checkup: Checkup, paint: Any, *, every: bool) -> Iterator[str]:
    if checkup.error:
        yield f"  {paint('1;31', 'error')}  {visible(checkup.error, limit=MAX_REASON)}"
    order = list(Verdict)
    shown = [one for one in checkup.checked if every or one.verdict in SHOWN]
    shown.sort(key=lambda one: (order.index(one.verdict), one.entry.path, one.entry.line))
    rows = [_cells(one) for one in shown]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for one, row in zip(shown, rows, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        cells[0] = cells[0].strip().rjust(widths[0])
        cells[1] = paint(STYLES[one.verdict.value], cells[1])
        yield f"  {'  '.join(cells)}".rstrip()
        for words in _below(one):
            yield f"  {' ' * widths[0]}  {words}"
    unchecked = [one for one in checkup.checked if one.verdict is Verdict.UNCHECKED]
    if unchecked and not every and (shown or checkup.error):
        yield paint("2", f"  {len(unchecked):,} could not be looked up (--all names them)")


def _cells(one: Checked) -> list[str]:
    entry = one.entry
    version = entry.version or entry.wanted or "(any)"
    kind = f" ({entry.ecosystem})" if entry.ecosystem not in {"", "purl"} else ""
    return [
        str(entry.line or ""),
        one.verdict.value,
        visible(entry.name, limit=MAX_NAME) + kind,
        visible("" if entry.ecosystem == "purl" and not entry.version else version, limit=MAX_NAME),
        ", ".join(visible(report.id, limit=MAX_NAME) for report in one.reports[:3]),
    ]


def _below(one: Checked) -> Iterator[str]:
    if one.reason:
        yield visible(one.reason, limit=MAX_REASON)
    if one.entry.path:
        yield visible(f"in {one.entry.path}", limit=MAX_REASON)
    for report in one.reports[:1]:
        if report.link:
            yield visible(report.link, limit=MAX_REASON)


def _sum(checkups: Sequence[Checkup], paint: Any) -> str:
    counts = Counter(one.verdict for checkup in checkups for one in checkup.checked)
    total, errors = sum(counts.values()), sum(1 for checkup in checkups if checkup.error)
    places = f" in {len(checkups)} places" if len(checkups) > 1 else ""
    words = {
        Verdict.MALICIOUS: "malicious", Verdict.POSSIBLE: "possibly malicious",
        Verdict.UNCHECKED: "not looked up",
    }  # fmt: skip
    found = [paint(STYLES[v.value], f"{counts[v]:,} {says}") for v, says in words.items() if counts[v]]
    if errors:
        found.append(paint("1;31", f"{errors:,} could not be read"))
    return f"{total:,} package{'s' * (total != 1)} checked{places}: {', '.join(found) or 'none is reported'}"
