"""What the guard adds to going direct, and how it holds many installs at once; all in one run, on loopback.

    python -m bench.guard                     a stand-in registry of its own
    python -m bench.guard --clients 200       as many installs at once (the default)

A registry of our own serves a project of 300 files and a package of 300 versions. The same requests go to it
directly and through a guard, in turns; what the guard adds to a listing that it has is the difference of the
medians. Then so many clients at once do what an install does, a listing and a file, on connections of their
own, directly and through the guard. Exit status 1 where a bound is missed.
"""

import argparse
import asyncio
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

ADDED = 10.0
"""Milliseconds that a guard may add to a listing that it has, at the median."""

CLIENTS, FILES, SIZE, TURNS = 200, 300, 200_000, 300
REGISTRY = "bench.guard_registry"


def main() -> int:
    """Measure, and say whether every bound is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--turns", type=int, default=TURNS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "guard.yml").write_text("minimum-age: 0\nmalicious: block\n")
        registry, where = started([sys.executable, "-m", REGISTRY], "registry at ")
        own = {
            "PIP_INDEX_URL": f"{where}/simple/",
            "npm_config_registry": f"{where}/npm/",
            "BIOPSY_HOME": folder,
        }
        biopsy = [sys.executable, "-c", "from biopsy.cli import main; main()", "guard", "--port", "0"]
        guard, there = started(biopsy, "biopsy guard: http", own)
        try:
            there = "http" + there.split("/pypi")[0]
            return asyncio.run(measured(where, there, guard.pid, given.clients, given.turns))
        finally:
            guard.terminate()
            registry.terminate()
            guard.wait(10)


def started(
    words: list[str], mark: str, more: dict[str, str] | None = None
) -> tuple["subprocess.Popen[str]", str]:
    """Start a server, and read from what it prints where it is."""
    environment = {**os.environ, **(more or {}), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    )
    for line in process.stderr or ():
        if mark in line:
            return process, line.partition(mark)[2].split()[0].rstrip("/")
    raise SystemExit(f"{words} did not begin")


async def ask(host: str, port: int, path: str) -> bytes:
    """One request on a connection of its own; gives the body."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: application/vnd.pypi.simple.v1+json\r\n"
        f"User-Agent: bench\r\nConnection: close\r\n\r\n".encode()
    )
    data = await reader.read(-1)
    writer.close()
    head, _, body = data.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise SystemExit(f"{path}: {head[:200]!r}")
    return body


async def measured(direct: str, guarded: str, pid: int, clients: int, turns: int) -> int:
    """All of it; the exit status."""
    one, two = (urlsplit(url) for url in (direct, guarded))
    here = (str(one.hostname), int(one.port or 0))
    there = (str(two.hostname), int(two.port or 0))
    missed = 0
    rows = (
        ("index page, JSON", "/simple/bench/", "/pypi/simple/bench/"),
        ("npm document", "/npm/bench", "/npm/bench"),
    )
    print(f"{'listing':20} {'direct p50':>11} {'guard p50':>11} {'adds':>9} {'guard p95':>11}")
    for name, plain, own in rows:
        await ask(*there, own)
        times: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(turns):
            for mine in (False, True):
                began = time.perf_counter()
                await ask(*(there if mine else here), own if mine else plain)
                times[mine].append((time.perf_counter() - began) * 1000)
        middle = {mine: statistics.median(some) for mine, some in times.items()}
        adds = middle[True] - middle[False]
        worst = statistics.quantiles(times[True], n=20)[-1]
        print(f"{name:20} {middle[False]:8.2f} ms {middle[True]:8.2f} ms {adds:6.2f} ms {worst:8.2f} ms")
        missed += adds > ADDED
    missed += await crowd(here, there, clients)
    print(f"memory of the guard: {memory(pid)} MB")
    return 1 if missed else 0


async def crowd(here: tuple[str, int], there: tuple[str, int], clients: int) -> int:
    """So many installs at once, direct and through the guard; ends where one gets other bytes."""
    from bench.guard_registry import content  # noqa: PLC0415

    async def install(place: tuple[str, int], prefix: str, number: int) -> None:
        await ask(*place, f"{prefix}simple/bench/")
        path = f"{prefix}files/bench/{name(number)}" if prefix != "/" else f"/files/{name(number)}"
        if hashlib.sha256(await ask(*place, path)).digest() != hashlib.sha256(content(number)).digest():
            raise SystemExit(f"{path} is not what was published")

    for title, place, prefix in (
        ("direct", here, "/"),
        ("guard, cold", there, "/pypi/"),
        ("guard, warm", there, "/pypi/"),
    ):
        began = time.perf_counter()
        await asyncio.gather(*(install(place, prefix, number % FILES) for number in range(clients)))
        print(f"{clients} installs at once, {title:12} {time.perf_counter() - began:6.2f} s")
    return 0


def name(number: int) -> str:
    """The file of a release."""
    return f"bench-1.{number}-py3-none-any.whl"


def memory(pid: int) -> int:
    """The resident memory of a process, in MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    sys.exit(main())
