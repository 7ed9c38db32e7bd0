"""What several machines cost: two as always, all of them, what running two at once saves, and where it goes.

Every analysis is a process of its own with a limit, and all together have one: what there is no time left
for is said. Progress goes to standard error.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from bench.apart import Cost, Unmeasurable
from bench.apart import measure as apart
from biopsy.pipeline import roster
from biopsy.sandbox import baseline, image_layers, profile

REAL: Final = (
    "npm:chalk@5.6.2",
    "npm:express@5.3.0",
    "pypi:six@1.17.0",
    "npm:semver@7.8.6",
    "pypi:requests@2.34.2",
    "npm:concurrently@10.0.7",
    "pypi:flask@3.1.3",
    "npm:axios@1.21.1",
    "pypi:click@8.1.8",
    "npm:debug@4.4.3",
    "npm:ejs@7.0.2",
    "npm:commander@14.0.3",
)
"""Releases without dependencies and with many, small and larger: what they need is fetched once a home."""

BOTH: Final = 45.0
ALL: Final = 180.0
"""Seconds that both profiles may take in the median of real packages, and all profiles of one."""

LONGEST: Final = 240.0
"""Seconds after which one analysis is ended, and told as not measured."""

TOGETHER: Final = 600.0
"""Seconds after which no further analysis begins."""

Row = dict[str, Any]
Apart = Callable[[Path, str, tuple[str, ...], float], Cost]


class Bench:
    """Measures one after the other until the time is up, and says what it does."""

    def __init__(self, home: Path, together: float = TOGETHER, do: Apart = apart) -> None:
        """Begin; the time runs from now on."""
        self._home, self._do = home, do
        self._end = time.monotonic() + together

    def cost(self, target: str, profiles: tuple[str, ...]) -> Cost:
        """Analyse once; raise Unmeasurable where that fails, or no time is left."""
        if (left := self._end - time.monotonic()) <= 0:
            raise Unmeasurable("no time was left for it")
        name = f"{target.rpartition('/')[2] if target.startswith('/') else target} ({' '.join(profiles)})"
        try:
            found = self._do(self._home, target, profiles, min(LONGEST, left))
        except Unmeasurable as err:
            print(f"{name}: {err}", file=sys.stderr, flush=True)
            raise
        print(
            f"{name}: {found.seconds:.1f} s, {found.processor:.1f} s of processor, {found.call}",
            file=sys.stderr,
            flush=True,
        )
        return found


def measure(ours: Path, other: Path, home: Path, rounds: int) -> list[Row]:
    """Analyse real packages; then one of ours, one profile after the other, two at once and under all.

    `ours` is of npm, `other` of PyPI; it only makes that what is learnt once a home is learnt before.
    """
    bench = Bench(home)
    rows = [*_learnt(bench, home, "npm", ours, roster.DEFAULT)]
    rows += _learnt(bench, home, "pypi", other, roster.DEFAULT)
    rows += real(bench, REAL)
    rows += _two(bench, str(ours), rounds)
    rows += _learnt(bench, home, "npm", ours, profile.names())
    return [*rows, *_every(bench, str(ours))]


def _learnt(bench: Bench, home: Path, kind: str, path: Path, names: Iterable[str]) -> Iterator[Row]:
    """Have the baselines of an ecosystem recorded that are missing."""
    image, kept = image_layers.machine_id(home, kind), home / "baselines"
    missing = [one for one in names if baseline.load(baseline.path(kept, image, kind, one)) is None]
    if missing:
        what = f"{len(missing)} baselines of {kind}, recorded once for an image, and an analysis"
        yield from _told(what, lambda: {"seconds": bench.cost(str(path), tuple(missing)).seconds})


def _two(bench: Bench, ours: str, rounds: int) -> Iterator[Row]:
    def took() -> Row:
        alone = [
            statistics.median(bench.cost(ours, (one,)).seconds for _ in range(rounds))
            for one in roster.DEFAULT
        ]
        both = statistics.median(bench.cost(ours, roster.DEFAULT).seconds for _ in range(rounds))
        return {"seconds": both, "note": f"{sum(alone):.1f} s one after the other"}

    yield from _told(f"{Path(ours).name}: two profiles at once", took)


def _every(bench: Bench, ours: str) -> Iterator[Row]:
    what = f"{Path(ours).name}: all {len(profile.names())} profiles"
    yield from _told(what, lambda: _aimed(what, bench.cost(ours, (roster.ALL,)).seconds, ALL))


def _told(what: str, took: Callable[[], Row]) -> Iterator[Row]:
    """Give the row of a measurement, or why there is none."""
    try:
        yield {"what": what, **took()}
    except Unmeasurable as err:
        yield {"what": what, "note": f"not measured: {err}"[:100]}


def real(bench: Bench, targets: Iterable[str]) -> Iterator[Row]:
    """Analyse real packages under both profiles; then say what the median took, and where it went."""
    found = []
    for target in targets:
        row: Row = {"what": f"{target}: both profiles"}
        try:
            found.append(cost := bench.cost(target, roster.DEFAULT))
        except Unmeasurable as err:
            yield {**row, "note": f"not measured: {err}"[:100]}
        else:
            yield {**row, "seconds": cost.seconds, "note": f"{cost.processor:.1f} s of processor"}
    if found:
        middle = statistics.median(one.seconds for one in found)
        yield _aimed(f"median of {len(found)} real packages, both profiles", middle, BOTH)
        yield from _where(found)


def _where(found: list[Cost]) -> Iterator[Row]:
    """Give medians of the processor, of each stage, and of each phase under the slower profile."""
    processor = statistics.median(one.processor for one in found)
    yield {"what": "of it processor, on all cores", "seconds": processor}
    for kind, parts in (
        ("stage", [one.stages for one in found]),
        ("phase", [one.phases for one in found]),
    ):
        for name in dict.fromkeys(name for one in parts for name in one):
            took = [one[name] for one in parts if name in one]
            note = f"longest {max(took):.1f} s" + (f", of {len(took)}" if len(took) < len(found) else "")
            yield {"what": f"  {kind} {name}", "seconds": statistics.median(took), "note": note}


def _aimed(what: str, seconds: float, aim: float) -> Row:
    return {"what": what, "seconds": seconds, "aim": f"≤ {aim:.0f} s", "met": seconds <= aim}
