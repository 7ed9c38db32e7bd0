"""Tasks in processes of their own: whatever becomes of one, it takes only itself, and leaves nothing."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from biopsy.pipeline.work.coming import Setting
from biopsy.pipeline.work.doing import DOER
from biopsy.pipeline.work.folders import sweep
from biopsy.pipeline.work.processes import Lost, NoServerError, Processes
from biopsy.pipeline.work.task import Limits, Ready

Run = Callable[..., Coroutine[None, None, bytes]]


@pytest.fixture(autouse=True)
def _doers(monkeypatch: pytest.MonkeyPatch) -> None:
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH")))))


@asynccontextmanager
async def processes(home: Path) -> AsyncIterator[Processes]:
    async with Processes(home, "doers:make", "") as made:
        yield made


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_for(note: Path) -> None:
    for _ in range(6000):
        if note.exists() and note.read_text():
            return
        time.sleep(0.01)
    raise AssertionError("nothing was noted in 60 s")


WORKER = """
import asyncio, sys
from pathlib import Path
from biopsy.pipeline.work.processes import Processes
from biopsy.pipeline.work.task import Limits

async def main(home, note):
    async with Processes(Path(home), "doers:make", "") as made:
        await made.run(f"litter_and_hang {note}".encode(), Limits())

asyncio.run(main(*sys.argv[1:]))
"""


async def lost(made: Processes, task: bytes, **limits: float) -> tuple[str, str]:
    with pytest.raises(Lost) as caught:
        await made.run(task, Limits(**limits))  # type: ignore[arg-type]
    return caught.value.why.code, caught.value.why.stage


def test_each_task_has_a_process_of_its_own_and_goes_on_at_once_with_others(tmp_path: Path) -> None:
    async def main() -> list[int]:
        async with processes(tmp_path) as made:
            answers = await asyncio.gather(*(made.run(b"pid", Limits()) for _ in range(8)))
            return [int(answer.data) for answer in answers]

    pids = asyncio.run(main())
    assert len({*pids, os.getpid()}) == 9


def test_a_process_that_ends_badly_is_a_code_and_the_next_task_knows_nothing_of_it(tmp_path: Path) -> None:
    async def main() -> dict[str, str]:
        async with processes(tmp_path) as made:
            ends = {
                task.decode().partition(" ")[0]: (await lost(made, task, **limits))[0]
                for task, limits in (
                    (b"segfault", {}),
                    (b"hang", {"seconds": 0.3}),
                    (b"eat 400", {"memory": 200 * 1024**2}),
                    (b"full", {}),
                    (b"fault of ours", {}),
                    (b"silent", {}),
                    (b"large 20000000", {}),
                )
            }
            assert int((await made.run(b"pid", Limits())).data) > 0
            return ends

    assert asyncio.run(main()) == {
        "segfault": "crashed",
        "hang": "timed-out",
        "eat": "out-of-memory",
        "full": "disk-full",
        "fault": "fault",
        "silent": "crashed",
        "large": "crashed",
    }


def test_a_task_outlives_a_signal_to_its_whole_group_and_what_it_starts_ignores_none(tmp_path: Path) -> None:
    async def main() -> int:
        async with processes(tmp_path) as made:
            return int((await made.run(b"signals", Limits())).data, 16)

    watched = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    ignored = asyncio.run(main())
    assert [number for number in watched if ignored >> (number - 1) & 1] == []


def test_a_task_stands_back_as_far_as_it_is_told(tmp_path: Path) -> None:
    async def main() -> list[int]:
        async with processes(tmp_path) as made:
            return [int((await made.run(b"nice", Limits(nice=far))).data) for far in (0, 7)]

    first, second = asyncio.run(main())
    assert second - first == min(7, 19 - first)


def test_an_end_says_at_which_stage_it_was_and_why(tmp_path: Path) -> None:
    async def main() -> tuple[str, str]:
        async with processes(tmp_path) as made:
            with pytest.raises(Lost) as caught:
                await made.run(b"fault of ours", Limits())
            return caught.value.why.stage, caught.value.why.detail

    assert asyncio.run(main()) == ("fault", "ValueError: of ours")


@pytest.mark.parametrize("how", ["answer", "time", "cancel", "server"])
def test_nothing_that_a_task_started_or_wrote_outlives_it(tmp_path: Path, how: str) -> None:
    note = tmp_path / "note"

    async def main() -> None:
        async with processes(tmp_path) as made:
            task = f"{'litter' if how == 'answer' else 'litter_and_hang'} {note}".encode()
            running = asyncio.create_task(made.run(task, Limits(seconds=0.5 if how == "time" else 60)))
            await asyncio.to_thread(wait_for, note)
            if how == "cancel":
                running.cancel()
            if how == "server":
                made._server.kill()  # type: ignore[union-attr]
            await asyncio.wait({running})
            pid, folder = note.read_text().split()
            assert Path(folder) not in made.folder.iterdir()
            if how != "server":  # then the kernel ends the task itself; a sandbox dies with its parent
                assert not alive(int(pid))
            else:
                os.kill(int(pid), signal.SIGKILL)
            assert int((await made.run(b"pid", Limits())).data) > 0

    asyncio.run(main())
    assert not (list((tmp_path / "tmp").iterdir()))


def test_a_worker_that_is_killed_takes_its_tasks_with_it_and_the_next_one_sweeps(tmp_path: Path) -> None:
    note = tmp_path / "note"

    # An interpreter of its own: a fork of pytest's process, which has threads by now, may crash at once.
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path), str(note)])
    wait_for(note)
    child, folder = note.read_text().split()
    worker.kill()
    worker.wait()
    for _ in range(500):
        if not alive(int(child)):
            break
        time.sleep(0.01)
    assert not alive(int(child))
    assert Path(folder).exists()
    sweep(tmp_path)
    assert not list((tmp_path / "tmp").iterdir())


def test_a_living_workers_folder_is_not_swept(tmp_path: Path) -> None:
    async def main() -> bool:
        async with processes(tmp_path) as made:
            sweep(tmp_path)
            return made.folder.is_dir()

    assert asyncio.run(main())


def test_what_does_not_load_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        async with Processes(tmp_path, "doers:make", "broken"):
            pass

    with pytest.raises(NoServerError, match="cannot load"):
        asyncio.run(main())


def test_the_warm_process_has_one_thread_when_it_begins_to_fork(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "cache").symlink_to(cache)

    async def main() -> Ready:
        async with Processes(tmp_path, DOER, msgspec.json.encode(Setting(str(tmp_path))).decode()) as made:
            assert made._ready is not None
            return made._ready.result()

    assert asyncio.run(main()).threads == 1


def test_a_worker_without_rules_does_not_begin(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "cache").symlink_to(cache)
    (tmp_path / "rules").mkdir()
    setting = Setting(str(tmp_path), rules=str(tmp_path / "rules"), static_only=True)

    async def main() -> None:
        async with Processes(tmp_path, DOER, msgspec.json.encode(setting).decode()):
            pass

    with pytest.raises(NoServerError, match="no rule is there"):
        asyncio.run(main())
