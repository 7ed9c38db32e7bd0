"""Finding a gVisor that works, and control groups to put it in."""

import pytest

from biopsy.errors import CannotSandbox
from biopsy.sandbox import cgroup, gvisor


@pytest.fixture
def runsc(tmp_path, monkeypatch):
    """A gVisor that only works on the platform `good`, and hangs on `hangs`."""
    binary = tmp_path / "bin" / "runsc"
    binary.parent.mkdir()
    binary.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        "  *--version*) echo 'runsc version 0.0~20990101.0'; echo asked >> "
        + str(tmp_path / "asked")
        + ";;\n"
        "  *=good*) echo it-works; echo tried >> " + str(tmp_path / "tried") + ";;\n"
        "  *=hangs*) sleep 60;;\n"
        "  *) echo 'no such platform' >&2; exit 1;;\n"
        "esac\n"
    )
    binary.chmod(0o755)
    monkeypatch.setattr(gvisor, "PATIENCE", 0.5)
    return tmp_path


@pytest.mark.sandbox
def test_a_platform_that_hangs_is_left_out_and_what_works_is_remembered(runsc, monkeypatch):
    monkeypatch.setenv(gvisor.ENV, "bad,hangs,good")
    for _ in range(2):
        engine = gvisor.choose(runsc)
        assert (engine.version, engine.platform) == ("20990101.0", "good")
    assert (runsc / "tried").read_text() == "tried\n"


@pytest.mark.sandbox
def test_a_machine_where_none_works_is_told_why(runsc, monkeypatch):
    monkeypatch.setenv(gvisor.ENV, "bad")
    with pytest.raises(CannotSandbox, match="bad: no such platform"):
        gvisor.choose(runsc)


def test_control_groups_of_version_1_are_made_below_our_own(tmp_path):
    folder = tmp_path / "memory" / "ours"
    folder.mkdir(parents=True)
    (tmp_path / "cpu").mkdir()
    mounts, own = tmp_path / "mounts", tmp_path / "own"
    mounts.write_text(
        f"cgroup {tmp_path}/memory cgroup rw,memory 0 0\ncgroup {tmp_path}/cpu cgroup rw,cpu,cpuacct 0 0\n"
    )
    own.write_text("4:memory:/ours\n2:cpu,cpuacct:/\n")
    found = cgroup.plan("run", mounts, own)
    assert found == (f"{tmp_path}/cpu/biopsy-run", f"{folder}/biopsy-run")


def test_control_groups_of_version_2_are_made_where_memory_is_delegated(tmp_path):
    inner = tmp_path / "user.slice" / "session.scope"
    inner.mkdir(parents=True)
    for folder, controllers in ((tmp_path, "cpu memory pids"), (inner.parent, "memory pids"), (inner, "")):
        (folder / "cgroup.subtree_control").write_text(controllers)
    mounts, own = tmp_path / "mounts", tmp_path / "own"
    mounts.write_text(f"cgroup2 {tmp_path} cgroup2 rw 0 0\n")
    own.write_text("0::/user.slice/session.scope\n")
    assert cgroup.plan("run", mounts, own) == (f"{inner.parent}/biopsy-run",)


def test_a_machine_without_a_memory_controller_has_no_groups(tmp_path):
    mounts, own = tmp_path / "mounts", tmp_path / "own"
    mounts.write_text("proc /proc proc rw 0 0\n")
    own.write_text("0::/\n")
    assert cgroup.plan("run", mounts, own) == ()
