"""`biopsy enqueue`, `biopsy queue` and `biopsy status`, as people and scripts use them."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from working import At, job

from biopsy import queue
from biopsy.cli.app import biopsy
from biopsy.model.feed import Item

Run = Callable[..., Result]


@pytest.fixture
def run(dsn: str, tmp_path: Path) -> Run:
    """Run biopsy with a queue of its own."""
    return _runner(dsn, tmp_path)


@pytest.fixture
def alone(tmp_path: Path) -> Run:
    """Run biopsy where no queue is to be had."""
    return _runner("host=/nonexistent", tmp_path)


def _runner(dsn: str, tmp_path: Path) -> Run:
    def command(*words: object, text: str | bytes | None = None, columns: int = 120) -> Result:
        env = {"BIOPSY_HOME": str(tmp_path / "home"), "BIOPSY_DSN": dsn, "COLUMNS": str(columns)}
        return CliRunner().invoke(biopsy, [str(word) for word in words], env=env, input=text)

    return command


def test_packages_are_asked_for_once_and_looked_at(run: Run) -> None:
    assert run("enqueue", "pypi:Six", "npm:@scope/a@1.3.0").stdout == "2 enqueued\n"
    assert run("enqueue", "pypi:six", "--all-versions").stdout == "0 enqueued, 1 known already\n"
    listed = json.loads(run("queue", "list", "-f", "json").stdout)
    assert [(e["job"]["release"]["name"], e["job"]["lane"], e["job"]["published"][:4]) for e in listed] == [
        ("@scope/a", "manual", ""),
        ("six", "manual", "1970"),
    ]
    shown = run("queue", "list", "--name", "@scope*").stdout
    assert "pkg:npm/%40scope/a@1.3.0" in shown
    assert "six" not in shown


def test_a_list_is_taken_in_but_for_the_lines_that_name_nothing(run: Run) -> None:
    lines = b"pkg:pypi/requests@2.0\n\n# a comment\nnonsense\npypi:flask # why\n\x1b[31mx\n"
    result = run("enqueue", "--from", "-", text=lines)
    assert (result.exit_code, result.stdout) == (1, "2 enqueued\n")
    assert "-:4: which ecosystem is 'nonsense' of?" in result.stderr
    assert "\x1b" not in result.stderr


def test_lock_files_popular_names_and_trials(run: Run, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("six==1.17.0\nrequests==2.0\n")
    shown = run("enqueue", "--from", lock, "--dry-run").stdout
    assert shown == "batch    pkg:pypi/six@1.17.0\nbatch    pkg:pypi/requests@2.0\n"
    assert "nothing waits" in run("status", "--once").stdout
    said = json.loads(
        run("enqueue", "--popular", "pypi", "--first", 50, "--static-only", "-f", "json").stdout
    )
    assert said == {"new": 50, "known": 0, "sooner": 0, "wrong": 0}
    (first,) = json.loads(run("queue", "list", "-f", "json", "--limit", 1).stdout)
    assert (first["job"]["priority"], first["job"]["depth"]) == (-49, "static")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("enqueue",), "which packages?"),
        (("enqueue", "nonsense"), "which ecosystem"),
        (("enqueue", "--from", "/nonexistent"), "cannot read"),
        (("enqueue", "--from", "-"), "no package in that"),
        (("enqueue", "--popular", "cobol"), "no ecosystem"),
        (("queue", "retry"), "which jobs?"),
        (("status",), "cannot be used"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(alone: Run, words: tuple[str, ...], told: str) -> None:
    result = alone(*words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_what_is_not_there_is_told_too(run: Run) -> None:
    for words, told in ((("show", "7"), "no job 7"), (("pause", "x:y"), "neither a lane")):
        result = run("queue", *words)
        assert (result.exit_code, told in result.stderr) == (2, True)


def fill(dsn: str, home: Path) -> None:
    """A queue in which everything has happened."""

    async def handle(taken: queue.Taken) -> queue.Done:
        if taken.job.release.name == "big":
            raise queue.Park("too-large", "\x1b[31mof 9 GB")
        return queue.Done(verdict="malicious")

    async def main() -> None:
        async with queue.open(queue.Settings(home, dsn)) as q:
            jobs = [job("a", published="2026-11-22T00:00:00Z"), job("big")]
            await q.advance("pypi/changelog", "", "7", [Item("pypi", "a", "1.0")], jobs, queue.Seen())
            await q.advance("npm/watch", "", '{"a": "1", "b": "2"}', [], [], queue.Seen())
            await q.troubled("npm/watch", "http-503", "\x1b[2J")
            async with At(q, handle):
                pass
            await q.enqueue([job("late")])

    asyncio.run(main())


@pytest.mark.parametrize("columns", [80, 160])
def test_status_says_what_there_is_and_what_wants_a_person(
    run: Run, dsn: str, tmp_path: Path, columns: int
) -> None:
    fill(dsn, tmp_path)
    result = run("status", "--once", columns=columns)
    assert result.exit_code == 1
    assert "! feed npm/watch: http-503 (1 times in a row)" in result.stdout
    assert "! 1 jobs wait and no worker lives: biopsy worker" in result.stdout
    for words in ("malicious", "too-large", "pkg:pypi/a@1.0", "1 messages wait"):
        assert words in result.stdout
    assert ("2 packages" in result.stdout) is (columns > 100)
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= columns
    told = json.loads(run("status", "-f", "json").stdout)
    assert (len(told["feeds"]), len(told["trouble"]), told["messages"]) == (2, 2, 1)


def test_what_was_parked_is_seen_and_put_right(run: Run, dsn: str, tmp_path: Path) -> None:
    fill(dsn, tmp_path)
    shown = run("queue", "list", "--state", "parked").stdout
    assert "too-large (\\x1b[31mof 9 GB)" in shown
    number = shown.splitlines()[2].split()[0]  # below the heads and their line
    assert "parked too-large" in run("queue", "show", number).stdout
    assert run("queue", "retry", "--reason", "too-large").stdout == "1 wait to be done again\n"
    assert run("queue", "park", number).stdout == "1 parked\n"
    assert run("queue", "cancel", number).stdout == "1 cancelled\n"
    stats = json.loads(run("queue", "stats", "-f", "json").stdout)
    assert [(t["lane"], t["jobs"], t["since"] is not None) for t in stats["times"]] == [("realtime", 1, True)]
    assert "waited" in run("queue", "stats").stdout


def test_pauses_and_limits_are_set_and_seen(run: Run) -> None:
    assert run("queue", "pause", "batch").exit_code == 0
    assert run("queue", "pause", "pypi/changelog").exit_code == 0
    assert (
        run("queue", "limit", "npm", "--at-once", 3, "--a-second", 0.5).stdout
        == "npm: 3 at once, 0.5 a second\n"
    )
    stats = run("queue", "stats").stdout
    assert "limit: npm 3 at once, 0.5 a second" in stats
    assert "paused: lane:batch" in stats
    assert "paused" in run("status", "--once").stdout
    assert run("queue", "resume", "batch").stdout == "batch goes on\n"


@pytest.mark.parametrize("words", [("enqueue",), ("queue", "retry"), ("queue", "list"), ("status",)])
def test_help_teaches(alone: Run, words: tuple[str, ...]) -> None:
    result: Any = alone(*words, "--help")
    assert "Examples" in result.stdout
