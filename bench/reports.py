"""What the report database costs, and how that grows from 24,000 to 240,000 reports.

    make bench-reports, or python -m bench.reports [--reports 24000 --reports 240000] [--no-serving]

Every command runs as a process of its own; memory is the most that one ever held. Seconds are of the clock,
with those of the processor beside them: on a machine that others use, the latter say more. Reports are
made as `reports_made` says. The server is measured by `bench.serving`, over HTTP, on the same database.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import rich_click as click
from rich.console import Console
from rich.table import Table

from bench.reports_made import made, real

RESULTS = Path(__file__).parent / "results"
SIZES = (24_000, 240_000)
MEGABYTE = 1_000_000
PACKAGES = 2000  # of the lock file that is checked
MEMORY = 1024  # MB that a command may hold
_RUN = "from biopsy.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure. `bound` is what it should be, empty where there is none; `met` whether it is."""

    what: str
    reports: int
    seconds: float
    processor: float
    memory: float = 0.0  # MB
    note: str = ""
    bound: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took."""

    seconds: float
    processor: float
    memory: float
    status: int


def spent(*words: object) -> Spent:
    """Run a command of biopsy to its end."""
    return _spent([sys.executable, "-c", _RUN, *map(str, words)])


def _spent(command: list[str]) -> Spent:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    whole = time.perf_counter() - began
    return Spent(whole, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode)


def taken(path: Path, reports: Path) -> None:
    """Check each report by the schema, take them in, and print what each of the two took, as JSON."""
    from biopsy.reports import validate  # noqa: PLC0415 - this runs in a process of its own
    from biopsy.reports.database import Database, now  # noqa: PLC0415
    from biopsy.reports.policy import Policy  # noqa: PLC0415
    from biopsy.reports.record import decode  # noqa: PLC0415
    from biopsy.reports.sources import batches  # noqa: PLC0415

    database, objects = Database(path, create=True), _objects(reports)
    schema = validate._schema("osv-1.7.5.json")  # noqa: SLF001 - the schema alone, without the other rules
    clocks = (time.perf_counter, time.process_time)
    sums = [[0.0, 0.0], [0.0, 0.0]]
    for batch in batches(objects):
        some, before = batch.objects, [clock() for clock in clocks]
        if not all(schema.is_valid(decode(data)) for _, data in some):
            raise SystemExit("a report that was made is not valid")
        between = [clock() for clock in clocks]
        if any(one.code for one in database.take("bench", some, now(), Policy("publish"))):
            raise SystemExit("a report that was made is refused")
        after = [clock() for clock in clocks]
        for number in range(2):
            sums[0][number] += between[number] - before[number]
            sums[1][number] += after[number] - between[number]
    database.close()
    print(json.dumps(sums), file=sys.stderr)


def _objects(reports: Path) -> Iterator[tuple[str, bytes]]:
    with reports.open("rb") as file:
        for number, line in enumerate(file):
            yield f"{number}", line.rstrip(b"\n")


def _take(folder: Path, count: int) -> list[Row]:
    reports = folder / "reports.jsonl"
    with reports.open("wb") as file:
        for _, data in made(count):
            file.write(json.dumps(json.loads(data), ensure_ascii=False).encode() + b"\n")
    code = "import sys, pathlib; from bench.reports import taken; taken(*map(pathlib.Path, sys.argv[1:]))"
    command = [sys.executable, "-c", code, str(folder / "reports.db"), str(reports)]
    with (folder / "sums").open("w") as said:
        process = subprocess.Popen(command, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise click.ClickException((folder / "sums").read_text())
    (checked, checking), (took, taking) = json.loads((folder / "sums").read_text())
    memory, size = used.ru_maxrss / 1024, (folder / "reports.db").stat().st_size / MEGABYTE
    rate = count / took
    return [
        Row("schema check", count, checked, checking, note=f"{count / checked:,.0f}/s"),
        Row(
            "taking in, after it", count, took, taking, memory,
            f"{rate:,.0f}/s ({count / taking:,.0f}/s of the processor), {size:,.0f} MB",
            "≥ 5,000/s", rate >= 5000,
        ),
    ]  # fmt: skip


def _commands(folder: Path, count: int) -> Iterator[Row]:
    at = ("--home", folder, "--database", folder / "reports.db")
    for what, bound, words in (
        ("release: every export", 60.0, ("reports", "release", folder / "public", *at, "--quiet")),
        ("release again, nothing changed", 0.0, ("reports", "release", folder / "public", *at, "--quiet")),
        ("export: the directory layout", 0.0, ("reports", "export", folder / "out", *at, "--quiet")),
        ("validate: the whole database", 60.0, ("reports", "validate", *at, "--quiet", "--no-warnings")),
    ):
        cost = spent(*words)
        met = cost.seconds <= bound and cost.memory <= MEMORY if bound else None
        note = "" if cost.status == 0 else f"status {cost.status}"
        aim = f"≤ {bound:.0f} s, ≤ 1 GB" if bound else ""
        yield Row(what, count, cost.seconds, cost.processor, cost.memory, note, aim, met)
    lookup = folder / "public/lookup.bin"
    size = lookup.stat().st_size / MEGABYTE
    yield Row("the look-up file", count, 0.0, 0.0, note=f"{size:.1f} MB", bound="< 20 MB", met=size < 20)
    lock = folder / "requirements.txt"
    names = [json.loads(data)["affected"][0]["package"] for _, data in made(PACKAGES * 4)]
    plain = [one["name"] for one in names if one["name"].replace("-", "").isascii()]
    listed = [name for name in plain if name.replace("-", "").isalnum() and name[0] != "-"][:20]
    listed += [f"plain-package-{number}" for number in range(PACKAGES - len(listed))]
    lock.write_text("".join(f"{name}==1.0.0\n" for name in listed))
    spent("check", lock, "--offline", lookup, "--quiet")  # once, so that what is on disk is in memory
    costs = sorted(
        (spent("check", lock, "--offline", lookup, "--quiet") for _ in range(5)), key=lambda c: c.seconds
    )
    cost = costs[2]
    yield Row(
        f"check of {PACKAGES:,} packages, offline", count, cost.seconds, cost.processor, cost.memory,
        f"status {cost.status}", "≤ 0.5 s", cost.seconds <= 0.5,
    )  # fmt: skip


def table(rows: list[Row]) -> Table:
    """Lay the rows out for a terminal."""
    shown = Table("what", "reports", "seconds", "processor", "memory", "", "bound", "")
    for row in rows:
        met = {True: "[green]met[/]", False: "[red]missed[/]"}.get(row.met, "")  # type: ignore[arg-type]
        memory = f"{row.memory:,.0f} MB" if row.memory else ""
        took = f"{row.seconds:.2f}", f"{row.processor:.2f}"
        shown.add_row(
            row.what, f"{row.reports:,}", *took, memory, row.note, row.bound, met
        )  # fmt: skip
    return shown


@click.command()
@click.option("--reports", "sizes", type=int, multiple=True, default=SIZES, show_default=True, metavar="N")
@click.option("--serving/--no-serving", default=True, help="Measure the server, too.")
def main(sizes: tuple[int, ...], serving: bool) -> None:  # noqa: FBT001
    """Measure each size, one after the other."""
    rows: list[Row] = []
    console = Console()
    console.width = max(console.width, 140)
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            rows += _take(folder, count)
            rows += _commands(folder, count)
            console.print(table(rows[-8:]))
            if serving:
                subprocess.run(
                    [sys.executable, "-m", "bench.serving", "--database", str(folder / "reports.db")],
                    check=False,
                )
    load = os.getloadavg()[0]
    console.print(
        f"load {load:.1f} on {os.cpu_count()} cores; made of {'real' if real() else 'written'} reports"
    )
    RESULTS.mkdir(exist_ok=True)
    held = {"load": load, "cores": os.cpu_count(), "rows": [asdict(row) for row in rows]}
    (RESULTS / "reports.json").write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
