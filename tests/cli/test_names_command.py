import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


def test_the_lists_in_use_are_told(run: Run) -> None:
    lines = run("names", "list").output.splitlines()
    assert {"npm", "pypi", "gem", "golang"} <= {line.split()[0] for line in lines}
    assert all("came with biopsy" in line for line in lines)


def test_a_resemblance_is_explained(run: Run) -> None:
    output = run("names", "check", "reqeusts", "requests", "gardening-diary").output.splitlines()
    assert output[0].startswith("reqeusts: typosquat of requests, number ")
    assert output[0].endswith("two letters exchanged")
    assert output[1].startswith("requests: is in wide use itself")
    assert output[2] == "gardening-diary: resembles nothing in wide use"


def test_for_programs_it_is_json(run: Run) -> None:
    found = json.loads(run("names", "check", "types-node", "-e", "npm", "-f", "json").output)
    assert (found["types-node"][0]["word"], found["types-node"][0]["target"]) == ("scope", "@types/node")


def test_a_list_can_be_taken_from_a_file_and_is_then_in_use(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "top.csv"
    source.write_text("rank,name\n2,beta\n1,alphabet\n")
    assert "2 names of pypi" in run("names", "refresh", "pypi", "--from", source).output
    assert "typosquat of alphabet, number 1" in run("names", "check", "alphabte").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pypi", "--from", "/nowhere/at/all"), "cannot read"),
        (("gems", "--from", "/dev/null"), "no ecosystem 'gems'"),
        (("pypi", "--from", "/dev/null"), "no names in it"),
    ],
)
def test_what_cannot_be_taken_is_said_in_one_line(run: Run, arguments: tuple[str, ...], message: str) -> None:
    result = run("names", "refresh", *arguments)
    assert result.exit_code == 2
    assert message in result.output
