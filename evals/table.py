"""The results as a table for people and as JSON for programs."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evals.run import Result, Seen

_STYLES = {
    "malicious": "red",
    "suspicious": "yellow",
    "benign": "green",
    "unknown": "magenta",
    "error": "bold magenta",
}


class Totals(msgspec.Struct, frozen=True):
    """The sums below the table."""

    malicious: int
    detected: int
    harmless: int  # twins and controls
    convicted: int
    suspected: int
    unknown: int  # nothing found, and not everything seen
    errors: int
    in_phase: int  # detected ones where the expected phase was among those that fired
    seconds: float
    waiting: int = 0  # missed ones that wait for something the sandbox lacks
    ran: int = 0  # simulants that were run…
    by_running: int = 0  # …and detected by that alone


def totals(results: Sequence[Result], seconds: float) -> Totals:
    """Add up."""
    bad = [result for result in results if result.detected is not None]
    harmless = [seen for result in results if (seen := result.harmless)]
    packages = [*(result.seen for result in bad), *harmless]
    return Totals(
        malicious=len(bad),
        detected=sum(bool(result.detected) for result in bad),
        harmless=len(harmless),
        convicted=sum(seen.verdict == "malicious" for seen in harmless),
        suspected=sum(seen.verdict == "suspicious" for seen in harmless),
        unknown=sum(seen.verdict == "unknown" for seen in packages),
        errors=sum(seen.verdict == "error" for seen in packages),
        in_phase=sum(bool(result.detected) and result.expected_phase in result.seen.fired for result in bad),
        seconds=round(seconds, 1),
        waiting=sum(bool(result.waits) and not result.detected for result in bad),
        ran=sum(result.by_running is not None for result in bad),
        by_running=sum(bool(result.by_running) for result in bad),
    )


def show(console: Console, results: Sequence[Result]) -> None:
    """Print the table, and why there are packages without a verdict."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("", "id", "expected", "verdict", "twin", "fired in", "because", "seconds"):
        table.add_column(name, justify="right" if name == "seconds" else "left", overflow="fold")
    for result in results:
        mark = (
            Text("waits" if result.detected is False else "ok", "green")
            if result.good
            else Text("MISSED" if result.detected is False else "WRONG", "bold red")
        )
        because = result.seen.because or (result.harmless.because if result.harmless else ())
        expected = f"{result.expected} {result.expected_phase}".strip()
        seconds = result.seen.seconds + (result.twin.seconds if result.twin else 0)
        fired = " ".join(result.seen.fired)
        name = f"{result.id}.{result.seed}" if result.seed else result.id
        row = (mark, name, expected, _verdict(result.seen), _verdict(result.twin), fired)
        table.add_row(*row, Text(_rules(because)), f"{seconds:.1f}")
    console.print(table)
    console.print()
    for result in results:
        for what, seen in (("", result.seen), (" (twin)", result.twin)):
            if seen and (seen.verdict == "error" or (seen.verdict == "unknown" and _ran(seen))):
                console.print(Text(f"{result.id}{what}: {seen.reason.strip()}", "magenta"))


def summary(console: Console, sums: Totals) -> None:
    """Print the sums."""
    console.print(
        f"[bold]{sums.detected} of {sums.malicious}[/] simulants detected "
        f"({sums.in_phase} in the phase expected; {sums.waiting} of the missed wait for what is lacking); "
        + (f"{sums.by_running} of {sums.ran} by running alone; " if sums.ran else "")
        + f"of [bold]{sums.harmless}[/] twins and controls [bold]{sums.convicted}[/] convicted, "
        f"{sums.suspected} suspected; "
        f"{sums.unknown} unknown, {sums.errors} errors; {sums.seconds:.0f} s"
    )


def _ran(seen: Seen) -> bool:
    """Whether there was a run: without one, an unknown is as it should be."""
    return not any(phase.endswith("(static-only)") for phase in seen.phases)


def _verdict(seen: Seen | None) -> Text:
    return Text(seen.verdict, _STYLES[seen.verdict]) if seen else Text("")


def _rules(rules: Sequence[str], limit: int = 3) -> str:
    more = f" +{len(rules) - limit}" if len(rules) > limit else ""
    return ", ".join(rules[:limit]) + more


def write(path: Path, results: Sequence[Result], sums: Totals, strata: Sequence[msgspec.Struct] = ()) -> None:
    """Write everything as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        msgspec.to_builtins(result) | {"detected": result.detected, "good": result.good} for result in results
    ]
    data = msgspec.json.encode({"totals": sums, "strata": strata, "results": rows})
    path.write_bytes(msgspec.json.format(data, indent=2) + b"\n")
