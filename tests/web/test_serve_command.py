"""`biopsy serve`: it says where it listens, answers on several processes, and ends when it is told to."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from seeded import report, seed

import biopsy
from biopsy.cli.app import biopsy as command
from biopsy.errors import BiopsyError, UsageError
from biopsy.reports.database import Database


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    source = str(Path(biopsy.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": source, "BIOPSY_HOME": str(folder)}
    code = "from biopsy.cli import main; main()"
    args = [sys.executable, "-c", code, "serve", "--port", "0", *options]
    with subprocess.Popen(args, stderr=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            yield line.split(" at ")[1].split(" ")[0], process
        finally:
            process.kill()


def asked(address: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{address}{path}", data, timeout=30) as answer:
        return json.load(answer)


@pytest.mark.parametrize("workers", [1, 2])
def test_it_serves_what_is_there_and_ends_when_told(tmp_path: Path, workers: int) -> None:
    path = seed(tmp_path / "reports.db")
    with serving(tmp_path, "--workers", str(workers)) as (address, process):
        question = {"package": {"purl": "pkg:npm/late@1.0.0"}}
        assert asked(address, "/v1/query", question) == {}
        database = Database(path)
        late = report(77, "npm", "late", versions=["1.0.0"])
        database.take("test", [("77", json.dumps({**late, "references": []}).encode())], late["modified"])
        database.close()
        batch = asked(address, "/v1/querybatch", {"queries": [question]})
        assert batch["results"][0]["vulns"][0]["id"] == "MAL-2026-77"
        (found,) = asked(address, "/v1/query", question)["vulns"]
        assert found["references"] == [{"type": "ADVISORY", "url": f"{address}/v1/vulns/MAL-2026-77"}]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in {0, -signal.SIGTERM}


def test_an_address_that_is_taken_is_told(tmp_path: Path) -> None:
    seed(tmp_path / "reports.db")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        args = ["serve", "--home", str(tmp_path), "--port", str(taken.getsockname()[1])]
        done = CliRunner().invoke(command, args, standalone_mode=False)
    assert done.exit_code != 0
    assert isinstance(done.exception, UsageError | SystemExit)


def test_without_a_database_nothing_is_served(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["serve", "--home", str(tmp_path)], standalone_mode=False)
    assert isinstance(done.exception, BiopsyError | SystemExit)


def test_the_help_says_how_clients_are_pointed_here() -> None:
    text = CliRunner().invoke(command, ["serve", "--help"]).output
    for word in ("pip-audit", "npm audit", "--exports", "--workers", "--reads", "tokens", "Exit status"):
        assert word in text
