"""`make eval`: the whole evaluation in about an hour, and one table of what came of it.

Everything is read; every scenario is run as it stands, of all else (variants, crossed cases, what is kept
aside, inert edits) a sample. The parts can be had alone: `python -m evals`, `--crossed`, `--heldout`,
`python -m evals.mutate`.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
SUMMARY = RESULTS / "summary.json"


class Part(msgspec.Struct, frozen=True):
    """One run of the evaluation: what it is called, how it is run, and whether packages run, too."""

    title: str
    options: tuple[str, ...]
    file: str
    ran: bool = True


PARTS = (
    Part("scenarios, read", ("--static-only",), "latest-static.json", ran=False),
    Part("scenarios, read and run", (), "latest.json"),
    Part(
        "variants, read", ("--static-only", "--seed", "1", "--seeds", "4"), "variants-static.json", ran=False
    ),
    Part("variants, read and run", ("--seed", "1", "--seeds", "4", "--sample", "40"), "variants.json"),
    Part("crossed, read", ("--crossed", "--static-only"), "crossed-static.json", ran=False),
    Part("crossed, read and run", ("--crossed", "--sample", "40"), "crossed.json"),
    Part("guarded, read", ("--guarded", "--static-only"), "guarded-static.json", ran=False),
    Part("guarded, read and run", ("--guarded", "--sample", "40"), "guarded.json"),
    Part("kept aside, read", ("--heldout", "--static-only"), "heldout-static.json", ran=False),
    Part("kept aside, read and run", ("--heldout", "--sample", "60"), "heldout.json"),
)
INERT = (
    ("inert edits, read", ("--sample", "400"), "mutations-static.json"),
    ("inert edits, read and run", ("--dynamic", "--sample", "15"), "mutations.json"),
)


def main(arguments: list[str]) -> int:
    """Run all parts, with further options (`--jobs 1`) for each; 0 where all is as it should be."""
    worst, began = 0, time.monotonic()
    RESULTS.mkdir(exist_ok=True)
    for part in PARTS:
        worst = max(worst, _run("evals", part.title, part.options, part.file, arguments))
    for title, options, file in INERT:
        worst = max(worst, _run("evals.mutate", title, options, file, arguments))
    rows = [_row(part) for part in PARTS]
    SUMMARY.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
    _show(rows, time.monotonic() - began)
    return worst


def _run(module: str, title: str, options: tuple[str, ...], file: str, arguments: list[str]) -> int:
    print(f"\n── {title}", flush=True)
    command = [sys.executable, "-m", module, *options, "--json", str(RESULTS / file), *arguments]
    return subprocess.run(command, check=False).returncode


def _row(part: Part) -> dict[str, object]:
    """Return the first stratum of a part, which is all of it."""
    try:
        data = json.loads((RESULTS / part.file).read_text())
    except (OSError, ValueError):
        return {"part": part.title}
    (first, *_) = data["strata"] or [{}]
    return {"part": part.title, "seconds": data["totals"]["seconds"], **first}


def _show(rows: list[dict[str, object]], seconds: float) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    names = ("part", "malicious", "detected", "low", "high", "harmless", "convicted", "suspected", "seconds")
    for name in names:
        table.add_column(name, justify="left" if name == "part" else "right")
    for row in rows:
        table.add_row(*(str(row.get(name, "")) for name in names))
    Console().print(table, f"{seconds:.0f} s", sep="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
