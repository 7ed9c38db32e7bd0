import io
import tarfile
from pathlib import Path

import pytest

from drivers.conftest import Site

MARK = "open('mark-{0}', 'w').close()"
PARENT = "[int(l.split()[1]) for l in open(f'/proc/{os.getppid()}/status') if l.startswith('PPid')][0]"

HOSTILE = {
    "alpha/__init__.py": "",
    "alpha/bad.py": "raise RuntimeError('boom')",
    "alpha/unsayable.py": "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
    "alpha/exits.py": "import sys; sys.exit(3)",
    "alpha/hard.py": "import os; os._exit(0)",
    "alpha/segfault.py": "import os; os.kill(os.getpid(), 11)",
    "alpha/parent.py": "import os; os.kill(os.getppid(), 9)",
    "alpha/grand.py": f"import os; os.kill({PARENT}, 9)",
    "alpha/closes.py": "import os; os.closerange(0, 1000)",
    "alpha/loop.py": "while True: pass",
    "alpha/prints.py": 'import os; os.write(1, b\'{"phase": "failed", "reason": "forged"}\\n\' * 99); print("x")',
    "alpha/forged.py": "import os, json\nfor fd in range(3, 50):\n  try: os.write(fd, b'\\xff{}[]\\n')\n  except OSError: pass",
    "alpha/native.cpython-311-x86_64-linux-gnu.so": "no ELF",
    "alpha/needs.py": "import nothing_of_that_name",
    "alpha/background.py": "import subprocess; subprocess.Popen(['sleep', '30'])",
    "alpha/zz_good.py": "",
    "alpha/tests/test_it.py": "",
    "alpha/not-a-name.py": "",
    "odd.data": "",
    "namespace/inner/one.py": "",
    "namespace/pack/__init__.py": "",
    "namespace/pack/two.py": "",
    "dies/__init__.py": "import os; os._exit(1)",
    "dies/below.py": "",
    "single.py": "",
}


def test_every_module_has_an_outcome_whatever_the_others_do(site: Site) -> None:
    site.install("alpha", HOSTILE)
    report = site.drive("pymodules.py", "import", "--name", "alpha", "--budget", "40", "--each", "2")
    assert {name: ": ".join(filter(None, outcome)) for name, outcome in report.steps.items()} == {
        "alpha": "completed",
        "alpha.bad": "failed: raised: RuntimeError: boom",
        "alpha.unsayable": "failed: raised: E",
        "alpha.exits": "failed: exited: SystemExit: 3",
        "alpha.hard": "crashed: exit-0",
        "alpha.segfault": "crashed: signal-11",
        "alpha.parent": "crashed: ended-its-parent",
        "alpha.grand": "crashed: ended-the-driver",
        "alpha.closes": "completed",
        "alpha.loop": "timeout: no end",
        "alpha.prints": "completed",
        "alpha.forged": report_of(report.steps["alpha.forged"]),
        "alpha.native": report_of(report.steps["alpha.native"]),
        "alpha.needs": "failed: missing-module: nothing_of_that_name",
        "alpha.background": "completed",
        "alpha.zz_good": "completed",
        "alpha.tests.test_it": "completed",
        "namespace.inner.one": "completed",
        "namespace.pack": "completed",
        "namespace.pack.two": "completed",
        "dies": "crashed: exit-1",
        "dies.below": "skipped: parent-crashed: dies",
        "single": "completed",
    }
    assert report.steps["alpha.native"][1].startswith("import-error: ")
    assert report.steps["alpha.forged"][0] in ("completed", "crashed")
    assert (report.phase, report.exit) == ("completed", 0)
    assert report.reason.startswith("partly: ")
    assert report.seconds < 30


def report_of(outcome: tuple[str, str]) -> str:
    return ": ".join(filter(None, outcome))


def test_threads_and_exit_handlers_get_their_turn(site: Site) -> None:
    site.install(
        "beta",
        {
            "beta/__init__.py": "",
            "beta/thread.py": "import threading, time\n"
            f"threading.Thread(target=lambda: (time.sleep(0.3), {MARK.format('thread')})).start()",
            "beta/handler.py": f"import atexit; atexit.register(lambda: {MARK.format('exit')})",
            "beta/endless.py": "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
        },
    )
    report = site.drive("pymodules.py", "import", "--name", "beta")
    assert report.phase == "completed"
    assert {p.name for p in (site.root / "project").iterdir()} == {"mark-thread", "mark-exit"}
    assert report.seconds < 15


def test_a_budget_that_runs_out_is_said(site: Site) -> None:
    site.install("gamma", {f"gamma{i}.py": "import time; time.sleep(0.7)" for i in range(6)})
    report = site.drive("pymodules.py", "import", "--name", "gamma", "--budget", "1")
    assert report.phase == "timeout"
    assert report.reason.startswith("budget: ")
    assert ("skipped", "budget") in report.steps.values()
    assert len(report.steps) == 6


def test_modules_that_share_a_process_each_have_an_outcome(site: Site) -> None:
    count = "import os; os.write(os.open('tries', os.O_CREAT | os.O_APPEND | os.O_WRONLY), b'x')\n"
    site.install(
        "alpha",
        {
            "alpha/__init__.py": "",
            "alpha/library.py": f"{count}raise RuntimeError('no library')",
            **{f"alpha/a{number}.py": "from alpha import library" for number in range(9)},
            "alpha/hard.py": "import os; os._exit(3)",
            "alpha/loop.py": "while True: pass",
            "alpha/one.py": "import alpha.two",
            "alpha/two.py": "x = 1",
            "alpha/zz_catches.py": "try: import alpha.library\nexcept RuntimeError: pass",
        },
    )
    report = site.drive("pymodules.py", "import", "--name", "alpha", "--own", "0", "--each", "2")
    outcomes = {name: ": ".join(filter(None, outcome)) for name, outcome in report.steps.items()}
    assert outcomes == {
        "alpha": "completed",
        **{f"alpha.a{number}": "failed: raised: RuntimeError: no library" for number in range(9)},
        "alpha.hard": "crashed: exit-3",
        "alpha.library": "failed: raised: RuntimeError: no library",
        "alpha.loop": "timeout: no end",
        "alpha.one": "completed",
        "alpha.two": "completed: loaded-with: alpha.one",
        "alpha.zz_catches": "completed",
    }
    tries = (site.root / "project" / "tries").read_bytes()
    assert (
        len(tries) < 6
    )  # once when first imported, once when asked for, and again in a process started anew


def test_below_a_package_that_cannot_be_imported_nothing_is_tried(site: Site) -> None:
    site.install(
        "omega",
        {
            "omega/__init__.py": "",
            "omega/bad/__init__.py": "1 / 0",
            "omega/bad/x.py": "",
            "omega/good.py": "",
        },
    )
    report = site.drive("pymodules.py", "import", "--name", "omega")
    assert report.steps["omega.bad.x"] == ("skipped", "parent-failed: omega.bad")
    assert (report.status("omega.bad"), report.status("omega.good")) == ("failed", "completed")


def test_what_came_from_the_file_under_another_name_is_found_and_nothing_else_that_came_from_one(
    site: Site,
) -> None:
    site.install("real", {"real.py": ""})
    info = next(site.packages.glob("real-*.dist-info"))
    (info / "direct_url.json").write_text('{"url": "file:///home/ada/vendor/other%2B1-1.0.tar.gz"}')
    for mode in ("import", "execute"):
        ours = site.drive("pymodules.py", mode, "--name", "other", "/home/ada/vendor/other+1-1.0.tar.gz")
        assert ours.status("real") == "completed"
        theirs = site.drive("pymodules.py", mode, "--name", "other", "/home/ada/vendor/another-1.0.tar.gz")
        assert (theirs.phase, theirs.reason, theirs.steps) == ("skipped", "not-installed", {})


SOURCE = {
    "setup.py": MARK.format("setup"),
    "conftest.py": MARK.format("conftest"),
    "src/failing/__init__.py": MARK.format("package"),
    "src/failing/native.py": "from failing import _made_by_the_build",
    "src/failing/pages/index.html": "",
    "src/single.py": MARK.format("single"),
    "docs/conf.py": MARK.format("docs"),
}


@pytest.mark.parametrize("flat", [True, False])
def test_what_could_not_be_installed_is_imported_from_its_source(site: Site, flat: bool) -> None:
    artifact = site.root / "failing-1.0.tar.gz"
    with tarfile.open(artifact, "w:gz") as tar:
        for name, text in SOURCE.items():
            path = name.removeprefix("src/") if flat else name
            member = tarfile.TarInfo(f"failing-1.0/{path}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("failing-1.0/out")
        link.type, link.linkname = tarfile.SYMTYPE, "/"
        tar.addfile(link)
    report = site.drive("pymodules.py", "import", "--name", "failing", str(artifact))
    assert (report.phase, report.reason) == (
        "completed",
        "from-source: partly: 1 of 3 modules did not work",
    )
    assert set(report.steps) == {"failing", "failing.native", "single"}
    assert {p.name for p in (site.root / "project").iterdir()} == {"mark-package", "mark-single"}

    called = site.drive("pymodules.py", "execute", "--name", "failing", str(artifact))
    assert (called.phase, called.reason) == ("skipped", "not-installed")


@pytest.mark.parametrize("name", ["odd-1.0.tar.gz", "odd-1.0.zip", "odd-1.0-py3-none-any.whl"])
def test_a_file_that_cannot_be_opened_offers_no_source(site: Site, name: str) -> None:
    (site.root / name).write_bytes(b"no archive")
    report = site.drive("pymodules.py", "import", "--name", "odd", str(site.root / name))
    assert (report.phase, report.reason) == ("skipped", "not-installed")


def test_what_is_not_installed_is_skipped(site: Site) -> None:
    site.install("empty", {"data.txt": ""})
    absent = site.drive("pymodules.py", "import", "--name", "absent")
    assert (absent.phase, absent.reason, absent.exit) == ("skipped", "not-installed", 65)
    empty = site.drive("pymodules.py", "execute", "--name", "empty")
    assert (empty.phase, empty.reason) == ("skipped", "no-modules")


CALLED = f"""
import os
def secret(word):
    if word == "open sesame": {MARK.format("secret")}
class Raises:
    def __init__(self, value): raise ValueError("no")
    def method(self): {MARK.format("method")}
    @property
    def prop(self): {MARK.format("prop")}
async def later(): {MARK.format("later")}
def items():
    yield 1
    {MARK.format("items")}
def path(filename): open(filename).read(); {MARK.format("path")}
def stubborn():
    while True:
        try:
            while True: pass
        except BaseException: pass
def sleeps():
    import time; time.sleep(100)
def quits(): os._exit(3)
def leaves(): raise SystemExit(2)
def kills(): os.kill(os.getppid(), 9)
def typed(count: int, *, name: str = "x", **more): return "a" * count
class Lazy:
    def __getattr__(self, name): raise ImportError(name)
lazy = Lazy()
def _private(): {MARK.format("private")}
def _hidden(x=None): {MARK.format("held")}
HANDLERS = {{"greet": _hidden}}
def factory(options):
    def handler(request):
        if request.user.is_staff and request.headers["x"] == "y": {MARK.format("made")}
    return handler
def choosy(e, wanted):
    os.environ.get("x")
    if e.profile.level == 3 and wanted["a"]["b"]: {MARK.format("choosy")}
def children():
    import subprocess
    for _ in range(3): subprocess.run(["sleep", "0.3"])
    {MARK.format("children")}
class Special:
    def __getitem__(self, key): {MARK.format("item")}
def hands(where: "pathlib.Path"): where.parent; {MARK.format("typed")}
def zz_last(): {MARK.format("last")}
"""


def test_functions_classes_and_methods_are_called_whatever_the_others_do(site: Site) -> None:
    site.install("delta", {"delta/__init__.py": "", "delta/code.py": CALLED, "delta/tests/test_x.py": CALLED})
    report = site.drive("pymodules.py", "execute", "--name", "delta", "--budget", "20", "--each", "8")
    marks = {p.name.removeprefix("mark-") for p in (site.root / "project").iterdir()}
    assert marks == {
        "secret", "method", "prop", "later", "items", "path", "last", "held", "made", "choosy", "item", "typed",
        "children",
    }  # fmt: skip
    assert report.status("delta.code.Raises()") == "failed"
    assert report.status("delta.code.Raises.method()") == "completed"
    assert report.status("delta.code.stubborn()") == "timeout"
    assert report.status("delta.code.sleeps()") == "timeout"
    assert report.steps["delta.code.quits()"] == ("crashed", "exit-3")
    assert report.status("delta.code.leaves()") == "failed"
    assert report.status("delta.code.typed()") == "completed"
    assert report.phase == "completed"
    assert not any("tests" in step for step in report.steps)


def test_who_decodes_keys_is_given_one(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "notes.txt").write_text("alpha")
    (tmp_path / "samples" / "account.json").write_text('{"key": "k", "wallet": "5Kd3N"}')
    monkeypatch.setenv("HOME", str(tmp_path))
    text = f"def b58decode(v):\n    if type(v) is str and v[::-1] == 'N3dK5': {MARK.format('decoded')}\n"
    text += f"def encode(v):\n    if type(v) is str and v[::-1] == 'N3dK5': {MARK.format('encoded')}\n"
    site.install("delta", {"delta/__init__.py": text})
    site.drive("pymodules.py", "execute", "--name", "delta", "--budget", "20", "--each", "8")
    assert {p.name for p in (site.root / "project").iterdir()} == {"mark-decoded"}
