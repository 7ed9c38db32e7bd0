"""Nothing is left behind by a run, however it ends."""

import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from biopsy.sandbox.clean import clean, leftovers

RUN = """
import sys, time
from pathlib import Path
from biopsy.model.run import Phase
from biopsy.sandbox.raw import Job, Subject
from biopsy.sandbox.run import raw_run

def refuse(fetch):
    raise OSError

home, artifact = Path(sys.argv[1]), Path(sys.argv[2])
job = Job(f"killed-{time.time_ns()}", Subject("pypi", "x", "1", "script.py"), artifact, "laptop",
          (Phase("one", "{artifact}", timeout=30),))
with raw_run(job, home, forward=refuse, progress=print) as raw:
    print("done", flush=True)
"""
SCRIPT = """
import subprocess, time
for _ in range(20): subprocess.Popen(["sleep", "1000"], start_new_session=True)
time.sleep(1)
"""


def gone(home: Path, patience: float = 15.0) -> list[str]:
    end = time.monotonic() + patience
    while (
        left := [one for one in leftovers(home) if "killed-" in one or one.startswith(("mount", "interface"))]
    ) and time.monotonic() < end:
        time.sleep(0.1)
    return left


@pytest.mark.sandbox
@pytest.mark.parametrize("moment", [0.05, 0.2, 0.5, 0.9, 1.3, 1.8, 2.4])
def test_a_run_killed_at_a_random_moment_leaves_nothing(home, tmp_path, moment):
    artifact = tmp_path / "script.py"
    artifact.write_text(SCRIPT)
    command = [sys.executable, "-c", RUN, str(home), str(artifact)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(0.4 + moment + random.random() * 0.3)
        process.kill()
    assert gone(home) == []


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "who", [b"biopsy.sandbox.cell", b"runsc-sandbox", b"runsc-gofer", b"sandbox.internet"]
)
def test_a_run_whose_parts_are_killed_ends_and_leaves_nothing(home, tmp_path, who):
    artifact = tmp_path / "script.py"
    artifact.write_text(SCRIPT)
    command = [sys.executable, "-c", RUN, str(home), str(artifact)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        victims: list[int] = []
        while not (victims := _below(process.pid, who)) and process.poll() is None:
            time.sleep(0.02)
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        process.wait(60)
    assert gone(home) == []


def test_what_a_power_cut_left_is_removed_and_a_living_run_is_not(tmp_path):
    dead, alive = tmp_path / "run" / "dead", tmp_path / "run" / "alive"
    for folder in (dead, alive):
        folder.mkdir(parents=True)
        (folder / "lock").touch()
        (folder / "groups").write_text("/etc\n/sys/fs/cgroup/memory\n")
    with (alive / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert clean(tmp_path) == [str(dead)]
    assert alive.is_dir()
    assert Path("/etc").is_dir()


def _below(parent: int, word: bytes) -> list[int]:
    """Find processes with this word in their command, that descend from a process of ours."""
    parents, named = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if word in (folder / "cmdline").read_bytes():
                named.append(int(folder.name))
        except OSError:
            continue

    def descends(pid: int) -> bool:
        while pid and pid != parent:
            pid = parents.get(pid, 0)
        return pid == parent

    return [pid for pid in named if descends(pid)]
