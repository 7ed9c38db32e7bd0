"""`biopsy analyze`: what it prints, where, and with which exit status."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sample

from biopsy import pipeline
from biopsy.cli import elevate
from biopsy.cli.commands import analyze
from biopsy.errors import BiopsyError, CannotSandbox, RegistryError, UsageError

Run = Callable[..., Any]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let the pipeline give these, one a target: what verdicts come to is not for a test to wait for."""
    answers: list[Any] = []

    def give(target: str, options: pipeline.Options, progress: Any) -> tuple[Any, ...]:
        progress(f"looking at {target}", 0.5)
        given = answers.pop(0)
        if isinstance(given, BaseException):
            raise given
        return (given,)

    monkeypatch.setattr(pipeline, "analyze", give)
    monkeypatch.setattr(elevate, "ensure_root", lambda *_: None)
    return answers


def test_a_folder_is_read_without_a_sandbox_and_without_root(run: Run, project: Path) -> None:
    result = run("analyze", "--static-only", project)
    assert result.exit_code == 3, result.output
    assert "nothing was run" in result.stdout
    assert "biopsy: unpacking" in result.stderr


def test_json_of_a_real_reading_is_one_document_on_standard_output(run: Run, project: Path) -> None:
    result = run("analyze", "--static-only", "-q", "-f", "json", project)
    document = json.loads(result.stdout)
    assert document["static_only"] is True
    assert document["verdict"] == "unknown", "reading alone acquits nobody"
    assert result.stderr == ""


def test_a_kept_analysis_is_shown_again_and_listed(run: Run, project: Path) -> None:
    first = json.loads(run("analyze", "--static-only", "-q", "-f", "json", project).stdout)
    again = json.loads(run("show", first["run_id"], "-f", "json").stdout)
    assert again == first
    assert first["run_id"] in run("show").stdout


def test_the_ending_of_the_file_says_the_format(run: Run, project: Path, tmp_path: Path) -> None:
    report = tmp_path / "deep" / "report.html"
    result = run("analyze", "--static-only", "-q", project, "-o", report)
    assert result.stdout == ""
    assert report.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("fail_on", "analysis", "status"),
    [
        ("malicious", sample.malicious(), 1),
        ("malicious", sample.read_only(), 0),
        ("malicious", sample.benign(), 0),
        ("malicious", sample.unknown(), 3),
        ("suspicious", sample.read_only(), 1),
        ("suspicious", sample.malicious(), 1),
        ("never", sample.malicious(), 0),
        ("never", sample.unknown(), 3),
    ],
)
def test_the_exit_status_is_the_verdict(
    run: Run, answer: list[Any], fail_on: str, analysis: Any, status: int
) -> None:
    answer.append(analysis)
    assert run("analyze", "pypi:x", "--fail-on", fail_on).exit_code == status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("no such file: ./x.whl"), 2),
        (RegistryError("the registry did not answer"), 2),
        (CannotSandbox("runsc is missing: biopsy doctor --install"), 3),
    ],
)
def test_what_breaks_on_our_side_is_one_line(
    run: Run, answer: list[Any], error: BiopsyError, status: int
) -> None:
    answer.append(error)
    result = run("analyze", "-q", "pypi:x")
    assert result.exit_code == status
    assert result.stderr == f"biopsy: {error}\n"
    assert result.stdout == ""


def test_a_target_that_fails_does_not_stop_the_next(run: Run, answer: list[Any]) -> None:
    answer += [RegistryError("gone"), sample.benign()]
    result = run("analyze", "-q", "pypi:x", "pypi:y")
    assert result.exit_code == 2
    assert "pypi:x: gone" in result.stderr
    assert "BENIGN" in result.stdout


@pytest.mark.parametrize(
    ("failed", "verdict", "status"),
    [(2, "malicious", 1), (2, "unknown", 2), (3, "benign", 3), (0, "unknown", 3)],
)
def test_of_several_the_worst_is_told(failed: int, verdict: str, status: int) -> None:
    assert analyze._status([verdict, "benign"], "malicious", failed) == status


def test_a_fault_of_ours_never_looks_like_a_verdict(run: Run, answer: list[Any]) -> None:
    answer.append(ZeroDivisionError("oops"))
    result = run("analyze", "-q", "pypi:x")
    assert result.exit_code == 3
    assert "a fault in biopsy itself" in result.stderr


def test_being_interrupted_is_130(run: Run, answer: list[Any]) -> None:
    answer.append(KeyboardInterrupt())
    assert run("analyze", "-q", "pypi:x").exit_code == 130


def test_options_reach_the_pipeline(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[pipeline.Options] = []
    monkeypatch.setattr(
        pipeline, "analyze", lambda _target, options, _progress: seen.append(options) or (sample.benign(),)
    )
    arguments = [
        "--static-only",
        "--profile",
        "laptop",
        "--profile",
        "github-actions",
        "--phases",
        "install,import",
        "--timeout",
        "9",
    ]
    result = run("analyze", "pypi:x", *arguments, "--artifact", "sdist", "--keep", tmp_path / "kept")
    assert result.exit_code == 0, result.output
    (options,) = seen
    assert options.profiles == ("laptop", "github-actions")
    assert options.phases == ("install", "import")
    assert (options.timeout, options.artifact, options.keep) == (9.0, "sdist", tmp_path / "kept")
    assert options.home == tmp_path / "home"


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze"],
        ["analyze", "x", "--format", "pdf"],
        ["analyze", "x", "--timeout", "0"],
        ["nonsense"],
        ["analyze", "--nope"],
    ],
)
def test_wrong_usage_is_one_line_that_says_where_to_look(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "--help" in result.stderr


def test_what_cannot_be_read_is_said_in_one_line(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken-1.0.tar.gz"
    broken.write_bytes(b"this is no archive")
    result = run("analyze", "--static-only", "-q", broken)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


def test_hostile_targets_do_not_reach_the_terminal_raw(run: Run) -> None:
    result = run("analyze", "--static-only", "\x1b[2Jx\u202e")
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr
    assert "\u202e" not in result.stderr


def test_a_pipe_that_breaks_is_quiet_and_the_verdict_stays(project: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "biopsy.cli",
        "analyze",
        "--static-only",
        "-q",
        "-f",
        "json",
        str(project),
    ]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        done = subprocess.run(command, stdout=nobody, stderr=subprocess.PIPE, env={**os.environ, "BIOPSY_HOME": str(tmp_path)}, check=False)  # fmt: skip
    assert done.stderr == b""
    assert done.returncode == 3, "that of an unknown verdict"


def _fake_sudo(folder: Path, script: str) -> str:
    folder.mkdir()
    (folder / "sudo").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "sudo").chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    return f"{folder}:{os.environ['PATH']}"


def test_without_root_and_without_sudo_it_says_what_else_can_be_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", _fake_sudo(tmp_path / "bin", "exit 1"))
    with pytest.raises(CannotSandbox, match="--static-only"):
        elevate.ensure_root(["analyze", "pypi:six"], tmp_path)


def test_without_root_it_starts_again_through_sudo_and_keeps_the_settings_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "execvpe", lambda _file, command, environ: started.append((command, environ)))
    monkeypatch.setenv("PATH", _fake_sudo(tmp_path / "bin", "exit 0"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:secret@index.example/simple")
    monkeypatch.setenv("UNRELATED", "x")
    elevate.ensure_root(["analyze", "pypi:six"], tmp_path / "home")
    ((command, environ),) = started
    assert command[:2] == ["sudo", "-n"]
    assert command[-2:] == ["analyze", "pypi:six"]
    assert "secret" not in " ".join(command)
    preserved = command[2].removeprefix("--preserve-env=").split(",")
    assert {"BIOPSY_HOME", "HOME", "PIP_INDEX_URL"} <= set(preserved)
    assert "UNRELATED" not in preserved
    assert environ["BIOPSY_HOME"] == str(tmp_path / "home")
