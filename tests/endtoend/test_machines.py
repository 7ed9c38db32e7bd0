"""Three machines with addresses of their own share one queue: one is cut off, one loses its power."""

import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("pgqueuer", reason="needs biopsy[queue]")

from estate import BIOPSY, Estate, until
from machines import Machine, network, postgres, registry
from test_nothing_is_lost import hurry

from thorough import WHOLE, often

COUNT = often(40, 300)
HOLD = """
import psycopg, sys
from biopsy.queue.line import _THERE
with psycopg.connect(sys.argv[1]) as held:
    held.execute(_THERE.format("biopsy"))
    held.execute("SELECT id FROM job WHERE state = 'waiting' ORDER BY id DESC LIMIT 2 FOR UPDATE")
    print("held", flush=True)
    sys.stdin.read()
"""
"""Holds two jobs in a transaction, as a worker does when it takes one; no other can have them meanwhile."""

WORKER = ("worker", "--slots", "2", "--static-only", "--no-reports", "--floor", "64", "--log", "json")


def start(machine: Machine, folder: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start a worker on a machine, with a home of its own."""
    home = folder / machine.name
    home.mkdir()
    words = machine.command(*BIOPSY, *WORKER, "--name", machine.name, "--home", home)
    with (folder / f"{machine.name}.log").open("wb") as log:
        return subprocess.Popen(words, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


@pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
def test_what_one_machine_cannot_end_others_do(tmp_path: Path) -> None:
    with network(3) as (hub, machines), postgres(hub, tmp_path) as dsn, registry(hub, COUNT) as index:
        environment = {
            **os.environ,
            "BIOPSY_DSN": dsn,
            "PIP_INDEX_URL": index,
            "PIP_CONFIG_FILE": "/dev/null",
        }
        (tmp_path / "list.txt").write_text("".join(f"pkg:pypi/calm-{n}@1.0\n" for n in range(COUNT)))
        asked = hub.command(*BIOPSY, "enqueue", "--from", tmp_path / "list.txt", "--home", tmp_path / "hub")
        done = subprocess.run(asked, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        local = {**environment, "BIOPSY_DSN": f"host={tmp_path} port=5432 user=biopsy dbname=postgres"}
        estate = Estate(tmp_path / "hub", tmp_path, local)
        words = machines[0].command(sys.executable, "-c", HOLD, dsn)
        holds = subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert holds.stdout is not None
        assert holds.stdout.readline() == b"held\n"
        workers = [start(machine, tmp_path, environment) for machine in machines]

        def count(state: str) -> int:
            (row,) = estate.rows("SELECT count(*) AS n FROM job WHERE state = %s AND version <> ''", state)
            return int(row["n"])

        until(lambda: len(_by(estate)) == 3, 90, "every machine has ended a job")
        machines[0].cut()
        machines[1].kill()
        began = time.monotonic()

        def over() -> bool:
            if not WHOLE:
                hurry(estate)
            time.sleep(0.5)
            return count("done") == COUNT

        until(over, 180, f"the rest is done by the third: {count('done')}")
        took = time.monotonic() - began
        assert workers[0].poll() is None, "a machine that is cut off waits"
        assert holds.poll() is None, "whoever held two jobs is alive, and cut off"
        machines[0].mend()
        holds.kill()
        results = estate.rows("SELECT job, count(*) AS n FROM result GROUP BY job")
        assert Counter(row["n"] for row in results) == {1: COUNT}
        print(f"{COUNT} jobs, by machine {_by(estate)}; after the cut and the kill {took:.0f} s")
        for worker in (workers[0], workers[2]):
            worker.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert {workers[0].wait(60), workers[2].wait(60)} == {0}


def _by(estate: Estate) -> dict[str, int]:
    rows = estate.rows("SELECT split_part(worker, ' ', 1) AS name, count(*) AS n FROM result GROUP BY 1")
    return {row["name"]: row["n"] for row in rows}
