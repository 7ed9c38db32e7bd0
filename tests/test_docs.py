"""What the documents tell people to type works."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from thorough import WHOLE

ROOT = Path(__file__).parent.parent
PAGES = [p for p in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if p.name != "CHANGELOG.md"]
TOLD_IN_ORDER = {
    "replay.md": "tests/replay/test_replay_page.py",
    "reports.md": "tests/reports/test_reports_page.py",
    "warehouse.md": "tests/warehouse/test_warehouse_pages.py",
    "cookbook.md": "tests/warehouse/test_warehouse_pages.py",
}
"""Pages whose commands need each other; the test that runs them."""

BLOCK = re.compile(r"```(?:sh|console)\n(.*?)```", re.DOTALL)
RUN_ID = "RUN_ID"
ONE_AS_TOLD = "biopsy analyze pkg:pypi/six@1.17.0"
"""Runs all phases under both profiles, also where the others are kept short."""


def _commands(*, alone: bool = False) -> list[str]:
    """The commands of all pages; `alone`: only of those whose commands do not need each other."""
    pages = [page for page in PAGES if not (alone and page.name in TOLD_IN_ORDER)]
    lines = (
        line for page in pages for block in BLOCK.findall(page.read_text()) for line in block.splitlines()
    )
    plain = (line.partition("  #")[0].removeprefix("$ ").strip() for line in lines)
    return sorted({line for line in plain if line})


def _marked(command: str) -> object:
    marks = []
    if re.search(r"(pypi|npm)[:/]", command):
        marks.append(pytest.mark.network)
    if " analyze " in command and "--static-only" not in command:
        marks.append(pytest.mark.sandbox)
    return pytest.param(command, marks=marks, id=command[:60])


def _shorter(command: str) -> str:
    """The command as it is told; where others take as long, with less: one profile and fewer phases, or read."""
    runs = re.search(r" (analyze|compare) ", command)
    told = any(option in command for option in ("--static-only", "--profile", "--phases"))
    if WHOLE or not runs or told or command == ONE_AS_TOLD:
        return command
    less = "--static-only" if runs[1] == "compare" else "--profile laptop --phases install,import"
    return f"{command} {less}"


BIOPSY = [_marked(c) for c in _commands(alone=True) if c.startswith("biopsy ")]
MAKE = [c for c in _commands() if c.startswith("make ")]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with what the documents name: `dist/thing-1.0.tar.gz`, and the command on the PATH."""
    thing = tmp_path / "thing"
    thing.mkdir()
    (thing / "setup.py").write_text("from setuptools import setup\nsetup(name='thing', version='1.0')\n")
    (tmp_path / "dist").mkdir()
    subprocess.run(["tar", "czf", "dist/thing-1.0.tar.gz", "thing"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize("command", BIOPSY)
def test_a_command_of_the_documents_works(command: str, place: Path, home: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "BIOPSY_HOME": str(home), "PATH": path}
    done = subprocess.run(
        shlex.split(_shorter(command)), cwd=place, env=env, capture_output=True, text=True, check=False
    )
    # 1 and 3 are verdicts; 2 is a command that makes no sense.
    assert done.returncode in {0, 1, 3}, done.stderr


@pytest.mark.parametrize("command", MAKE)
def test_a_make_target_of_the_documents_exists(command: str) -> None:
    target = command.split()[1]
    assert re.search(rf"(?m)^{target}:", (ROOT / "Makefile").read_text())


def test_a_page_that_is_told_in_order_has_its_own_test() -> None:
    assert all((ROOT / test).is_file() for test in TOLD_IN_ORDER.values())


def test_every_command_of_the_documents_is_of_ours() -> None:
    strange = [
        c for c in _commands() if not c.startswith(("biopsy ", "make ", "python -m ", "git ", ".venv/bin/"))
    ]
    assert strange == []
