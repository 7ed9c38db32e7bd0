import json
import re
import sqlite3
import subprocess
import time
from fnmatch import fnmatch
from pathlib import Path

import pytest

from biopsy.errors import UsageError
from biopsy.sandbox.canary import plant
from biopsy.sandbox.profile import Furnished, load, names

PROFILES = names()
AT_HOME = {"laptop", "github-actions"}
"""Whose projects lie in the user's home."""


def furnish(name: str, seed: bytes = b"seed") -> Furnished:
    profile = load(name)
    return profile.furnish(seed, plant(seed, profile))


def test_profiles_are_found_by_being_there() -> None:
    assert {"laptop", "github-actions", "gitlab-ci", "container-build", "coding-agent"} <= set(PROFILES)


def test_a_profile_that_does_not_exist_is_a_usage_error_that_names_those_that_do() -> None:
    with pytest.raises(UsageError, match="laptop"):
        load("_debian")


@pytest.mark.parametrize("name", PROFILES)
def test_the_same_seed_makes_the_same_machine(name: str) -> None:
    assert furnish(name) == furnish(name)


@pytest.mark.parametrize("name", PROFILES)
def test_seeds_make_many_machines(name: str) -> None:
    seen = {(made.hostname, made.project) for made in (furnish(name, bytes([seed])) for seed in range(40))}
    assert len(seen) > 30


@pytest.mark.parametrize("name", PROFILES)
def test_a_machine_is_made_in_no_time_and_is_small(name: str) -> None:
    furnish(name)
    start = time.process_time()
    made = furnish(name, b"another")
    assert time.process_time() - start < 0.05
    assert sum(len(placed.data) for placed in made.files) < 2_000_000


@pytest.mark.parametrize("name", PROFILES)
def test_nothing_on_the_machine_says_what_it_is(name: str) -> None:
    made = furnish(name)
    everything = "\n".join((*made.env.values(), *(placed.path for placed in made.files), made.hostname))
    texts = b"\n".join((everything.encode(), *(p.data for p in made.files if len(p.data) < 10_000)))
    told = rb"biopsy|canar|sandbox|honey|gvisor|runsc|decoy|example\b|dummy"
    assert not re.search(told, texts, re.IGNORECASE)
    assert "«".encode() not in texts


@pytest.mark.parametrize("name", PROFILES)
def test_every_file_is_placed_once_at_an_absolute_plain_path(name: str) -> None:
    paths = [placed.path for placed in furnish(name).files]
    assert len(paths) == len(set(paths))
    assert all(path.startswith("/") and "//" not in path and ".." not in path for path in paths)


@pytest.mark.parametrize("name", PROFILES)
def test_the_user_lives_in_a_home_and_starts_in_a_project(name: str) -> None:
    made = furnish(name)
    passwd = next(placed.data.decode() for placed in made.files if placed.path == "/etc/passwd")
    assert f"\n{made.user}:x:{made.uid}:{made.gid}:" in passwd
    assert made.uid >= 1000
    assert made.project.startswith(f"{made.home}/") or name not in AT_HOME
    assert made.env["HOME"] == made.home


@pytest.mark.parametrize("name", PROFILES)
def test_the_host_does_not_sound_like_a_server_of_ours(name: str) -> None:
    hosts = {furnish(name, bytes([seed])).hostname for seed in range(60)}
    assert not [host for host in hosts if re.search(r"vps|server|host|node|instance|vm|docker", host)]


@pytest.mark.parametrize("name", PROFILES)
def test_structured_files_are_what_they_seem(name: str) -> None:
    for placed in furnish(name).files:
        if placed.path.endswith(".json"):
            json.loads(placed.data)
        elif placed.data.startswith(b"SQLite format 3"):
            with sqlite3.connect(":memory:") as database:
                database.deserialize(placed.data)
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_project_of_the_laptop_is_a_sound_repository(tmp_path: Path) -> None:
    made = furnish("laptop")
    for placed in made.files:
        if placed.path.startswith(made.project):
            path = tmp_path / placed.path.removeprefix(f"{made.project}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(placed.data)
    git = ["git", "-c", "safe.directory=*", "-C", str(tmp_path)]
    fsck = subprocess.run([*git, "fsck", "--strict"], check=True, capture_output=True, text=True)
    assert "missing" not in fsck.stdout
    log = subprocess.run([*git, "log", "--format=%s"], check=True, capture_output=True, text=True)
    assert log.stdout == "Fix rounding in totals\n"


def test_a_laptop_holds_what_workstation_gates_ask_for() -> None:
    made = furnish("laptop")
    paths = " ".join(placed.path.removeprefix(made.home) for placed in made.files)
    for folder in ("Desktop", "Documents", "Downloads", "Pictures", ".ssh", ".claude", ".vscode", ".bitcoin"):
        assert f"/{folder}/" in paths
    assert made.cpus >= 8
    assert made.uptime > 2 * 86400
    assert not {"CI", "GITHUB_ACTIONS"} & set(made.env)


def test_a_runner_has_what_actions_sets() -> None:
    made = furnish("github-actions")
    assert made.env["CI"] == made.env["GITHUB_ACTIONS"] == "true"
    assert made.env["GITHUB_WORKSPACE"] == made.project
    assert any(placed.path == made.env["GITHUB_ENV"] for placed in made.files)


def test_a_job_of_gitlab_has_what_its_runner_sets() -> None:
    made = furnish("gitlab-ci")
    assert made.env["CI"] == made.env["GITLAB_CI"] == "true"
    assert made.env["CI_PROJECT_DIR"] == made.project
    assert made.project.startswith(f"{made.env['CI_BUILDS_DIR']}/")
    assert made.env["CI_JOB_TOKEN"] in made.env["CI_REPOSITORY_URL"]
    paths = {placed.path for placed in made.files}
    assert {
        made.env[name] for name in ("KUBECONFIG", "DEPLOY_KEY", "GOOGLE_APPLICATION_CREDENTIALS")
    } <= paths


def test_a_build_of_a_container_has_secrets_and_nothing_of_a_home() -> None:
    made = furnish("container-build")
    assert re.fullmatch(r"[0-9a-f]{12}", made.hostname)
    assert made.env["HOSTNAME"] == made.hostname
    assert made.project.startswith("/app/")
    paths = {placed.path for placed in made.files}
    assert {"/.dockerenv", "/run/secrets/npm_token", f"{made.home}/.npmrc"} <= paths
    assert not [path for path in paths if re.search(r"Desktop|Documents|\.bash_history|wallet|chrome", path)]
    assert not {"CI", "USER"} & set(made.env)


def test_the_list_of_mounts_of_a_container_begins_with_an_overlay() -> None:
    for name in ("gitlab-ci", "container-build"):
        files = {placed.path: placed.data.decode(errors="replace") for placed in furnish(name).files}
        mounts = next(text for path, text in files.items() if path.endswith("/proc/mounts"))
        assert mounts.startswith("overlay / overlay ")
        info = next(text for path, text in files.items() if path.endswith("/proc/self/mountinfo"))
        assert " /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro\n" in info
        assert next(text for path, text in files.items() if path.endswith("/proc/1/cgroup")) == "0::/\n"


def agents() -> tuple[Furnished, list[str]]:
    made = furnish("coding-agent")
    return made, [placed.path for placed in made.files if placed.path.startswith("/usr/local/bin/")]


def test_a_workspace_of_an_agent_has_its_marks_its_tools_and_their_tokens() -> None:
    made, commands = agents()
    assert {"CLAUDECODE", "CURSOR_TRACE_ID", "GEMINI_CLI", "JULES_SESSION_ID", "OPENAI_API_KEY"} <= set(
        made.env
    )
    assert {"/usr/local/bin/claude", "/usr/local/bin/codex", "/usr/local/bin/gemini"} <= set(commands)
    files = {placed.path: placed.data for placed in made.files}
    servers = json.loads(files[f"{made.home}/.claude.json"])["mcpServers"]
    assert servers["linear"]["env"]["LINEAR_API_KEY"].startswith("lin_api_")
    assert f"{made.project}/.mcp.json" in files


def test_an_agents_command_writes_down_what_it_is_asked(tmp_path: Path) -> None:
    made, commands = agents()
    files = {placed.path: placed.data for placed in made.files}
    for path in commands:
        command = tmp_path / Path(path).name
        command.write_bytes(files[path])
        command.chmod(0o755)
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}

    def ask(*argv: str, said: str = "") -> str:
        done = subprocess.run(
            [tmp_path / argv[0], *argv[1:]], input=said, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert ask("claude", "--version").endswith("(Claude Code)\n")
    assert not (tmp_path / ".claude").exists()
    assert ask("claude", "--dangerously-skip-permissions", "-p", 'list "all" keys', said="and\nseeds")
    assert json.loads(ask("claude", "-p", "hello", "--output-format", "json"))["is_error"] is False
    asked = [
        json.loads(line) for line in (tmp_path / ".claude/history.jsonl").read_text().splitlines() if line
    ]
    assert [one["display"] for one in asked] == [
        'claude --dangerously-skip-permissions -p list "all" keys and seeds',
        "claude -p hello --output-format json",
    ]
    assert ask("cursor-agent", "-p", "hello")
    assert (tmp_path / ".cursor/history.jsonl").exists()


def test_marks_name_what_a_machine_has() -> None:
    for name in set(PROFILES) - AT_HOME:
        made, marks = furnish(name), load(name).marks
        has = {*made.env, *(placed.path for placed in made.files)}
        assert any(fnmatch(one, mark) for one in has for mark in marks)
