"""What came of reading the same artifacts with several tools: sums, a table, and a page with two plots."""

import math
import statistics
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Protocol

from evals.corpus_table import percentile, rate, wilson
from rich.console import Console
from rich.table import Table

Row = dict[str, Any]

_CAVEATS = """
Simulants and clean twins are biopsy's own: they follow published techniques, but who wrote them knows what
biopsy looks for. Those held out were written apart and are counted apart. They are no malware.

biopsy only reads here, although half of its detection is running: a payload that only a run shows counts as
missed. GuardDog and hexora never run anything.

Each is counted at its own line: biopsy at suspicious, GuardDog at a score of 5, hexora at a rule of high
confidence, or at 0.5 of its model. hexora reads Python alone; nothing of npm is held against it.

GuardDog is given local archives, so its metadata rules have nothing to work with; nor have biopsy's. Its
lists of popular names are called new, so that it does not try to download them at every start.

hexora is given the unpacked tree, so that its times lack unpacking; the others unpack for themselves.

Seconds are wall time with start-up, the least of the rounds, tools taking turns on one machine that may do
other work; processor seconds are fairer. biopsy also writes its dossier.

Benign releases were looked at while biopsy's rules were written; GuardDog's and hexora's authors had others.
hexora's model may have seen some of these in training.
"""
CAVEATS = tuple(" ".join(one.split()) for one in _CAVEATS.strip().split("\n\n"))

_KINDS = {
    "simulant": "simulants detected",
    "held-out": "held-out simulants detected",
    "twin": "clean twins accused",
    "control": "controls accused",
    "benign": "real releases accused",
}
_BAD = ("simulant", "held-out")
_COLOURS = {"biopsy": "#0b7285", "guarddog": "#c2255c", "hexora rules": "#e8590c", "hexora model": "#f59f00"}


class Named(Protocol):
    """A tool, as far as it is shown."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def version(self) -> str:
        """Which of it was measured."""


def sums(rows: Sequence[Row]) -> dict[str, Any]:
    """Add up for every tool: hits of each kind and ecosystem, and what reading took."""
    made: dict[str, Any] = {}
    for name in _tools(rows):
        mine = [row for row in rows if name in row]
        counts: dict[str, Any] = {}
        for kind in _KINDS:
            for ecosystem in ("", "pypi", "npm"):
                some = [r[name] for r in mine if r["kind"] == kind and ecosystem in ("", r["ecosystem"])]
                hits = sum(bool(one.get("detected")) for one in some)
                errors = sum("error" in one for one in some)
                low, high = wilson(hits, len(some))
                counts[f"{kind} {ecosystem}".strip()] = {
                    "hits": hits,
                    "of": len(some),
                    "errors": errors,
                    "wilson": [round(low, 4), round(high, 4)],
                }
        made[name] = {"counts": counts, "cost": _cost([r[name] for r in mine if r["kind"] == "benign"])}
    return made


def _cost(seen: Sequence[Row]) -> dict[str, Any]:
    read = [one for one in seen if "error" not in one]
    seconds, cpu = [one["seconds"] for one in read], [one["cpu"] for one in read]
    return {
        "p50": round(statistics.median(seconds), 2) if seconds else None,
        "p95": percentile(seconds, 0.95),
        "max": max(seconds, default=None),
        "cpu_p50": round(statistics.median(cpu), 2) if cpu else None,
        "cpu_total": round(sum(cpu), 1),
        "peak_mb_p50": statistics.median(one["peak_mb"] for one in read) if read else None,
        "peak_mb_max": max((one["peak_mb"] for one in read), default=None),
    }


def show(console: Console, rows: Sequence[Row]) -> None:
    """Print the table and what to hold against it."""
    total = sums(rows)
    table = Table("", *total, box=None, header_style="bold")
    for kind, title in _KINDS.items():
        for ecosystem in ("", "pypi", "npm"):
            cells = [_share(one["counts"][f"{kind} {ecosystem}".strip()]) for one in total.values()]
            if any(cells):
                table.add_row(title if not ecosystem else f"   {ecosystem}", *cells)
    for key, title in _COSTS.items():
        table.add_row(title, *(_number(one["cost"][key]) for one in total.values()))
    console.print(table)
    accused = Table("accused, though harmless", *total, box=None, header_style="bold")
    for row in rows:
        if row["kind"] not in _BAD and any(row.get(name, {}).get("detected") for name in total):
            accused.add_row(row["key"], *(_said(row.get(name)) for name in total))
    console.print(accused)
    for caveat in CAVEATS:
        console.print(f"[dim]· {caveat}[/]")


_COSTS = {
    "p50": "seconds, median (real releases)",
    "p95": "seconds, p95",
    "max": "seconds, longest",
    "cpu_p50": "processor seconds, median",
    "cpu_total": "processor seconds, all",
    "peak_mb_p50": "MB, median of peaks",
    "peak_mb_max": "MB, highest peak",
}


def _share(count: Row) -> str:
    if not count["of"]:
        return ""
    errors = f" ({count['errors']} errors)" if count["errors"] else ""
    return f"{count['hits']} of {count['of']}, {100 * count['hits'] / count['of']:.0f} %{errors}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 20 else f"{value:.0f}"


def _said(seen: Row | None) -> str:
    if seen is None:
        return ""
    return "error" if "error" in seen else f"{seen['said']}" if seen["detected"] else "-"


def _tools(rows: Sequence[Row]) -> list[str]:
    return [name for name in _COLOURS if any(name in row for row in rows)]


def html(rows: Sequence[Row], tools: Sequence[Named]) -> str:
    """Make a page that stands alone."""
    total = sums(rows)
    names = ", ".join(f"{tool.name} {tool.version}" for tool in tools)
    head = "".join(f"<th>{escape(name)}</th>" for name in total)
    body = []
    for kind, title in _KINDS.items():
        counts = [one["counts"][kind] for one in total.values()]
        if any(count["of"] for count in counts):
            cells = "".join(
                f"<td>{rate(count['hits'], count['of']) if count['of'] else ''}</td>" for count in counts
            )
            body.append(f"<tr><th>{title}</th>{cells}</tr>")
    for key, title in _COSTS.items():
        cells = "".join(f"<td>{_number(one['cost'][key])}</td>" for one in total.values())
        body.append(f"<tr><th>{title}</th>{cells}</tr>")
    caveats = "".join(f"<li>{escape(one)}</li>" for one in CAVEATS)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>biopsy beside its peers</title>'
        f"<style>{_STYLE}</style><h1>biopsy beside its peers</h1>"
        f"<p>{escape(names)}; {len(rows)} artifacts.</p>"
        f"<table><tr><th></th>{head}</tr>{''.join(body)}</table>"
        f"<h2>Detected, against falsely accused</h2>{_rates(total)}"
        f"<h2>Seconds an artifact</h2><p>Each curve: the share of real releases read within that time.</p>"
        f"{_curves(rows)}<h2>What to hold against this</h2><ul>{caveats}</ul></html>\n"
    )


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse}"
    "td,th{padding:.3rem .8rem;border-bottom:1px solid #d7dce2;text-align:left}"
    "svg{max-width:100%}text{font:13px system-ui,sans-serif}"
)
_WIDE, _HIGH, _EDGE = 640, 300, 50


def _frame(inside: str, across: str, up: str) -> str:
    right, low = _EDGE + _WIDE, 20 + _HIGH
    label = escape(f"{up} by {across}")
    return (
        f'<svg viewBox="0 0 {right + 130} {low + 50}" role="img" aria-label="{label}">'
        f'<path d="M{_EDGE},20V{low}H{right}" fill="none" stroke="#868e96"/>{inside}'
        f'<text x="{right}" y="{low + 38}" text-anchor="end">{escape(across)}</text>'
        f'<text x="{_EDGE - 40}" y="12">{escape(up)}</text></svg>'
    )


def _rates(total: dict[str, Any]) -> str:
    """A dot for each tool: falsely accused across, detected upwards; up and to the left is better."""
    dots = []
    for name, one in total.items():
        bad = [one["counts"][kind] for kind in _BAD]
        good = [one["counts"][kind] for kind in _KINDS if kind not in _BAD]
        across, up = _ratio(good), _ratio(bad)
        x, y = _EDGE + across * _WIDE, 20 + (1 - up) * _HIGH
        dots.append(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="7" fill="{_COLOURS[name]}"/>'
            f'<text x="{x + 12:.0f}" y="{y + 4:.0f}">{name}: {100 * up:.0f} %, {100 * across:.1f} %</text>'
        )
    return _frame("".join(dots), "harmless artifacts accused, 0 to 100 %", "detected, 0 to 100 %")


def _ratio(counts: Sequence[Row]) -> float:
    return sum(count["hits"] for count in counts) / (sum(count["of"] for count in counts) or 1)


def _curves(rows: Sequence[Row]) -> str:
    """The distribution of seconds, on a logarithmic scale from 0.1 to 100."""
    lines = list(_ticks())
    for number, name in enumerate(_tools(rows)):
        seen = [row[name] for row in rows if row["kind"] == "benign" and name in row]
        seconds = sorted(one["seconds"] for one in seen if "error" not in one)
        points = [
            f"{_across(value):.1f},{20 + (1 - (place + 1) / len(seconds)) * _HIGH:.1f}"
            for place, value in enumerate(seconds)
        ]
        colour = _COLOURS[name]
        lines.append(
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        lines.append(f'<text x="{_EDGE + _WIDE + 8}" y="{40 + 18 * number}" fill="{colour}">{name}</text>')
    return _frame("".join(lines), "seconds", "share of releases")


def _ticks() -> Iterator[str]:
    for value in (0.1, 1, 10, 100):
        yield f'<text x="{_across(value):.0f}" y="{38 + _HIGH}" text-anchor="middle">{value:g}</text>'


def _across(seconds: float) -> float:
    return _EDGE + _WIDE * (math.log10(min(max(seconds, 0.1), 100)) + 1) / 3
