"""Run the benchmarks, print a table, write bench/results/latest.json."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import branches, native, packages, profiles
from biopsy import pipeline, static
from biopsy.cli.home import default_home
from biopsy.model.dossier import Analysis
from biopsy.model.run import Status
from biopsy.pipeline import source

RESULTS = Path(__file__).parent / "results"
MEGABYTE = 1_000_000
AIMS = {"ratio": 3.0, "start": 0.5, "static": 0.5, "whole": 20.0}

Row = dict[str, Any]


def home() -> Path:
    """BIOPSY_HOME: the image in it is the one measured with."""
    return Path(os.environ.get("BIOPSY_HOME") or default_home())


def read(folder: Path, rounds: int) -> list[Row]:
    """Static reading of about a megabyte of source: seconds, megabytes a second, memory."""
    path = packages.megabyte(folder)
    seconds, size = [], 0
    for round_ in range(rounds):
        scratch = folder / f"static-{round_}"
        began = time.perf_counter()
        (sample,) = source.collect(str(path), None, folder / "store", scratch)
        opened = source.open_up(sample, scratch)
        list(sample.ecosystem.hooks(opened.tree))
        list(static.read(opened.tree, sample.ecosystem.moments(opened.tree)))
        seconds.append(time.perf_counter() - began)
        size = sum(file.size for file in opened.tree.files)
    middle = statistics.median(seconds)
    return [
        {
            "what": f"static reading of {size / MEGABYTE:.1f} MB",
            "seconds": middle,
            "note": f"{size / MEGABYTE / middle:.1f} MB/s",
            "aim": f"≤ {AIMS['static']} s a MB",
            "met": middle / (size / MEGABYTE) <= AIMS["static"],
        }
    ]


def dynamic(folder: Path, rounds: int) -> list[Row]:
    """Whole analyses, and each phase beside the same done natively in the same minute."""
    rows: list[Row] = []
    makers: dict[str, Callable[[Path], Path]] = {
        "pure Python wheel": packages.pure_wheel,
        "native sdist": packages.native_sdist,
        "npm package": packages.npm_tarball,
    }
    for title, make in makers.items():
        path = make(folder)
        inside, outside, whole, both = [], [], [], []
        for round_ in track(range(rounds), description=title, console=Console(stderr=True)):
            outside.append(_natively(path, folder / f"{path.name}-{round_}"))
            began = time.perf_counter()
            inside.append(_phases(_analyse(path, ("laptop",))))
            whole.append(time.perf_counter() - began)
            began = time.perf_counter()
            _analyse(path, ())
            both.append(time.perf_counter() - began)
        rows += _compare(title, inside, outside)
        rows.append({"what": f"{title}: whole, one profile", "seconds": statistics.median(whole)})
        middle = statistics.median(both)
        met = middle <= AIMS["whole"]
        rows.append(
            {"what": f"{title}: whole, both profiles", "seconds": middle, "aim": "≤ 20 s", "met": met}
        )
        overhead = [w - sum(p.values()) for w, p in zip(whole, inside, strict=True)]
        rows.append({"what": f"{title}: all but the phases", "seconds": statistics.median(overhead)})
    return rows


def start(folder: Path, rounds: int) -> list[Row]:
    """From asking for a sandbox until the first phase begins in it."""
    path = packages.pure_wheel(folder)
    seconds = [
        float(_analyse(path, ("laptop",), ("start",)).dossier.watches[0].start_s) for _ in range(rounds)
    ]
    middle = statistics.median(seconds)
    return [
        {"what": "start of a sandbox", "seconds": middle, "aim": "≤ 0.5 s", "met": middle <= AIMS["start"]}
    ]


def several(folder: Path, rounds: int) -> list[Row]:
    """Both default profiles and all of them, of a package of ours and of real ones."""
    return profiles.measure(packages.npm_tarball(folder), packages.pure_wheel(folder), home(), rounds)


def _analyse(target: Path | str, names: tuple[str, ...], phases: tuple[str, ...] = ()) -> Analysis:
    options = pipeline.Options(home=home(), profiles=names, phases=phases)
    (analysis,) = pipeline.analyze(str(target), options, lambda _text, _done: None)
    return analysis


def warm(folder: Path, rounds: int) -> list[Row]:
    """What branches and layers that are made once bring."""
    return branches.measure(packages.pure_wheel(folder), home(), rounds)


def _phases(analysis: Analysis) -> dict[str, float]:
    return {o.phase: o.duration_s for o in analysis.dossier.outcomes if o.status is not Status.SKIPPED}


def _natively(path: Path, scratch: Path) -> dict[str, float]:
    (sample,) = source.collect(str(path), None, scratch / "store", scratch)
    opened = source.open_up(sample, scratch)
    return native.phases(sample.ecosystem, opened.tree, sample.artifact)


def _compare(title: str, inside: list[dict[str, float]], outside: list[dict[str, float]]) -> list[Row]:
    rows: list[Row] = []
    for phase in inside[0]:
        ours = statistics.median(run[phase] for run in inside)
        theirs = statistics.median(run[phase] for run in outside)
        rows.append({"what": f"{title}: {phase}", "seconds": ours, "native": theirs, "ratio": ours / theirs})
    ours = statistics.median(sum(run.values()) for run in inside)
    theirs = statistics.median(sum(run[phase] for phase in inside[0]) for run in outside)
    ratio = ours / theirs
    rows.append(
        {
            "what": f"{title}: all phases",
            "seconds": ours,
            "native": theirs,
            "ratio": ratio,
            "aim": "≤ 3 × native",
            "met": ratio <= AIMS["ratio"],
        }
    )
    return rows


def memory() -> list[Row]:
    """The most memory that this process, and any one of its children, ever held."""
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [{"what": "memory", "note": f"biopsy {ours:.0f} MB, largest process of a cell {child:.0f} MB"}]


def table(rows: list[Row]) -> Table:
    """Lay the rows out for a terminal."""
    shown = Table("what", "seconds", "natively", "ratio", "aim", "")
    for row in rows:
        seconds = f"{row['seconds']:.2f}" if "seconds" in row else ""
        theirs = f"{row['native']:.2f}" if "native" in row else ""
        ratio = f"{row['ratio']:.1f} ×" if "ratio" in row else ""
        met = {True: "[green]met[/]", False: "[red]missed[/]"}.get(row.get("met"), row.get("note", ""))  # type: ignore[arg-type]
        shown.add_row(row["what"], seconds, theirs, ratio, row.get("aim", ""), met)
    return shown


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="medians are of this many")
    parser.add_argument("--only", choices=("static", "start", "branches", "dynamic", "profiles"))
    args = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        for part, measure in {
            "static": read,
            "start": start,
            "branches": warm,
            "dynamic": dynamic,
            "profiles": several,
        }.items():
            if args.only in (None, part):
                rows += measure(folder, args.rounds)
    rows += memory()
    console = Console()
    console.width = max(console.width, 120)
    console.print(table(rows))
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout
    RESULTS.mkdir(exist_ok=True)
    result = {"revision": revision.strip(), "rounds": args.rounds, "rows": rows}
    (RESULTS / "latest.json").write_text(json.dumps(result, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
