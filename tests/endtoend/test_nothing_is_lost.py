"""Releases come out while everything is killed, the disk fills and a registry goes away: each has one end."""

import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("pgqueuer", reason="needs biopsy[queue]")

from estate import Estate, until
from pgqueuer.domain.models import TableChangedEvent, utc_now
from pgqueuer.types import Channel
from published import Published, releases
from tests.registry.server import StandIn

from biopsy.cli.home import default_home
from biopsy.queue.tables import names
from thorough import WHOLE, often

COUNT = often(40, 500)
MINUTES = often(10, 240) / 60  # in which they are published
SEED = int(os.environ.get("BIOPSY_SEED") or 6)
ROOM = 900 * 1024**2
TARGETS = ("worker-1", "watch", "postgres", "worker-2", "postgres", "watch")
ENDS = ("done", "parked")
WORKER = ("worker", "--slots", "2", "--floor", "64", "--memory", "768", "--log", "json")
RUNS = ("--profile", "laptop", "--seconds", "180") if WHOLE else ("--static-only", "--seconds", "40")
SHARED = ("images", "bin", "baselines", "gvisor.json")
POLICY = """
static only:
  - name: ["calm-*", "sim-*", "torn-*", "short-*", "empty-*", "gone-*", "deep-*", "bomb-*", "slow-*"]
    because: only some are run here
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A home on a small disk of its own, where root may make one; else a folder."""
    home = tmp_path / "h"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0700", "biopsy-endtoend", str(home)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    yield home
    if mounted:
        subprocess.run(["umount", "-l", str(home)], check=True)


def publish(stand_in: StandIn, one: Published) -> None:
    """Publish a release, and order what is to go wrong with it."""
    filename = re.escape(one.file[0])
    if one.slow:
        stand_in.mischief.add("slow", filename, seconds=4000.0)
    if one.gone:
        stand_in.mischief.add("status", filename, status=404)
    stand_in.publish(one.ecosystem, one.name, one.version, [one.file])


def fill(home: Path, seconds: float) -> None:
    """Leave no room on the disk for a while."""
    if not os.path.ismount(home):
        return
    with contextlib.suppress(OSError), (home / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 1024 * 1024)
    time.sleep(seconds)
    (home / "filler").unlink()


def storm(estate: Estate, stand_in: StandIn, chance: random.Random, seconds: float) -> None:
    """Kill this and that at random moments; once the disk is full, and once a registry is away."""
    end = time.monotonic() + seconds
    special: list[Callable[[], None]] = [lambda: fill(estate.home, often(2, 8)), lambda: away(stand_in)]
    targets = list(TARGETS)
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, chance.uniform(0.5, 1.0) * often(2, 8)))
        estate.kill(targets[0])
        targets.append(targets.pop(0))
        if special and len(estate.killed) > 1 and chance.random() < 0.7:
            special.pop()()
    for one in special:
        one()


def away(stand_in: StandIn) -> None:
    """Have no registry answer for a while."""
    with stand_in.outage():
        time.sleep(often(2, 20))


def hurry(estate: Estate) -> None:
    """Let an hour pass for everything that waits for its time: jobs put off, and those of the dead."""
    with contextlib.suppress(Exception), estate.database() as made:
        made.execute(
            "UPDATE pgqueuer SET execute_after = now(), heartbeat = now() - interval '1 hour'"
            " WHERE execute_after > now() OR heartbeat < now() - interval '12 seconds'"
        )
        made.execute("UPDATE job SET ready = now() WHERE state = 'waiting' AND ready > now()")
        said = TableChangedEvent(
            channel=Channel(names("biopsy").channel), sent_at=utc_now(), type="table_changed_event",
            operation="update", table="pgqueuer",
        )  # fmt: skip
        made.execute("SELECT pg_notify(%s, %s)", (said.channel, said.model_dump_json()))


def unfinished(estate: Estate, every: list[Published]) -> list[str]:
    """What has not come to an end."""
    found = estate.rows("SELECT ecosystem, name, version, state FROM job")
    done = {
        (one["ecosystem"], one["name"], one["version"])
        for one in found
        if one["version"] and one["state"] in ENDS
    }
    looks = [f"look at {one['name']}" for one in found if not one["version"] and one["state"] not in ENDS]
    return looks + [one.purl for one in every if (one.ecosystem, one.name, one.version) not in done]


def test_every_release_comes_to_one_end_whatever_is_killed(disk: Path, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    every = releases(COUNT, tmp_path / "made", chance, whole=WHOLE)
    logs = tmp_path / "logs"
    logs.mkdir()
    with StandIn() as stand_in:
        environment = {**os.environ, **stand_in.environment(), "BIOPSY_HOME": str(disk)}
        with Estate(disk, logs, environment) as estate:
            began = run(estate, stand_in, every, chance)
            entries = ended(estate, every)
            statuses = estate.drain(60)
    print(f"{len(every)} releases in {time.monotonic() - began:.0f} s; killed {estate.killed}; {entries}")
    assert set(statuses.values()) == {0}
    assert stand_in.errors == []
    reported(estate, every)
    nothing_left(estate)


def run(estate: Estate, stand_in: StandIn, every: list[Published], chance: random.Random) -> float:
    """Publish everything in the storm, then wait for the end of it all."""
    if WHOLE:
        sandboxed(estate.home)
    addresses = [f"--address=pypi/changelog={stand_in.url('pypi')}"]
    estate.add(
        "watch",
        "watch",
        "pypi",
        "npm",
        "--every",
        "1",
        "--apart",
        "0",
        "--contact",
        "a@b.example",
        *addresses,
    )
    for number in (1, 2):
        estate.add(f"worker-{number}", *WORKER, *RUNS, "--name", f"w{number}")
    estate.wait_for("watch", "followed from now on", 2)
    estate.wait_for("worker-1", "worker begins")
    began = time.monotonic()
    storming = threading.Thread(target=storm, args=(estate, stand_in, chance, MINUTES * 60))
    storming.start()
    for one in every:
        publish(stand_in, one)
        time.sleep(MINUTES * 60 / len(every))
    storming.join()
    if not WHOLE:
        estate.kill("watch")  # a new one asks at once, where the old one would wait after an outage

    def over() -> bool:
        hurry(estate)
        time.sleep(1)
        return not unfinished(estate, every)

    try:
        until(over, often(120, 1200), "every release has come to an end")
    except TimeoutError:
        waits = estate.rows("SELECT * FROM job WHERE state NOT IN ('done', 'parked') LIMIT 5")
        engine = estate.rows("SELECT *, now() FROM pgqueuer LIMIT 5")
        pytest.fail(f"unfinished: {unfinished(estate, every)[:20]}\n{waits}\n{engine}")
    return began


def sandboxed(home: Path) -> None:
    """Let a home run packages: the image is the usual one's, and policy says of which there is no need."""
    usual = Path(os.environ.get("BIOPSY_HOME") or default_home())
    for name in SHARED:
        if (usual / name).exists():
            (home / name).symlink_to(usual / name)
    (home / "policy").mkdir()
    for ecosystem in ("pypi", "npm"):
        (home / "policy" / f"{ecosystem}.yml").write_text(POLICY)


def ended(estate: Estate, every: list[Published]) -> Counter[str]:
    """Check that each has exactly one job and one end; give how often which."""
    jobs = estate.rows(
        "SELECT job.id, ecosystem, name, version, state, job.reason, job.verdict, count(result.id) AS results"
        " FROM job LEFT JOIN result ON result.job = job.id WHERE version <> '' GROUP BY job.id"
    )
    found = Counter((one["ecosystem"], one["name"], one["version"]) for one in jobs)
    assert found == Counter((one.ecosystem, one.name, one.version) for one in every)
    by = {(one["ecosystem"], one["name"], one["version"]): one for one in jobs}
    ends: Counter[str] = Counter()
    for one in every:
        job = by[one.ecosystem, one.name, one.version]
        assert job["results"] == (1 if job["state"] == "done" else 0), job
        assert job["verdict"] or job["reason"], job
        if one.expect == "malicious":
            assert job["verdict"] == "malicious", job
        elif one.expect == "verdict":
            assert job["verdict"] in {"benign", "unknown"}, job
        ends[job["verdict"] or f"{job['state']} {job['reason']}"] += 1
    return ends


def reported(estate: Estate, every: list[Published]) -> None:
    """Check that there is a report, drafted, of every simulant, and of nothing else."""
    told = estate.biopsy("reports", "list", "--limit", "100000", "-f", "json")
    assert told.returncode == 0, told.stderr
    drafted = {one["name"] for one in json.loads(told.stdout)}
    assert drafted == {one.name for one in every if one.expect == "malicious"}


def nothing_left(estate: Estate) -> None:
    """Check that no process, mount or folder of a run is left."""
    until(lambda: not estate.left_running(), 40, "nothing runs any more")
    assert estate.left_mounted() == []
    for folder in ("tmp", "run"):
        assert not list((estate.home / folder).glob("*")), folder
    assert shutil.disk_usage(estate.home).free > 0
