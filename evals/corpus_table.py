"""The results of the corpus as a table, with how sure a rate of so few can be."""

import math
import statistics
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

Row = dict[str, Any]

_COLOURS = {"malicious": "bold red", "suspicious": "yellow", "unknown": "magenta", "error": "bold magenta"}


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion, 95 % by default (E. B. Wilson, JASA 1927)."""
    if not total:
        return 0.0, 1.0
    share, square = hits / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total**2))
    return round(max(0.0, middle - half), 6), round(min(1.0, middle + half), 6)


def rate(hits: int, total: int) -> str:
    """`1 of 80 (1.2 %, 95 % interval 0.2-6.7 %)`."""
    low, high = wilson(hits, total)
    share = 100 * hits / total if total else 0
    return f"{hits} of {total} ({share:.1f} %, 95 % interval {100 * low:.1f}-{100 * high:.1f} %)"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def verdict(row: Row) -> str:
    """Return the worse of what reading and running came to; a static `unknown` alone accuses nobody."""
    worst = ("malicious", "suspicious", "error", "unknown", "benign")
    seen = [row[mode]["verdict"] for mode in ("static", "dynamic") if mode in row]
    if "dynamic" in row and row.get("static", {}).get("verdict") == "unknown":
        seen = [row["dynamic"]["verdict"]]
    return min(seen, key=worst.index)


def good(rows: Sequence[Row]) -> bool:
    """Whether nothing was convicted and nothing broke."""
    return all(verdict(row) not in ("malicious", "error") for row in rows)


def sums(rows: Sequence[Row]) -> dict[str, Any]:
    """Add up, for each mode."""
    made: dict[str, Any] = {}
    for mode in ("static", "dynamic"):
        seen = [row[mode] for row in rows if mode in row]
        calls = [one["verdict"] for one in seen]
        done = [one for one in seen if one["verdict"] != "error"]
        cpu = [one["cpu"] for one in done if "cpu" in one]
        seconds, peaks = [one["seconds"] for one in done], [one["peak_mb"] for one in done]
        made[mode] = {
            "packages": len(seen),
            **{call: calls.count(call) for call in ("malicious", "suspicious", "benign", "unknown", "error")},
            "suspicious_interval": wilson(calls.count("suspicious"), len(seen)),
            "malicious_interval": wilson(calls.count("malicious"), len(seen)),
            "seconds_p50": round(statistics.median(seconds), 2) if seconds else None,
            "seconds_p95": percentile(seconds, 0.95),
            "seconds_max": max(seconds, default=0),
            "cpu_p50": round(statistics.median(cpu), 2) if cpu else None,
            "cpu_p95": percentile(cpu, 0.95),
            "cpu_max": max(cpu, default=0),
            "peak_mb_p50": statistics.median(peaks) if peaks else None,
            "peak_mb_max": max(peaks, default=0),
        }
    return made


def show(console: Console, rows: Sequence[Row]) -> None:
    """Print what is not quiet, then the sums."""
    table = Table(
        "package", "artifact", "mode", "verdict", "s", "MB peak", "why", box=None, header_style="bold"
    )
    for row in rows:
        for mode in ("static", "dynamic"):
            one = row.get(mode)
            loud = ("malicious", "suspicious", "error") + (("unknown",) if mode == "dynamic" else ())
            if one and one["verdict"] in loud:
                call = f"[{_COLOURS[one['verdict']]}]{one['verdict']}[/]"
                numbers = (f"{one.get('seconds', 0):.1f}", str(one.get("peak_mb", "")))
                table.add_row(row["target"], row["artifact"], mode, call, *numbers, _why(one))
    if table.row_count:
        console.print(table)
    for mode, total in sums(rows).items():
        if count := total["packages"]:
            console.print(
                f"[bold]{mode}[/]: {rate(total['malicious'], count)} malicious; "
                f"{rate(total['suspicious'], count)} suspicious; "
                f"{total['unknown']} unknown, {total['error']} errors; seconds p50 {total['seconds_p50']}, "
                f"p95 {total['seconds_p95']}, max {total['seconds_max']} (processor {total['cpu_p50']}, "
                f"{total['cpu_p95']}, {total['cpu_max']}); peak {total['peak_mb_max']} MB"
            )


def _why(one: Row) -> str:
    found = [f for f in one.get("findings", ()) if f["rule"] in one.get("because", ())]
    lines = [f"{f['rule']}: {'; '.join(f['evidence'][:2])}" for f in found]
    return "\n".join(lines or [one["why"], *one.get("gaps", ())])
