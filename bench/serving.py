"""How fast the server answers, on one process, from a database of many reports.

    python -m bench.serving --reports 240000      a database made for it (minutes)
    python -m bench.serving --database FILE       one that is there

Asks over HTTP on loopback, one connection a client: single questions, batches of 1,000 of which all, or
one in ten, are on reported packages, a lock file of 2,000 packages, and 200 clients at once. What is asked
differs from one request to the next. Prints a table; the exit status is 1 where a bound is missed.
"""

import argparse
import asyncio
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from biopsy.reports import derived
from biopsy.reports.database import Database
from biopsy.reports.policy import Policy
from biopsy.reports.reader import Reader

BOUNDS = {"single": 5.0, "batch of 1,000, a tenth reported": 50.0, "batch of 1,000, all reported": 50.0}
MEMORY = 1024  # MB
CLIENTS, EACH = 200, 20
WARM = 200  # requests that are not counted


def main() -> int:
    """Measure, and say whether every bound is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--reports", type=int, default=24_000)
    parser.add_argument("--database", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.database or _made(Path(folder) / "reports.db", given.reports)
        began = time.monotonic()
        derived.refresh(path)  # as a server does when it begins: until then it answers, and more slowly
        print(f"read for the first time in {time.monotonic() - began:.1f} s")
        asked = Questions(path, random.Random(given.seed))
        with _served(path) as (port, process):
            return _measured(port, process, asked)


def _made(path: Path, count: int) -> Path:
    from bench.reports_made import made  # noqa: PLC0415

    database, objects = Database(path, create=True), made(count)
    while some := list(islice(objects, 2000)):
        database.take("bench", some, "2026-11-01T00:00:00Z", Policy("publish"))
    database.close()
    return path


class Questions:
    """What is asked: packages that are reported, at a version that is, and others."""

    def __init__(self, path: Path, dice: random.Random) -> None:
        """Read the names of a sample of reports."""
        reader = Reader(path)
        rows = reader.listed(ecosystem="", withdrawn=False, after=0, limit=10_000_000)
        some = [row for row in rows if row.package.ecosystem and row.id]
        self.count, self._dice = len(rows), dice
        self._bad = [self._of(reader, row.id) for row in dice.sample(some, min(20_000, len(some)))]
        reader.close()

    @staticmethod
    def _of(reader: Reader, own: str) -> dict[str, Any]:
        about = (reader.report(own) or {})["affected"][0]
        listed = about.get("versions") or ["1.0.0"]
        package = {"name": about["package"]["name"], "ecosystem": about["package"]["ecosystem"]}
        return {"package": package, "version": listed[0]}

    def one(self, *, bad: bool) -> dict[str, Any]:
        """A question."""
        if bad:
            return self._dice.choice(self._bad)
        name = f"some-{self._dice.randrange(10**9)}"
        return {
            "package": {"name": name, "ecosystem": self._dice.choice(("npm", "PyPI"))},
            "version": "1.2.3",
        }

    def batch(self, share: float) -> dict[str, Any]:
        """A batch of which a share is on reported packages."""
        return {"queries": [self.one(bad=self._dice.random() < share) for _ in range(1000)]}

    def lock(self) -> dict[str, Any]:
        """A lock file of npm with 2,000 packages, one in a hundred reported."""
        bad = [one for one in self._bad if one["package"]["ecosystem"] == "npm"]
        packages = {}
        for number in range(2000):
            one = self._dice.choice(bad) if number % 100 == 0 else self.one(bad=False)
            packages[f"node_modules/{one['package']['name']}"] = {"version": one["version"]}
        return {"lockfileVersion": 3, "packages": packages}


@contextmanager
def _served(path: Path) -> Iterator[tuple[int, int]]:
    command = [
        sys.executable, "-c", "from biopsy.cli import main; main()", "serve", "--database", str(path),
        "--port", "0", "--reads", "0", "--read-only",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = (process.stderr or sys.stdin).readline()
            yield int(line.split(" (")[0].rpartition(":")[2]), process.pid
        finally:
            process.terminate()


def _measured(port: int, process: int, asked: Questions) -> int:
    print(f"{asked.count:,} reports; one process\n{'':36}{'p50':>9}{'p95':>9}{'worst':>9}{'of the CPU':>13}")
    wrong = 0
    for name, path, count, make in (
        ("single", "/v1/query", 2000, lambda: asked.one(bad=random.random() < 0.5)),
        ("batch of 1,000, a tenth reported", "/v1/querybatch", 60, lambda: asked.batch(0.1)),
        ("batch of 1,000, all reported", "/v1/querybatch", 60, lambda: asked.batch(1.0)),
        ("lock file of 2,000 packages", "/api/v1/check?filename=package-lock.json", 20, asked.lock),
    ):
        before = _cpu(process)
        times, asks = _timed(port, path, count, make)
        cost = (_cpu(process) - before) / asks
        p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
        missed = p95 > BOUNDS.get(name, 500.0)
        wrong += missed
        print(f"{name:36}{p50:6.1f} ms{p95:6.1f} ms{times[-1]:6.1f} ms{cost:10.1f} ms{'  too slow' * missed}")
    bodies = [json.dumps(asked.one(bad=random.random() < 0.5)).encode() for _ in range(CLIENTS * EACH)]
    began = time.perf_counter()
    errors = asyncio.run(_crowd(port, bodies))
    rate = len(bodies) / (time.perf_counter() - began)
    print(f"{CLIENTS} clients at once: {rate:,.0f} answers a second, {errors} errors")
    memory = _memory(process)
    print(f"resident memory: {memory:,} MB")
    return 1 if wrong or errors or memory > MEMORY else 0


def _timed(port: int, path: str, count: int, make: Callable[[], Any]) -> tuple[list[float], int]:
    """How long each of so many requests took in milliseconds, sorted; and how many were sent."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times = []
    warm = min(WARM, count // 4)
    for number in range(count + warm):
        body = json.dumps(make()).encode()
        began = time.perf_counter()
        client.request("POST", path, body)
        answer = client.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status}")
        if number >= warm:
            times.append((time.perf_counter() - began) * 1000)
    return sorted(times), count + warm


async def _crowd(port: int, bodies: list[bytes]) -> int:
    """How many of the requests of many clients at once went wrong."""
    results = await asyncio.gather(*(_client(port, bodies[n::CLIENTS]) for n in range(CLIENTS)))
    return sum(results)


async def _client(port: int, bodies: list[bytes]) -> int:
    wrong = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for body in bodies:
        head = f"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        try:
            told = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).lower()
            length = int(told.partition(b"content-length: ")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            wrong += not told.startswith(b"http/1.1 200")
        except (OSError, EOFError, ValueError, TimeoutError):
            wrong += 1
    writer.close()
    return wrong


def _cpu(process: int) -> float:
    """The time that a process had of processors, in milliseconds: what others do beside it does not count."""
    held = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(held[11]) + int(held[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _memory(process: int) -> int:
    """The most memory that a process ever had, in MB."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    line = next(one for one in text.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    sys.exit(main())
