"""The pre-commit hook and the GitHub action say what is so: they parse, and name real commands and options."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from test_readers import CASES

from biopsy import guard
from biopsy.cli.commands.check import FAILS, command

ROOT = Path(__file__).parents[2]
HOOK = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
OPTIONS = {word for param in command.params for word in param.opts}


def test_the_hook_starts_a_command_that_there_is() -> None:
    program, name, *options = shlex.split(HOOK["entry"])
    assert (program, name) == ("biopsy", command.name)
    assert set(options) <= OPTIONS


@pytest.mark.parametrize("name", sorted({case["name"] for case in CASES}))
def test_the_hook_is_given_the_files_that_are_found(name: str) -> None:
    assert re.search(HOOK["files"], name)
    assert re.search(HOOK["files"], f"sub/{name}")
    assert guard.named(name)


@pytest.mark.parametrize("name", ["package.json", "pyproject.toml", "README.md", "notes.txt", "a.lock"])
def test_the_hook_is_not_given_others(name: str) -> None:
    assert not re.search(HOOK["files"], name)
    assert not guard.named(name)


def test_the_action_runs_a_command_with_options_that_there_are() -> None:
    script = ACTION["runs"]["steps"][1]["run"]
    lines = [line for line in script.splitlines() if '"$biopsy"' in line]
    assert len(lines) == 2
    for line in lines:
        words = shlex.split(line.partition("||")[0])
        assert words[1] == command.name
        assert {w for w in words[2:] if w.startswith("-") and w != "--"} <= OPTIONS


def test_the_action_is_bash_and_takes_its_inputs_as_variables() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        done = subprocess.run(["bash", "-n"], input=step["run"], text=True, capture_output=True, check=False)
        assert done.stderr == ""


def test_the_action_offers_the_verdicts_that_there_are() -> None:
    told = ACTION["inputs"]["fail-on"]["description"].rpartition("one of ")[2].rstrip(".").split(", ")
    assert tuple(told) == tuple(FAILS)
    assert ACTION["inputs"]["fail-on"]["default"] in FAILS
