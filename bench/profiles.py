"""What several machines cost: two as always, all of them, and what running two at once saves."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from biopsy.errors import BiopsyError
from biopsy.model.dossier import Analysis
from biopsy.pipeline import roster

REAL: Final = (
    "npm:chalk@5.6.2",
    "npm:semver@7.8.6",
    "npm:ejs@7.0.2",
    "npm:debug@4.4.3",
    "npm:commander@14.0.3",
    "pypi:six@1.17.0",
    "pypi:click@8.1.8",
)
"""Small releases with few dependencies or none: what they need is fetched once a home."""

BOTH: Final = 45.0
ALL: Final = 180.0
"""Seconds that both profiles may take in the median of real packages, and all profiles of one."""

Row = dict[str, Any]
Analyse = Callable[[str, tuple[str, ...]], Analysis]


def measure(ours: Path, analyse: Analyse, rounds: int) -> list[Row]:
    """Analyse a package of ours one profile after the other, two at once and under all; then real ones."""
    alone = sum(_median(analyse, str(ours), (name,), rounds) for name in roster.DEFAULT)
    both = _median(analyse, str(ours), roster.DEFAULT, rounds)
    every = _median(analyse, str(ours), (roster.ALL,), 1)
    note = f"{alone:.1f} s one after the other"
    return [
        {"what": f"{ours.name}: two profiles at once", "seconds": both, "note": note},
        _aimed(f"{ours.name}: all profiles", every, ALL),
        *_real(analyse),
    ]


def _real(analyse: Analyse) -> list[Row]:
    rows: list[Row] = []
    for target in REAL:
        try:
            rows.append({"what": f"{target}: both profiles", "seconds": _median(analyse, target, (), 1)})
        except BiopsyError as err:
            rows.append({"what": f"{target}: both profiles", "note": f"not measured: {err}"[:100]})
    took = [row["seconds"] for row in rows if "seconds" in row]
    if took:
        rows.append(
            _aimed(f"median of {len(took)} real packages, both profiles", statistics.median(took), BOTH)
        )
    return rows


def _median(analyse: Analyse, target: str, profiles: tuple[str, ...], rounds: int) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        analyse(target, profiles)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _aimed(what: str, seconds: float, aim: float) -> Row:
    return {"what": what, "seconds": seconds, "aim": f"≤ {aim:.0f} s", "met": seconds <= aim}
