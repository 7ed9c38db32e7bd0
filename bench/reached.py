"""What the runs of real packages reached, and what they cost: a table from dossiers that are kept.

python -m bench.reached [--home HOME] [--ecosystem npm] [--json FILE]

`python -m evals.corpus --dynamic` makes such dossiers, below `HOME/corpus`. Of each package the newest that
ran counts. An entry point is what `require` and `import` can be asked for; one that did not load has a reason
code. Those in `OURS` are not counted as told. Exit 1 where fewer than 95 % of the entry points were loaded or
say why not.
"""

import argparse
import json
import statistics
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from bench.__main__ import home as default
from biopsy.model.coverage import coverage
from biopsy.model.dossier import Dossier
from biopsy.model.run import Status
from biopsy.warehouse import Warehouse

AIM: Final = 0.95
SECONDS: Final = 45.0
OURS: Final = frozenset({"budget", "limit", "not-listed", "no-end"})
"""Reason codes that say something of our time or patience, not of the package."""


class Row(msgspec.Struct, frozen=True):
    """What became of one package under one profile; seconds are of the whole analysis."""

    name: str
    entries: int
    loaded: int
    why: tuple[tuple[str, int], ...]
    ours: int
    functions: tuple[int, int]
    lines: tuple[int, int]
    seconds: float
    install: float
    profiles: int


def entries(dossier: Dossier, profile: str) -> tuple[int, int, Counter[str], int]:
    """Count entry points, those that were loaded in one way or another, and why the others were not."""
    loaded, missed, more = set[str](), dict[str, str](), 0
    for outcome in dossier.outcomes:
        if outcome.profile != profile or outcome.phase != "import":
            continue
        for step in outcome.steps:
            _, _, name = step.name.rpartition(" ") if step.name != "…" else ("", "", "")
            if not name or name.startswith("./"):
                more += _more(step.reason)
            elif step.status is Status.COMPLETED:
                loaded.add(name)
            else:
                missed[name] = step.reason.split(":", 1)[0] or str(step.status)
    why = Counter(code.replace(" ", "-") for name, code in missed.items() if name not in loaded)
    if more:
        why["limit"] += more
    return len(loaded) + sum(why.values()), len(loaded), why, sum(why[code] for code in OURS)


def _more(reason: str) -> int:
    code, _, text = reason.partition(": ")
    count = text.split(" ", 1)[0]
    return int(count) if code == "limit" and count.isdigit() and "more entries" in text else 0


def rows(home: Path, ecosystem: str) -> Iterator[Row]:
    """Read what is kept below a home, package by package."""
    kept = Warehouse(home)
    for folder in sorted((home / "dossiers" / ecosystem).iterdir()):
        names = sorted((path.name.partition(".")[0] for path in folder.glob("*/*.json.gz")), reverse=True)
        ran = (
            one for one in map(kept.get, names) if any(o.phase == "import" and o.steps for o in one.outcomes)
        )
        if one := next(ran, None):
            yield row(one)


def row(one: Dossier) -> Row:
    """Count what a run came to under the first of its profiles."""
    profile = next(outcome.profile for outcome in one.outcomes if outcome.phase == "import")
    of, loaded, why, ours = entries(one, profile)
    seen = next(found for found in coverage(one) if found.profile == profile)
    install = sum(o.duration_s for o in one.outcomes if (o.profile, o.phase) == (profile, "install"))
    return Row(
        one.release.name, of, loaded, tuple(why.most_common(3)), ours,
        (seen.functions.done, seen.functions.of), (seen.lines.done, seen.lines.of),
        one.duration_s, install, len(one.watches),
    )  # fmt: skip


def table(found: list[Row]) -> Table:
    """Lay the rows out for a terminal."""
    shown = Table("package", "entry points", "why not", "functions", "lines", "seconds", "of them install")
    for one in found:
        why = ", ".join(f"{code} {many}" for code, many in one.why)
        lines = f"{one.lines[0] / one.lines[1]:.0%} of {one.lines[1]:,}" if one.lines[1] else ""
        shown.add_row(
            one.name, f"{one.loaded} of {one.entries}", why, "{} of {}".format(*one.functions), lines,
            f"{one.seconds:.0f}", f"{one.install:.0f}",
        )  # fmt: skip
    return shown


def sums(found: list[Row]) -> dict[str, Any]:
    """Add the rows up."""
    several = [one for one in found if one.profiles >= 2]
    of, loaded = sum(one.entries for one in found), sum(one.loaded for one in found)
    return {
        "packages": len(found),
        "entries": of,
        "loaded": loaded,
        "told": of - loaded - sum(one.ours for one in found),
        "not told": sum(one.ours for one in found),
        "worst": min((1 - one.ours / one.entries for one in found if one.entries), default=1.0),
        "median of lines": _median([one.lines[0] / one.lines[1] for one in found if one.lines[1]]),
        "median seconds, two profiles": _median([one.seconds for one in several]),
        "median seconds of an install": _median([one.install for one in found]),
    }


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 3) if values else 0.0


def main() -> int:
    """Print the table and what it comes to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=default() / "corpus")
    parser.add_argument("--ecosystem", default="npm")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found = list(rows(args.home, args.ecosystem))
    console, total = Console(), sums(found)
    console.width = max(console.width, 130)
    console.print(table(found))
    for name, value in total.items():
        console.print(f"{name}: {value}", markup=False, highlight=False)
    if args.json:
        args.json.write_text(json.dumps({"sums": total, "rows": msgspec.to_builtins(found)}, indent=1) + "\n")
    told = total["loaded"] + total["told"]
    return 0 if total["entries"] and told >= AIM * total["entries"] else 1


if __name__ == "__main__":
    sys.exit(main())
