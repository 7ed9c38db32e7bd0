from pathlib import Path

import pytest

from drivers.conftest import FOLDER, Report, Site, drive, wheel


@pytest.fixture
def pipped(site: Site) -> Site:
    """An environment that borrows our pip."""
    pip = pytest.importorskip("pip")
    (site.packages / "borrowed.pth").write_text(f"{Path(pip.__file__).parents[1]}\n")
    return site


def install(site: Site, path: Path) -> Report:
    return site.drive("pypi.py", "install", "--name", "x", "--budget", "50", str(path))


def test_pip_installs_a_wheel_or_says_why_not(pipped: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    report = install(pipped, wheel(pipped.root, "good", {"good.py": ""}))
    assert (report.phase, report.reason, report.exit) == ("completed", "", 0)
    assert (pipped.packages / "good.py").is_file()

    needy = install(pipped, wheel(pipped.root, "needy", {"needy.py": ""}, "nothing-of-that-name"))
    assert needy.phase == "completed"
    assert needy.reason.startswith("without-dependencies: dependency-missing: nothing-of-that-name")
    assert needy.steps["pip install"][0] == "failed"
    assert needy.status("pip install --no-deps") == "completed"
    assert (pipped.packages / "needy.py").is_file()

    other = wheel(pipped.root, "other", {"other.py": ""})
    foreign = install(pipped, other.rename(other.with_name("other-1.0-cp311-cp311-win_amd64.whl")))
    assert (foreign.phase, foreign.exit) == ("failed", 64)
    assert foreign.reason.startswith("unsupported-platform: ")

    odd = install(
        pipped, other.with_name("other-1.0-cp311-cp311-win_amd64.whl").rename(other.with_name("x.whl"))
    )
    assert odd.phase == "failed"
    assert odd.reason.startswith("invalid-name: ")
    assert "x.whl" in odd.errors


def test_the_interpreter_is_started_and_a_pth_file_may_end_it(site: Site) -> None:
    assert site.drive("pypi.py", "start").phase == "completed"
    (site.packages / "evil.pth").write_text("import os, sys; '-I' in sys.orig_argv or os._exit(7)\n")
    report = site.drive("pypi.py", "start")
    assert (report.phase, report.reason) == ("failed", "exit-7")


def test_commands_are_asked_for_help_and_cannot_hang_us(site: Site) -> None:
    names = ("good", "bad", "hang", "gone", "holds")
    site.install(
        "tools", {"tools.py": ""}, "[console_scripts]\n" + "".join(f"{n} = tools:{n}\n" for n in names)
    )
    bodies = {
        "good": "import sys; assert sys.argv[1:] == ['--help'] and sys.stdin.read() == ''",
        "bad": "raise SystemExit(2)",
        "hang": "import time; time.sleep(100)",
        "holds": "import subprocess; subprocess.Popen(['sleep', '30'])",
    }
    for name, body in bodies.items():
        script = site.python.parent / name
        script.write_text(f"#!{site.python}\n{body}\n")
        script.chmod(0o755)
    report = site.drive("pypi.py", "scripts", "--name", "tools", "--budget", "12")
    assert {name: report.steps[f"{name} --help"] for name in names} == {
        "good": ("completed", ""),
        "bad": ("failed", "exit-2"),
        "hang": ("timeout", ""),
        "gone": ("failed", "exit-127"),
        "holds": ("completed", ""),
    }
    assert report.phase == "completed"
    assert report.seconds < 12


def test_a_package_without_commands_is_skipped(site: Site) -> None:
    site.install("plain", {"plain.py": ""})
    assert site.drive("pypi.py", "scripts", "--name", "plain").reason == "no-scripts"
    assert site.drive("pypi.py", "scripts", "--name", "absent").reason == "not-installed"


def test_no_driver_bears_our_name() -> None:
    for path in FOLDER.iterdir():
        if path.is_file():
            assert "biopsy" not in path.read_text().lower(), path


def test_a_driver_without_a_reader_ends_all_the_same(site: Site) -> None:
    script = f"exec 1>&-; exec {site.python} -I {FOLDER / 'pypi.py'} start"
    assert drive(["sh", "-c", script], site.root).exit == 0


SERVER = """
import json, pathlib, sys
def main():
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        result = {"tools": [{"name": "price", "inputSchema": {"properties": {"api_key": {"type": "string"}}}}]}
        if asked["method"] == "tools/call":
            pathlib.Path(MARK).write_text(json.dumps(asked["params"]))
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""


def test_a_server_of_tools_has_each_of_them_used(site: Site) -> None:
    mark = site.root / "mark"
    text = SERVER.replace("MARK", repr(str(mark)))
    site.install(
        "prices",
        {"prices.py": "# tools for 'tools/call'\n" + text},
        "[console_scripts]\nprices = prices:main\n",
    )
    (site.python.parent / "prices").write_text(f"#!{site.python}\nimport prices\nprices.main()\n")
    (site.python.parent / "prices").chmod(0o755)
    report = site.drive("pypi.py", "scripts", "--name", "prices", "--budget", "12")
    assert report.status("prices (tools)") == "completed"
    assert '"name": "price"' in mark.read_text()
