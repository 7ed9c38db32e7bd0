"""The page on publishing: what it tells people to type works, in the order in which it is told."""

import json
import re
import shlex
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("tuf")

from biopsy.cli.app import biopsy
from biopsy.reports import config
from biopsy.reports.database import Database

PAGE = (Path(__file__).parents[2] / "docs/publishing.md").read_text("utf-8")
COMMANDS = [
    line for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]
SETTINGS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
REPORT = {
    "id": "MAL-2026-1", "modified": "2026-11-01T00:00:00Z", "details": "Words.",
    "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "versions": ["1.0.0"]}],
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the page names, a home with one report, and the page's own settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIOPSY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CHAT_SECRET", "a secret that is none")
    held = Database(tmp_path / "home/reports.db", create=True)
    held.take("one", [("x", json.dumps(REPORT).encode())], "2026-11-01T00:00:00Z")
    held.close()
    roles = SETTINGS[1].replace("keys = 3", "keys = 2")
    (tmp_path / "home/reports.toml").write_text(SETTINGS[0] + roles)
    (tmp_path / "dist").mkdir()
    (tmp_path / "setup.py").write_text("from setuptools import setup\nsetup(name='thing', version='1.0')\n")
    with tarfile.open(tmp_path / "dist/thing-1.0.tar.gz", "w:gz") as archive:
        archive.add("setup.py", "thing-1.0/setup.py")
    return tmp_path


def run(command: str) -> Result:
    return CliRunner().invoke(biopsy, shlex.split(command)[1:])


def test_the_settings_of_the_page_are_read(place: Path) -> None:
    assert config.webhooks(place / "home/reports.toml")["chat"].ecosystems == ("npm",)
    assert config.signing(place / "home/reports.toml").role("root").threshold == 2


def test_the_commands_of_the_page_work_one_after_the_other(place: Path) -> None:
    done = run("biopsy analyze dist/thing-1.0.tar.gz --static-only -f json -o run.json")
    assert done.exit_code in {0, 1, 3}, done.output
    (run_id,) = re.findall(r'"run_id": *"([^"]+)"', (place / "run.json").read_text())[:1]
    for command in COMMANDS:
        key = next((place / "public/keys").glob("*"), None) if (place / "public/keys").is_dir() else ""
        done = run(command.replace("RUN_ID", run_id).replace("KEY_FILE", str(key)))
        assert done.exit_code == 0, f"{command}: {done.output}"
    for command in ("biopsy reports release public/", "biopsy reports verify public/ --root root.json"):
        done = run(command)  # with the keys that were replaced above
        assert done.exit_code == 0, f"{command}: {done.output}"
    roots = {path.name for path in (place / "public/tuf/metadata").glob("*.root.json")}
    assert roots == {"1.root.json", "2.root.json", "3.root.json"}
