"""`biopsy artifact`, as it is typed."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from biopsy.model.dossier import Call
from biopsy.warehouse import Judgement, Warehouse

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def command(*arguments: object) -> Result:
        from biopsy.cli.app import biopsy

        env = {"BIOPSY_HOME": str(tmp_path / "home"), "COLUMNS": "100", "BIOPSY_STORE": None}
        return CliRunner().invoke(biopsy, ["artifact", *map(str, arguments)], env=env)

    return command


@pytest.fixture
def stored(run: Run, tmp_path: Path) -> str:
    (tmp_path / "thing-1.0.tgz").write_bytes(b"not much of a thing")
    return run("put", tmp_path / "thing-1.0.tgz").stdout.split()[0]


def test_a_file_is_put_listed_and_got_back(run: Run, stored: str, tmp_path: Path) -> None:
    assert stored == hashlib.sha256(b"not much of a thing").hexdigest()
    listed: list[dict[str, Any]] = json.loads(run("list", "-f", "json").stdout)
    assert [row["sha256"] for row in listed] == [stored]
    assert run("get", stored, "-o", tmp_path / "back").exit_code == 0
    assert (tmp_path / "back").read_bytes() == b"not much of a thing"


def test_verifying_says_what_is_damaged_and_so_does_its_status(run: Run, stored: str, tmp_path: Path) -> None:
    assert run("verify").exit_code == 0
    (lying,) = (tmp_path / "home" / "store").rglob("*.wrapped")
    lying.write_bytes(lying.read_bytes()[:-9])
    done = run("verify")
    assert done.exit_code == 1
    assert f"damaged  {stored}" in done.stdout
    assert run("verify", "0" * 64).exit_code == 1


def test_a_hold_is_put_on_shown_and_lifted(run: Run, stored: str) -> None:
    assert run("hold", stored, "--name", "case-7", "--reason", "asked for").exit_code == 0
    assert "case-7" in run("list").stdout
    assert run("lift", stored, "--name", "case-7").exit_code == 0
    assert "case-7" not in run("list").stdout
    assert run("lift", stored, "--name", "case-7").exit_code == 2


def test_nothing_goes_while_it_is_young(run: Run, stored: str) -> None:
    assert "0 artifacts" in run("gc", "--keep", "unjudged=2", "--remove").stdout
    assert run("gc", "--keep", "odd=2").exit_code == 2
    assert run("gc", "--keep", "benign=-2").exit_code == 2


def test_what_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    done = run("get", "0" * 64, "-o", tmp_path / "x")
    assert done.exit_code == 2
    assert "is stored in" in done.stderr
    assert run("get", "20260101-000000-nothing", "-o", tmp_path / "x").exit_code == 2
    assert run("put", tmp_path / "none").exit_code == 2


def test_what_was_benign_a_year_ago_goes_and_what_was_not_stays(run: Run, tmp_path: Path) -> None:
    warehouse, hashes = Warehouse(tmp_path / "home"), {}
    for call in (Call.BENIGN, Call.MALICIOUS):
        path = tmp_path / f"{call}.tgz"
        path.write_bytes(call.encode())
        hashes[call] = run("put", path).stdout.split()[0]
        judgement = Judgement(f"run-{call}", "npm", "x", "1", hashes[call], "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "r", call, "why")  # fmt: skip
        warehouse.judge([judgement])
    for lying in (tmp_path / "home" / "store").rglob("*.wrapped"):
        os.utime(lying, (time.time() - 400 * 86400,) * 2)
    (tmp_path / "home" / "store" / "artifacts" / "ab").mkdir()
    for name, days in (("x.wrapped#1", 9), ("y.wrapped#2", 1)):  # a writer was killed, another one writes
        (half := tmp_path / "home" / "store" / "artifacts" / "ab" / name).write_bytes(b"half")
        os.utime(half, (time.time() - days * 86400,) * 2)
    assert run("gc").stdout.splitlines()[0] == f"would go  {hashes[Call.BENIGN]}  benign, 400 days old"
    done = run("gc", "--remove").stdout
    assert "1 artifact, " in done
    assert "1 upload that broke off" in done
    assert [row["sha256"] for row in json.loads(run("list", "-f", "json").stdout)] == [hashes[Call.MALICIOUS]]
