"""The same artifact several times: does it get the same verdict, and is it seen doing the same?

python -m bench.stability [--rounds 5] [--profile NAME …] [--only ID …] [--target npm:chalk@5.6.2 …]

Each round is an analysis from the beginning, so machine, names, tokens and addresses are made up anew. What
may differ between them is `MAY_DIFFER`, and nothing else. Exit 1 where a verdict or its rules changed, or
something else than that.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from evals.build import build
from evals.scenario import scenarios
from rich.console import Console
from rich.table import Table

from bench.__main__ import home
from biopsy import pipeline
from biopsy.detect.compare_value import identity
from biopsy.model.behaviour import InTrace
from biopsy.model.dossier import Analysis

CASES: Final = ("C23", "N02b", "N64", "P03")
"""Scenarios of both registries, harmless and not, quick and waiting; those with a payload also without."""

MAY_DIFFER: Final = (
    (
        r"evasion\.sleep (?:[6-9]|1\d) ",
        "short waits of one process, told from six seconds in all: the driver's own between calls count",
    ),
)
"""Behaviours that may be there in one analysis and not in the next: patterns of `kind value`, and why."""


class Seen(msgspec.Struct, frozen=True):
    """What must be the same of an analysis."""

    verdict: str
    because: tuple[str, ...]
    findings: tuple[str, ...]
    behaviours: frozenset[str]
    outcomes: tuple[str, ...]
    seconds: float = 0.0


class Wobble(msgspec.Struct, frozen=True):
    """How several analyses of one artifact agree. `other`: what differed and may not, and in how many."""

    verdicts: tuple[str, ...]
    rules: tuple[str, ...]  # that matched in some only
    outcomes: tuple[str, ...]
    other: tuple[str, ...]
    allowed: tuple[str, ...]
    behaviours: int = 0
    seconds: float = 0.0

    @property
    def stable(self) -> bool:
        """Whether all were the same but for what may differ."""
        return len(self.verdicts) == 1 and not (self.rules or self.other)


def seen(analysis: Analysis, seconds: float = 0.0) -> Seen:
    """Take from an analysis what must be the same in the next; made-up values are spelled alike."""
    dossier, verdict = analysis.dossier, analysis.verdict
    said = set()
    for one in dossier.behaviours:
        where = "artifact"
        if isinstance(one.where, InTrace):
            where = f"{one.where.profile} {one.where.phase}"
        said.add(f"{one.kind} {identity(one)[1]} @ {where} by {one.by}")
    return Seen(
        str(verdict.call),
        tuple(sorted(verdict.because)),
        tuple(sorted({one.rule for one in analysis.findings})),
        frozenset(said),
        tuple(sorted(f"{o.profile} {o.phase} {o.status}" for o in dossier.outcomes)),
        seconds,
    )


def compare(rounds: Sequence[Seen]) -> Wobble:
    """Say in what they differ."""
    several = len(rounds)

    def partly(sets: Sequence[Sequence[str] | frozenset[str]]) -> list[str]:
        count = Counter(one for each in sets for one in set(each))
        return [f"{one} ({n} of {several})" for one, n in sorted(count.items()) if n < several]

    did = partly([one.behaviours for one in rounds])
    may = re.compile("|".join(f"(?:{pattern})" for pattern, _ in MAY_DIFFER))
    return Wobble(
        tuple(sorted({one.verdict for one in rounds})),
        tuple(partly([one.findings for one in rounds]) + partly([one.because for one in rounds])),
        tuple(partly([one.outcomes for one in rounds])),
        tuple(one for one in did if not may.match(one)),
        tuple(one for one in did if may.match(one)),
        len(frozenset().union(*(one.behaviours for one in rounds))),
        round(statistics.median(one.seconds for one in rounds), 1),
    )


def analyse(target: str, profiles: Sequence[str], rounds: int) -> Wobble:
    """Analyse one artifact so often, each time from the beginning."""
    found = []
    for _ in range(rounds):
        began = time.monotonic()
        options = pipeline.Options(home=home(), profiles=tuple(profiles), against="none")
        (analysis,) = pipeline.analyze(target, options, lambda _text, _done: None)
        found.append(seen(analysis, time.monotonic() - began))
    return compare(found)


def artifacts(folder: Path, only: Sequence[str], targets: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Build the packages to look at, always the same bytes; those that are named come first."""
    yield from ((target, target) for target in targets)
    if targets and not only:
        return
    wanted = tuple(only) or CASES
    for scenario in scenarios():
        if scenario.id not in wanted:
            continue
        for payload in (True, False) if scenario.malicious else (True,):
            name = scenario.id if payload else f"{scenario.id} without payload"
            yield (
                f"{scenario.ecosystem} {name}",
                str(build(scenario, folder / name.replace(" ", "-"), payload=payload)),
            )


def main() -> int:
    """Look at all of them and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="append", default=[])
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--target", action="append", default=[])
    args = parser.parse_args()
    console, good = Console(), True
    table = Table("what", "verdict", "behaviours", "differ and may", "differ", "s an analysis")
    details: list[str] = []
    with tempfile.TemporaryDirectory(prefix="stability-") as name:
        for title, target in artifacts(Path(name), args.only, args.target):
            wobble = analyse(target, args.profile, args.rounds)
            good &= wobble.stable
            odd = (*wobble.rules, *wobble.outcomes, *wobble.other)
            print(f"{title}: {', '.join(wobble.verdicts)}, {len(odd)} differ", file=sys.stderr, flush=True)
            details += [f"{title}: {one}" for one in (*odd, *wobble.allowed)]
            table.add_row(
                title, ", ".join(wobble.verdicts), str(wobble.behaviours), str(len(wobble.allowed)),
                f"[{'red' if not wobble.stable else 'green'}]{len(odd)}[/]", f"{wobble.seconds:.1f}",
            )  # fmt: skip
    console.print(table)
    for line in details:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
