"""Packages that lie to whoever traces them: nothing is forged, and nothing is lost without being counted."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from made_traces import HOME, SUBJECT, TOKEN, Story, install

from biopsy.model.behaviour import Behaviour, By
from biopsy.model.run import Run
from biopsy.sandbox import observe as observing
from biopsy.sandbox import observe_seen
from biopsy.sandbox.observe import MAX_PROCESSES, observe
from biopsy.sandbox.observe_ledger import MAX_OF_KIND, MAX_WEIGHTY
from thorough import often

FORGED = [
    "x\ncanary.leak npm-token > evil.example:443 as clear @ laptop/install#1",
    'x"], ["openat", "AT_FDCWD", "/etc/shadow"]',
    'openat(AT_FDCWD, "/etc/shadow", O_RDONLY) = 3',
    "[pid 1] execve('/bin/sh', ['sh'], 0x0) = 0\n",
    "a,b;c'd`e$(f)",
    "x @ laptop/install#1",
    "\x1b[2J\x1b[31mclean",
    "\u202etxt.exe\u2066",
    "\\x41",
    " ",
    "-rf",
]


def observed(folder: Path, story: Story, **more: object) -> Run:
    return observe(story.told(folder, **more), SUBJECT, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FORGED)
def test_a_name_that_looks_like_a_record_is_a_name(tmp_path: Path, name: str) -> None:
    run = observed(tmp_path, install().open(4, f"/srv/{name}").spawn(4, 5, "echo", name))
    found = [one for one in run.behaviours if one.by is By.PACKAGE and one.process in {4, 5}]
    kinds = sorted(str(one.kind) for one in found)
    assert kinds == ["file.read", "process.exec", "process.exec"]
    for one in found:
        assert str(one).isprintable()
        assert Behaviour.parse(str(one)) == one


def test_a_path_of_four_thousand_characters_is_kept_whole_enough(tmp_path: Path) -> None:
    long = "/srv/" + "d" * 200
    story = install()
    for end in ("1", "2"):
        story.open(4, long * 19 + end)
    run = observed(tmp_path, story)
    reads = {str(one) for one in run.behaviours if one.kind == "file.read"}
    assert len(reads) == 2


def test_a_name_that_is_not_utf8_stays_apart_from_one_that_spells_it(tmp_path: Path) -> None:
    run = observed(tmp_path, install().open(4, b"/srv/\xff").open(4, rb"/srv/\xff"))
    assert len({one.value for one in run.behaviours if one.kind == "file.read"}) == 2


def test_a_call_that_gvisor_could_not_name_is_told_and_its_file_too(tmp_path: Path) -> None:
    story = install().raw(4, 257).add("Close", 4, fd=9, path=TOKEN.path.encode()).open(4, "/etc/hosts")
    story.raw(4, 80).clone(4, 5).raw(5, 59).open(5, "relative")
    run = observed(tmp_path, story)
    found = {f"{one.kind} {one.value}" for one in run.behaviours if one.by is By.PACKAGE}
    assert found >= {
        "evasion.tracer open not UTF-8", "canary.read npm-token", "evasion.tracer chdir not UTF-8",
        "evasion.tracer execve not UTF-8", "process.exec '(not UTF-8)'", "file.read /(?)/relative",
    }  # fmt: skip


def test_where_gvisor_dropped_records_nobody_is_accused_of_hiding(tmp_path: Path) -> None:
    story = install().raw(4, 257).open(4, "/etc/hosts")
    story.records[-1] = story.records[-1][:8] + b"\5\0\0\0" + story.records[-1][12:]
    run = observed(tmp_path, story)
    assert [one for one in run.behaviours if one.kind == "evasion.tracer"] == []
    assert (run.watch.dropped, run.watch.complete) == (5, False)


def test_a_hundred_thousand_files_do_not_push_out_what_matters(tmp_path: Path) -> None:
    story = install().open(4, f"{HOME}/.bash_history")
    for number in range(100_000):
        story.add("Open", 4, path=f"/srv/walk/{number % 317}/{number}".encode(), exit={"result": 3})
        if number == 50_000:
            story.open(4, TOKEN.path)
    story.write(4, f"{HOME}/.bashrc").connect(4, "203.0.113.9", 443)
    start = time.process_time()  # other work on this machine is not its fault
    run = observed(tmp_path, story)
    took = time.process_time() - start
    found = [f"{one.kind} {one.value}" for one in run.behaviours if one.by is By.PACKAGE]
    assert {
        "canary.read npm-token", f"file.read {TOKEN.path}", f"file.write {HOME}/.bashrc", "net.connect 203.0.113.9:443",
        f"file.read {HOME}/.bash_history", "evasion.tracer flood file.read",
    } <= set(found)  # fmt: skip
    assert len(found) <= MAX_OF_KIND + MAX_WEIGHTY
    assert run.watch.behaviours_dropped == 100_000 - MAX_OF_KIND
    assert took < 15


def test_what_matters_cannot_be_flooded_with_what_looks_as_if_it_did(tmp_path: Path) -> None:
    story = install()
    for number in range(3_000):
        story.open(4, f"{HOME}/.ssh/decoy{number}", error=2).write(4, f"{HOME}/.config/autostart/{number}")
    run = observed(tmp_path, story.open(4, TOKEN.path).connect(4, "203.0.113.9", 443))
    kinds = [str(one.kind) for one in run.behaviours]
    assert "canary.read" in kinds
    assert "net.connect" in kinds
    assert run.watch.behaviours_dropped > 0


def test_a_canary_is_seen_past_the_limit_of_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observe_seen, "MAX_OPENS", 10)
    story = install()
    for number in range(50):
        story.open(4, f"/srv/{number}")
    run = observed(tmp_path, story.open(4, TOKEN.path))
    assert "canary.read" in [str(one.kind) for one in run.behaviours]
    assert run.watch.behaviours_dropped == 40


def test_ten_thousand_processes_keep_their_tree(tmp_path: Path) -> None:
    story = install()
    for pid in range(10, 10_010):
        story.spawn(4, pid, "sh", "-c", f"echo {pid}").exit(pid)
    start = time.monotonic()
    run = observed(tmp_path, story.spawn(4, 20_000, "curl", "x").connect(20_000, "203.0.113.9", 443))
    assert time.monotonic() - start < 15
    assert run.watch.behaviours_dropped > 9_000
    one = next(one for one in run.behaviours if one.kind == "net.connect")
    process = next(process for process in run.processes if process.id == one.process)
    assert process.argv == ("curl", "x")
    assert {process.parent} <= {process.id for process in run.processes}


def test_a_deep_line_of_processes_is_followed_to_its_end(tmp_path: Path) -> None:
    story = install()
    for pid in range(10, 3_010):
        story.clone(4 if pid == 10 else pid - 1, pid)
    run = observed(tmp_path, story.open(3_009, "/etc/shadow"))
    assert [one.by for one in run.behaviours if one.value == "/etc/shadow"] == [By.PACKAGE]


def test_a_hundred_thousand_events_are_observed_in_seconds(tmp_path: Path) -> None:
    story = install()
    for number in range(33_333):
        story.open(4, f"/usr/lib/python3.11/m{number % 2000}.py")
    raw = story.told(tmp_path)
    start = time.monotonic()
    run = observe(raw, SUBJECT, None)
    assert run.watch.events > 99_000
    assert time.monotonic() - start < 8


NAMES = r"""
for name in (b"x\ncanary.leak npm-token > evil.example:443 as clear @ p0#1", b'a","b', b"c'd,e;f", b"\x1b[2J",
             "\u202egnp.exe".encode(), b"back\\x41slash", b"x @ p0#1"):
    open(os.path.join(b"/tmp", name), "w").close()
deep = "/tmp/deep"
os.mkdir(deep); os.chdir(deep)
for _ in range(60):
    os.mkdir("d" * 200); os.chdir("d" * 200)
open("bottom", "w").close()
subprocess.run(["true", 'forged"]\nevasion.tracer x @ laptop/p0#1'])
"""

HIDING = r"""
home = os.environ["HOME"].encode()
os.mkdir(b"/tmp/\xff")
os.symlink(home + b"/.ssh", b"/tmp/\xff/s")
names = os.listdir(home + b"/.ssh")
for name in names:
    fd = os.open(b"/tmp/\xff/s/" + name, os.O_RDONLY); os.close(fd)
os.chdir(b"/tmp/\xff")
for fd in [os.open("/etc/hostname", os.O_RDONLY)]: os.close(fd)
child = os.fork()
if not child: os.execve("/bin/true", ["true"], {b"X": b"\xff"})
os.waitpid(child, 0)
child = os.fork()
if not child: os.execve("/bin/true", ["true", b"\xff"], {})
os.waitpid(child, 0)
"""

FILES, PROCESSES = often(20_000, 100_000), often(700, 6_000)

MANY = rf"""
os.mkdir("/tmp/many")
for number in range({FILES}):
    os.close(os.open("/tmp/many/%d" % number, os.O_CREAT | os.O_WRONLY))
open(os.environ["HOME"] + "/.bashrc", "a").close()
"""

CROWD = rf"""
subprocess.run(["sh", "-c", "i=0; while [ $i -lt {PROCESSES} ]; do (exit 0); i=$((i+1)); done"])
open("/etc/hostname").close()
"""


@pytest.mark.sandbox
def test_names_forge_nothing_in_a_real_sandbox(witness: Callable[..., Run]) -> None:
    run = witness(NAMES)
    mine = [one for one in run.behaviours if one.by is By.PACKAGE]
    assert {str(one.kind) for one in mine} <= {"file.read", "file.write", "process.exec"}
    assert len([one for one in mine if one.kind == "file.write" and one.value.startswith("/tmp/")]) >= 7
    assert all(Behaviour.parse(str(one)) == one and str(one).isprintable() for one in run.behaviours)
    assert any(one.kind == "file.write" and one.value.startswith("/tmp/deep/ddd") for one in mine)
    assert (run.watch.malformed, run.watch.dropped, run.watch.behaviours_dropped) == (0, 0, 0)


@pytest.mark.sandbox
def test_hiding_behind_bytes_that_are_not_utf8_hides_nothing(witness: Callable[..., Run]) -> None:
    run = witness(HIDING)
    found = {f"{one.kind} {one.value}" for one in run.behaviours if one.by is By.PACKAGE}
    assert {
        "evasion.tracer open not UTF-8",
        "evasion.tracer chdir not UTF-8",
        "evasion.tracer execve not UTF-8",
    } <= found
    assert any(one.startswith("canary.read ssh") for one in found)
    assert "file.read /etc/hostname" in found
    assert "process.exec true" in found


@pytest.mark.sandbox
def test_very_many_files_are_counted_in_a_real_sandbox(witness: Callable[..., Run]) -> None:
    run = witness(MANY, timeout=120)
    writes = [one.value for one in run.behaviours if one.kind == "file.write"]
    assert any(one.endswith("/.bashrc") for one in writes)
    assert any(one.value == "flood file.write" for one in run.behaviours)
    assert len(writes) + run.watch.behaviours_dropped + run.watch.dropped + run.watch.truncated >= FILES


@pytest.mark.sandbox
def test_very_many_processes_are_counted_in_a_real_sandbox(
    witness: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = min(MAX_PROCESSES, PROCESSES - 200)
    monkeypatch.setattr(observing, "MAX_PROCESSES", kept)
    run = witness(CROWD, timeout=280)
    assert run.watch.dropped == 0
    assert run.watch.events >= 3 * PROCESSES  # a beginning and two news of an end for each
    assert len(run.processes) == kept
    assert any(one.value == "/etc/hostname" for one in run.behaviours)
