"""What reading costs: where the time of a static analysis goes, and how much memory a large package takes.

python -m bench.cost [--only NAME …] [--files 10] [--large] [--start] [--sample N] [--seed 11]

Releases come from `evals/corpus.yml`; the large package is made here: 200 MB in many small files, a few huge
ones and one of 50 MB of minified JavaScript. Seconds are of the processor, since machines are shared.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import rich_click as click
from evals.corpus_table import percentile
from platformdirs import user_data_path
from rich.console import Console
from rich.table import Table

from bench import cost_sample, packages
from biopsy import detect, static
from biopsy.model.dossier import Dossier
from biopsy.model.release import Tree
from biopsy.pipeline import source
from evals import corpus, corpus_kept, corpus_one

RESULTS = Path(__file__).parent / "results"
MEGABYTE = 1_000_000
MEMORY = 300  # MB that a package of 200 MB may take
LONGEST = 15.0  # seconds

Row = dict[str, Any]

_TAIL = "; import time; print(time.process_time(), open('/proc/self/status').read())"


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="These releases of the corpus; default: none.")
@click.option(
    "--files", type=int, default=10, show_default=True, help="How many of the slowest files to name."
)
@click.option("--large", is_flag=True, help="The package of 200 MB.")
@click.option("--start", is_flag=True, help="What it takes to begin.")
@click.option("--sample", type=int, default=0, help="So many of the artifacts that are kept, drawn evenly.")
@click.option("--seed", type=int, default=cost_sample.SEED, show_default=True, help="Of that draw.")
@click.option("--home", envvar="BIOPSY_HOME", type=click.Path(path_type=Path), help="BIOPSY_HOME.")
def main(home: Path | None, files: int, **wanted: Any) -> None:
    """Say what reading costs."""
    own = corpus_one.prepare((home or user_data_path("biopsy", appauthor=False)).expanduser().absolute())
    console = Console()
    console.width = max(console.width, 120)
    made: dict[str, Any] = {}
    if wanted["start"]:
        made["start"] = begin()
        console.print(_table(made["start"]))
    if wanted["large"]:
        made["large"] = [_large(own)]
        console.print(_table(made["large"]))
    if wanted["sample"]:
        rows = cost_sample.measure(cost_sample.draw(own / "artifacts", wanted["sample"], wanted["seed"]))
        made["sample"] = {"seed": wanted["seed"], "summary": cost_sample.summary(rows), "rows": rows}
        console.print(_table(made["sample"]["summary"]))
        console.print(_table(sorted(rows, key=lambda row: -(row["command"] or 0.0))[:files]))
    if only := wanted["only"]:
        made["stages"], slow = phases([one for one in corpus.entries() if one.name in only], own)
        made["files"] = sorted(slow, key=lambda row: -row["seconds"])[:files]
        console.print(_table(made["stages"]), _table(made["files"]))
        whole = [row["all"] for row in made["stages"]]
        console.print(
            f"p50 {percentile(whole, 0.5):.2f} s, p95 {percentile(whole, 0.95):.2f} s, max {max(whole):.2f} s"
        )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "cost.json").write_text(json.dumps(made, indent=1) + "\n")


def begin(rounds: int = 5) -> list[Row]:
    """What it takes until a command can begin: the least of some rounds, in processor seconds."""
    steps = {
        "python -c pass": "pass",
        "import biopsy.cli": "import biopsy.cli.app",
        "import biopsy.pipeline": "from biopsy import pipeline",
        "and load the rules": "from biopsy import pipeline, detect; detect.ready()",
        "and find the readers": (
            "from biopsy import pipeline, detect, static; detect.ready(); static.discover()"
        ),
    }
    rows = []
    for what, code in steps.items():
        seen = []
        for _ in range(rounds):
            command = [sys.executable, "-c", code + _TAIL]
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            cpu, peak = printed.split()[0], re.findall(r"VmHWM:\s+(\d+)", printed)[0]
            seen.append((float(cpu), int(peak) // 1024))
        rows.append({"what": what, "seconds": round(min(seen)[0], 3), "peak_mb": min(seen)[1]})
    return rows


def phases(entries: Sequence[corpus.Entry], home: Path) -> tuple[list[Row], list[Row]]:
    """Time each stage of each release, and each file on its own."""
    corpus_kept.use(home / "pages")
    rules = detect.ready()
    rows, slow = [], []
    for one in entries:
        with tempfile.TemporaryDirectory() as scratch:
            row, files = _stages(one, home, Path(scratch), rules)
            rows.append(row)
            slow += files
    return rows, slow


def _stages(
    one: corpus.Entry, home: Path, scratch: Path, rules: tuple[detect.Rule, ...]
) -> tuple[Row, list[Row]]:
    row: Row = {"what": one.target}
    clock = _Clock(row)
    which = None if one.artifact == "tgz" else one.artifact
    (sample,) = source.collect(one.target, which, home / "artifacts", scratch)
    clock.lap("fetch")
    opened = source.open_up(sample, scratch)
    clock.lap("unpack and hash")
    hooks = tuple(sample.ecosystem.hooks(opened.tree))
    moments = sample.ecosystem.moments(opened.tree)
    clock.lap("manifests")
    behaviours = tuple(static.read(opened.tree, moments))
    clock.lap("read")
    dossier = Dossier("cost", sample.release, sample.artifact, hooks + behaviours, (), static_only=True)
    findings = detect.match(rules, dossier, None)
    detect.decide(findings, dossier)
    clock.lap("match")
    row |= {"all": round(sum(v for k, v in row.items() if k not in ("what", "fetch")), 2)}
    row |= {
        "files": len(opened.tree.files),
        "mb": round(sum(f.size for f in opened.tree.files) / MEGABYTE, 1),
    }
    files = []
    for file in opened.tree.files:
        began = time.process_time()
        list(static.read(Tree(opened.tree.root, (file,)), moments))
        took = time.process_time() - began
        files.append(
            {"what": f"{one.target} {file.path}", "seconds": round(took, 2), "kb": file.size // 1000}
        )
    return row, files


class _Clock:
    def __init__(self, row: Row) -> None:
        self._row, self._last = row, time.process_time()

    def lap(self, name: str) -> None:
        now = time.process_time()
        self._row[name], self._last = round(now - self._last, 2), now


def _large(home: Path) -> Row:
    """Analyse the large package in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-large-") as folder:
        path = large_package(Path(folder))
        seen = corpus_one.measure(str(path), "wheel", "-", home, "static")
        row = {"what": "200 MB", "packed_mb": round(path.stat().st_size / MEGABYTE, 1)}
    row |= {key: seen.get(key) for key in ("verdict", "seconds", "cpu", "peak_mb", "stages")}
    row["gaps"] = seen.get("why", "")
    row["met"] = (seen.get("peak_mb") or MEMORY + 1) <= MEMORY and (seen.get("cpu") or LONGEST + 1) <= LONGEST
    return row


def large_package(folder: Path, megabytes: int = 200) -> Path:
    """Make a wheel of about `megabytes`: a quarter in one minified file, a quarter data, the rest small."""
    path = folder / "bench_huge-1.0-py3-none-any.whl"
    quarter = megabytes * MEGABYTE // 4
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("bench_huge/static/app.min.js", "w", force_zip64=True) as file:
            file.writelines(_minified(quarter))
        noise = random.Random(7)
        for number in range(2):
            with archive.open(f"bench_huge/data/table{number}.bin", "w", force_zip64=True) as file:
                file.writelines(noise.randbytes(MEGABYTE) for _ in range(quarter // 2 // MEGABYTE))
        size, number = 0, 0
        while size < 2 * quarter:
            text = "\n\n".join(packages.python_module(number * 20 + k) for k in range(20))
            archive.writestr(f"bench_huge/m{number % 100}/m{number}.py", text)
            size, number = size + len(text), number + 1
        archive.writestr(
            "bench_huge-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: bench-huge\nVersion: 1.0\n"
        )
    return path


def _minified(size: int) -> Iterator[bytes]:
    """One endless line, as bundlers make them."""
    made, number = 0, 0
    while made < size:
        part = (
            f'{number}:function(e,t,n){{"use strict";var r=n({number % 977}),o=n(12);t.a=function(e){{'
            f'return r.b(e,"k{number}")&&o.c[{number}]||void 0}},t.d={{x:{number},y:"v{number}"}}}},'
        ).encode()
        part = b"!function(m){}({" + part if not number else part
        made, number = made + len(part), number + 1
        yield part
    yield b"0:0});\n"


def _table(rows: Sequence[Row]) -> Table:
    table = Table(*dict.fromkeys(key for row in rows for key in row), box=None, header_style="bold")
    for row in rows:
        table.add_row(*(re.sub(r"^None$", "", str(value)) for value in row.values()))
    return table


if __name__ == "__main__":
    main()
