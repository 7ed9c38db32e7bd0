"""Detection by stratum, with intervals; and what was missed, as classes of technique."""

from collections.abc import Callable, Sequence
from math import sqrt

import msgspec
from rich.console import Console
from rich.table import Table

from evals.run import Result
from evals.scenario import GENERATIONS

Z95 = 1.96


class Row(msgspec.Struct, frozen=True):
    """One stratum: `low` and `high` bound the share of what is detected (Wilson, 95 %)."""

    stratum: str
    malicious: int
    detected: int
    low: float
    high: float
    harmless: int
    convicted: int
    suspected: int


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927); all of it where nothing was tried."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, Z95**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = Z95 * sqrt(share * (1 - share) / of + square / (4 * of**2)) / (1 + square / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)


_STRATA: tuple[tuple[str, Callable[[Result], bool]], ...] = (
    ("all", lambda _: True),
    ("plain", lambda result: not result.evasive),
    ("evasive", lambda result: result.evasive),
    *(
        (phase, lambda result, phase=phase: result.expected_phase == phase)  # type: ignore[misc]
        for phase in ("install", "build", "start", "import", "scripts", "execute", "tests", "static")
    ),
    *(
        (f"kept aside {name}", lambda result, name=name: result.generation == name)  # type: ignore[misc]
        for name in GENERATIONS
    ),
)


def _of(kind: str) -> Callable[[Result], bool]:
    return lambda result: result.ecosystem == kind


def rows(results: Sequence[Result]) -> list[Row]:
    """Return the strata that have anything in them."""
    made = []
    kinds = dict.fromkeys(result.ecosystem for result in results)
    strata = (*_STRATA[:1], *((kind, _of(kind)) for kind in kinds), *_STRATA[1:])
    for name, wanted in strata:
        some = [result for result in results if wanted(result)]
        bad = [result for result in some if result.detected is not None]
        harmless = [seen for result in some if (seen := result.harmless)]
        found = sum(bool(result.detected) for result in bad)
        low, high = wilson(found, len(bad))
        if some:
            convicted = sum(seen.verdict == "malicious" for seen in harmless)
            suspected = sum(seen.verdict == "suspicious" for seen in harmless)
            sums = (len(harmless), convicted, suspected)
            made.append(Row(name, len(bad), found, round(low, 4), round(high, 4), *sums))
    return made


def show(console: Console, results: Sequence[Result]) -> None:
    """Print the strata."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    names = ("stratum", "simulants", "detected", "%", "95 %", "harmless", "convicted", "suspected")
    for name in names:
        table.add_column(name, justify="left" if name == "stratum" else "right")
    for row in rows(results):
        share = f"{100 * row.detected / row.malicious:.1f}" if row.malicious else ""
        reach = f"{100 * row.low:.1f}–{100 * row.high:.1f}" if row.malicious else ""
        counts = (str(row.harmless), str(row.convicted), str(row.suspected))
        table.add_row(row.stratum, str(row.malicious), str(row.detected), share, reach, *counts)
    console.print(table)


def techniques(console: Console, results: Sequence[Result]) -> None:
    """Print the classes of technique of what was missed, the worst first."""
    words: dict[str, list[bool]] = {}
    for result in results:
        if result.detected is not None:
            for word in result.technique.split("; "):
                words.setdefault(word, []).append(bool(result.detected))
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("technique", "of", "missed"):
        table.add_column(name, justify="left" if name == "technique" else "right", overflow="fold")
    missed = sorted(words.items(), key=lambda item: (len(item[1]) == 1, sum(item[1]) / len(item[1])))
    for word, found in missed:
        if not all(found):
            table.add_row(word, str(len(found)), str(found.count(False)))
    console.print(table)
