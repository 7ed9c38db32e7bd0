"""Goes once more in cells of their own: from right after the install, or from before it, apart from each other."""

import os
import time
from pathlib import Path

import pytest

from biopsy.errors import SandboxError
from biopsy.model.behaviour import Kind
from biopsy.model.run import Disk, Phase, Run
from biopsy.sandbox import branch
from biopsy.sandbox.inside.prepare import JOURNAL
from biopsy.sandbox.raw import Job, Limits, Subject
from biopsy.sandbox.run import run

SCRIPT = """
import os, pathlib, subprocess, sys
home = pathlib.Path.home()
there = sorted(one.name[5:] for one in home.glob('mark-*'))
gone = not (home / '.npmrc').exists()
name = sys.argv[1]
(home / ('mark-' + name)).write_text('x')
if name == 'install':
    os.remove(home / '.npmrc')
subprocess.run(['/bin/sh', '-c', f'echo {name}-saw-{"-".join(there)}{"-gone" if gone else ""}'])
"""


def phase(name: str, again: str = "", disk: Disk = Disk.USED, *, of: str = "import") -> Phase:
    return Phase(of, "{artifact}", (name,), 20.0, installs=of == "install", again=again, disk=disk)


def job(folder: Path, *phases: Phase) -> Job:
    (artifact := folder / "script.py").write_text(SCRIPT)
    subject = Subject("pypi", "x", "1", "script.py")
    return Job(f"test-{time.time_ns()}", subject, artifact, "laptop", phases)


def refuse(_: object) -> object:
    raise OSError("no registry in this test")


def saw(done: Run) -> list[str]:
    echoes = (b.value for b in done.behaviours if b.kind is Kind.PROCESS_EXEC and "echo" in b.value)
    return sorted(echo.partition("echo ")[2].rstrip("'") for echo in echoes)


@pytest.mark.sandbox
def test_each_branch_begins_where_it_should_and_sees_nothing_of_another(home: Path, tmp_path: Path) -> None:
    plan = (
        phase("install", of="install"),
        phase("first"),
        phase("used", "3d"),
        phase("day", "2031-04-01", Disk.INSTALLED),
        phase("suit", "suited", Disk.INSTALLED),
        phase("anew", "suited", Disk.NEW, of="install"),
    )
    done = run(job(tmp_path, *plan), home, forward=refuse, progress=lambda _: None)
    assert saw(done) == [
        "anew-saw-",
        "day-saw-install-gone",
        "first-saw-install-gone",
        "install-saw-",
        "suit-saw-install-gone",
        "used-saw-first-install-gone",
    ]
    again = [one.value.split()[0] for one in done.behaviours if one.kind is Kind.DIFFERS_AGAIN]
    assert sorted(set(again)) == ["2031-04-01", "3d", "suited"]
    assert [one.phase for one in done.outcomes] == ["install", "import"]
    ids = [one.id for one in done.processes]
    assert len(ids) == len(set(ids))
    assert {one.process for one in done.behaviours if one.process} <= set(ids)
    assert {one.path.rpartition("-")[2] for one in done.changes} >= {"first", "day", "suit", "anew"}


def test_a_job_is_parted_into_itself_and_a_branch_for_each_beginning(tmp_path: Path) -> None:
    goes = (
        phase("a", "suited", Disk.INSTALLED, of="start"),
        phase("b", "suited", Disk.INSTALLED),
        phase("c", "suited", Disk.NEW, of="install"),
    )
    own, branches = branch.split(job(tmp_path, phase("install", of="install"), phase("u", "3d"), *goes))
    assert [one.name for one in own.phases] == ["install", "import"]
    assert [[one.args[0] for one in each.phases] for each in branches] == [["a", "b"], ["c"]]
    assert [branch.fresh(each) for each in branches] == [False, True]
    assert len({own.run_id, *(each.run_id for each in branches)}) == 3
    assert [each.limits.time for each in branches] == [40.0, 20.0]


def test_a_disk_is_kept_as_it_is_but_for_what_processes_wrote_of_themselves(tmp_path: Path) -> None:
    journals = (upper := tmp_path / "upper") / JOURNAL[1:]
    journals.mkdir(parents=True)
    (journals / "0123").write_text("of a process that a branch does not have")
    (journals / "folder").symlink_to("/etc")
    (upper / "file").write_text("x")
    os.link(upper / "file", upper / "other")
    (upper / "out").symlink_to("/etc/passwd")
    assert branch.keep(upper, tmp_path / "kept", most=1 << 60) == ""
    kept = tmp_path / "kept"
    assert (kept / "out").is_symlink()
    assert (kept / "file").stat().st_ino == (kept / "other").stat().st_ino
    assert list((kept / JOURNAL[1:]).iterdir()) == []


def test_a_disk_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "upper").mkdir()
    assert "too large" in branch.keep(tmp_path / "upper", tmp_path / "kept", most=0)
    assert not (tmp_path / "kept").exists()


def test_a_branch_that_breaks_is_noted_and_the_others_stay(tmp_path: Path) -> None:
    from contextlib import ExitStack, contextmanager

    @contextmanager
    def start(_: Job):
        raise SandboxError("out of order")
        yield

    jobs = branch.split(job(tmp_path, phase("a", "suited", Disk.INSTALLED)))[1]
    with ExitStack() as stack:
        assert branch.run(jobs, start, stack) == ((), ("once more (suited): out of order",))


def test_a_limit_of_time_holds_for_a_branch_too(tmp_path: Path) -> None:
    from msgspec.structs import replace

    short = replace(job(tmp_path, phase("a", "suited", Disk.INSTALLED)), limits=Limits(time=5))
    assert branch.split(short)[1][0].limits.time == 5
