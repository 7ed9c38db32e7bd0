"""Jobs that run packages: the limits of reading do not reach the sandbox, and a kill leaves nothing of it."""

import asyncio
import time
from pathlib import Path

import msgspec
import pytest
from tests.registry import StandIn, build

from biopsy.model.job import Job
from biopsy.model.release import Release
from biopsy.pipeline.work.coming import Came, Setting, Task
from biopsy.pipeline.work.doing import DOER
from biopsy.pipeline.work.processes import Processes
from biopsy.pipeline.work.task import Limits
from biopsy.sandbox.clean import leftovers

pytestmark = pytest.mark.sandbox

SLOW = "import time\ntime.sleep(300)\n"


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Path:
    """A home of the test's own, with the image of everybody's."""
    made = tmp_path / "home"
    made.mkdir()
    for name in ("images", "bin", "cache", "gvisor.json", "baselines"):
        if (home / name).exists():
            (made / name).symlink_to(home / name)
    return made


def _begun(home: Path) -> bool:
    """Whether a sandbox runs: its trace is being written."""
    return any(file.stat().st_size > 100_000 for file in (home / "run").glob("*/trace.bin"))


def _left(home: Path, run: str) -> list[str]:
    """What is left of a run; other tests have sandboxes at the same time."""
    found = leftovers(home)
    return [one for one in found if str(home) in one or (run and run in one)]


def test_a_job_runs_in_the_sandbox_and_a_killed_one_leaves_nothing(own: Path) -> None:
    setting = Setting(str(own), profiles=("laptop",), against="none", reports=False)

    async def main() -> Came:
        async with Processes(own, DOER, msgspec.json.encode(setting).decode()) as processes:
            hanging = Job(Release("pypi", "slow", "1.0"))
            limits = Limits(memory=600 * 1024**2)
            killed = asyncio.create_task(processes.run(msgspec.msgpack.encode(Task(hanging)), limits))
            end = time.monotonic() + 60
            while not _begun(own) and time.monotonic() < end and not killed.done():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            (run,) = (folder.name for folder in (own / "run").iterdir())
            killed.cancel()
            await asyncio.wait({killed})
            assert _left(own, run) == []
            job = Job(Release("pypi", "quick", "1.0"))
            answer = await processes.run(msgspec.msgpack.encode(Task(job)), limits)
            return msgspec.msgpack.decode(answer.data, type=Came)

    with StandIn() as registry, pytest.MonkeyPatch.context() as patch:
        for name, value in registry.environment().items():
            patch.setenv(name, value)
        for name, code in (("slow", SLOW), ("quick", "x = 1\n")):
            registry.publish("pypi", name, "1.0", [build.wheel(name, "1.0", {f"{name}/__init__.py": code})])
        came = asyncio.run(main())
    assert (came.outcome, came.verdict, came.reason) == ("analysed", "benign", "")
    assert _left(own, "") == []
    assert not list((own / "tmp").iterdir())
