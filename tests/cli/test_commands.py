"""The other commands, and what all of them promise."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
COMMANDS = ["analyze", "compare", "show", "doctor", "image", "rules", "completion", "version"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_found_and_teaches(run: Run, command: str) -> None:
    assert command in run("--help").stdout
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage: biopsy" in result.stdout


def test_help_says_examples_and_exit_statuses(run: Run) -> None:
    shown = run("analyze", "--help").stdout
    assert "biopsy analyze pkg:pypi/six@1.17.0" in shown
    assert "3  an analysis could not finish" in shown


def test_help_imports_nothing_slow() -> None:
    script = "import sys; sys.argv[1:] = ['--help']\nfrom biopsy.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    script += "print(*(m for m in ('jinja2', 'httpx', 'msgspec', 'yaml', 'biopsy.detect', 'biopsy.model.dossier') if m in sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""


def test_rules_are_listed_shown_and_proved(run: Run) -> None:
    listed = json.loads(run("rules", "list", "--format", "json").stdout)
    assert len(listed) >= 40
    first = listed[0]["id"]
    assert first in run("rules", "list").stdout
    assert f"rule: {first}" in run("rules", "show", first).stdout
    tested = run("rules", "test")
    assert tested.exit_code == 0, tested.stdout
    assert "none failed" in tested.stdout


def test_a_rule_that_is_none_is_wrong_usage(run: Run) -> None:
    result = run("rules", "show", "no/such-rule")
    assert result.exit_code == 2
    assert "biopsy rules list" in result.stderr


def test_a_wrong_rule_is_told_by_file_and_line(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "rules" / "exfil"
    folder.mkdir(parents=True)
    (folder / "x.yml").write_text("rule: exfil/x\ntitle: X\nnonsense: 1\n")
    result = run("rules", "test", "--rules", tmp_path / "rules")
    assert result.exit_code == 2
    assert "x.yml:" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_for_the_command_by_its_name(run: Run, shell: str) -> None:
    assert "_BIOPSY_COMPLETE" in run("completion", shell).stdout


def test_the_version_is_told_both_ways(run: Run) -> None:
    assert run("version").stdout.startswith("biopsy ")
    assert run("--version").stdout.startswith("biopsy")


def test_the_doctor_says_what_is_there_in_words_and_for_programs(run: Run) -> None:
    words = run("doctor")
    assert words.exit_code in (0, 3)
    assert "python" in words.stdout
    document = json.loads(run("doctor", "--format", "json").stdout)
    assert {"name", "ok", "needed", "said", "how"} == set(document["checks"][0])


def test_no_image_is_no_error_but_removing_one_that_is_none_is(run: Run) -> None:
    assert "no image is built yet" in run("image", "list").stdout
    assert json.loads(run("image", "list", "-f", "json").stdout) == []
    assert run("image", "remove").exit_code == 2


def test_nothing_kept_is_said(run: Run) -> None:
    assert "nothing is kept yet" in run("show").stdout
    assert run("show", "20260101-000000-nothing").exit_code == 2
