"""How much a machine gets through, and how that grows with workers.

    python -m bench.watch                     all of it (minutes; the sandbox image must be there)
    python -m bench.watch --only static       real packages of the configured registries, only read
    python -m bench.watch --only dynamic      some of them, run under both default profiles
    python -m bench.watch --only workers      1, 2 and 50 workers whose jobs only cost time

What is real is enqueued, done by `biopsy worker` and read off the queue: from the first job taken to the last
one ended. `workers` takes the sandbox's cost as given and waits for a third of it: it
shows what the queue makes of 50 workers, not what 50 machines cost. Prints a table and writes
bench/results/watch.json, with the load of the machine beside it.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from biopsy import queue
from biopsy.cli.home import default_home
from biopsy.model.job import Job, Lane
from biopsy.model.release import Release
from biopsy.queue import Done, Queue, Settings, Taken, Worker, embedded, keeper
from biopsy.queue.line import answers

BIOPSY = (sys.executable, "-P", "-c", "from biopsy.cli import main; main()")
RESULTS = Path(__file__).parent / "results" / "watch.json"
COST = 5.0
"""Seconds of a job whose cost is only time: a third of what both profiles take."""
SPREAD = 0.5  # of it, more or less
SHARED = ("images", "bin", "baselines", "gvisor.json", "artifacts")
HOUR = 3600.0

Row = dict[str, Any]


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=("static", "dynamic", "workers"))
    parser.add_argument("--packages", type=int, default=20, help="real ones of each registry, only read")
    parser.add_argument("--runs", type=int, default=4, help="real ones of each registry, run")
    parser.add_argument("--slots", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    rows: list[Row] = []
    if given.only in {None, "static"}:
        rows.append(real("static", given.packages, given.slots, "--static-only"))
        rows.append(real("static, one slot", given.packages // 3, 1, "--static-only"))
    if given.only in {None, "dynamic"}:
        rows.append(real("both profiles", given.runs, given.slots))
    if given.only in {None, "workers"}:
        rows += [simulated(workers) for workers in (1, 2, 10, 50)]
    show(rows)
    RESULTS.parent.mkdir(exist_ok=True)
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**kept, **{row["what"]: row for row in rows}}, indent=2))
    return 0


def real(what: str, count: int, slots: int, *options: str) -> Row:
    """Analyse the most used packages of both registries with a worker; give packages an hour."""
    with _home() as home:
        environment = {**os.environ, "BIOPSY_HOME": str(home)}

        def biopsy(*words: str) -> None:
            subprocess.run([*BIOPSY, *words], env=environment, check=True, stdout=subprocess.DEVNULL)

        for ecosystem in ("pypi", "npm"):
            static = [one for one in options if one == "--static-only"]
            biopsy("enqueue", "--popular", ecosystem, "--first", str(count), "--quiet", *static)
        worker = ("worker", "--slots", str(slots), "--until-empty", "--against", "none", "--log", "json")
        load, before = os.getloadavg()[0], _spent()
        with (home / "worker.log").open("wb") as log:
            subprocess.run([*BIOPSY, *worker, *options], env=environment, check=True, stderr=log)
        row = {"what": what, "slots": slots, "load": round(load, 1), **asyncio.run(_read(home))}
        return {**row, "cpu a job": round((_spent() - before) / row["jobs"], 2)}


def _spent() -> float:
    """Seconds of processor that children took, theirs included: what another's load does not change."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _read(home: Path) -> Row:
    async with queue.open(Settings(home)) as opened:
        results = await opened.line.rows(
            "SELECT job.taken, job.ended, job.state, ecosystem, name, version FROM job WHERE version <> ''"
        )
    took = max(r["ended"] for r in results) - min(r["taken"] for r in results)
    seconds = sorted((r["ended"] - r["taken"]).total_seconds() for r in results)
    return {
        "jobs": len(results),
        "releases": len({(r["ecosystem"], r["name"], r["version"]) for r in results}),
        "seconds": round(took.total_seconds(), 1),
        "an hour": round(len(results) * HOUR / took.total_seconds()),
        "median": round(seconds[len(seconds) // 2], 2),
        "p95": round(seconds[int(len(seconds) * 0.95)], 2),
        "analysed": sum(r["state"] == "done" for r in results),
    }


def simulated(workers: int) -> Row:
    """So many workers of one slot, whose jobs only wait; give jobs an hour, at the scale of COST."""
    with tempfile.TemporaryDirectory(prefix="bw-") as folder, _postgres(Path(folder)) as dsn:
        return asyncio.run(_simulated(Settings(Path(folder), dsn), workers))


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL for more workers than the embedded one has room for: each holds four connections."""
    binaries, data = embedded.find_binaries(folder / "none"), folder / "data"
    make = [binaries / "initdb", "-D", data, "-U", "biopsy", "--auth=trust", "--no-locale", "--encoding=UTF8"]
    subprocess.run([*keeper.as_nobody(), *make], check=True, capture_output=True)
    settings = {"listen_addresses": "", "unix_socket_directories": folder, "max_connections": 400}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        command = [*keeper.as_nobody(), binaries / "postgres", "-D", data, *words]
        server = subprocess.Popen(command, stdout=log, stderr=log)
    dsn = f"host={folder} user=biopsy dbname=postgres"
    try:
        while not answers(dsn):
            time.sleep(0.1)
        yield dsn
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(30)


async def _simulated(settings: Settings, workers: int) -> Row:
    chance, count = random.Random(workers), max(6, workers * 5)
    costs = [COST * chance.uniform(1 - SPREAD, 1 + SPREAD) for _ in range(count)]
    async with queue.open(settings) as opened:
        jobs = [
            Job(Release("pypi", f"made-{n}", "1.0"), digest=f"sha256:{n:064x}", lane=Lane.REALTIME)
            for n in range(count)
        ]
        await opened.enqueue(jobs)
        stop, done = asyncio.Event(), 0

        async def handle(taken: Taken) -> Done:
            nonlocal done
            await asyncio.sleep(costs[int(taken.job.digest[-64:], 16)])
            done += 1
            if done == count:
                stop.set()
            return Done(outcome="analysed")

        began, load = time.monotonic(), os.getloadavg()[0]
        await asyncio.gather(*(_work(opened, n, handle, stop) for n in range(workers)))
        took = time.monotonic() - began
        one_each = await opened.line.rows("SELECT count(*) AS n FROM result")
    assert one_each[0]["n"] == count
    return {
        "what": f"{workers} simulated",
        "slots": workers,
        "load": round(load, 1),
        "jobs": count,
        "seconds": round(took, 1),
        "an hour": round(count * HOUR / took),
        "of ideal": round(sum(costs) / workers / took, 2),
    }


async def _work(opened: Queue, number: int, handle: Any, stop: asyncio.Event) -> None:
    me = Worker(f"made-{number}", ("pypi",), 1, tuple(Lane), grace=30.0)
    await opened.run(me, handle, stop)


@contextmanager
def _home() -> Iterator[Path]:
    """A home of its own, with the image and the artifacts of the usual one."""
    usual = Path(os.environ.get("BIOPSY_HOME") or default_home())
    with tempfile.TemporaryDirectory(prefix="bw-") as folder:
        home = Path(folder)
        for name in SHARED:
            if (usual / name).exists():
                (home / name).symlink_to(usual / name)
        yield home


def show(rows: list[Row]) -> None:
    """Print a table."""
    names = (
        *("what", "slots", "releases", "jobs", "seconds", "an hour"),
        *("median", "p95", "cpu a job", "of ideal", "load"),
    )
    table = Table(*names, title="Packages an hour")
    for row in rows:
        table.add_row(*(str(row.get(name, "")) for name in names))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
