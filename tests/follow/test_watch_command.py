"""`biopsy watch` as one types it: what it says, what it leaves in the queue, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result
from tests.registry import StandIn, build

from biopsy.cli.app import biopsy

BIOPSY = [sys.executable, "-c", "from biopsy.cli import main; main()"]
LIMIT = 60


@pytest.fixture
def registry() -> Iterator[StandIn]:
    with StandIn() as one:
        yield one


Watch = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def watch(registry: StandIn, dsn: str, tmp_path: Path) -> Iterator[Watch]:
    begun: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> subprocess.Popen[str]:
        env = {**os.environ, **registry.environment(), "BIOPSY_HOME": str(tmp_path), "BIOPSY_DSN": dsn}
        env["BIOPSY_FEEDS"] = f"npm/changes={registry.url('npm')}registry/"
        command = [*BIOPSY, "watch", "--log", "text", *words]
        begun.append(
            subprocess.Popen(command, env=env, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        )
        return begun[-1]

    yield begin
    for one in begun:
        one.kill()
        one.wait()


def rows(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as made:
        made.execute("SET search_path TO biopsy")
        return made.execute(query).fetchall()  # type: ignore[arg-type]


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not met():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def publish(registry: StandIn, name: str, version: str = "1.0.0") -> None:
    registry.publish("npm", name, version, [build.tgz(name, version)])


def test_once_takes_in_what_there_is_and_ends(registry: StandIn, watch: Watch, dsn: str) -> None:
    assert watch("npm", "--once", "--apart", "0").wait(LIMIT) == 0
    publish(registry, "one")
    publish(registry, "@scope/two")
    done = watch("npm", "--once", "--apart", "0", "--contact", "you@example.org")
    _, told = done.communicate(timeout=LIMIT)
    assert done.returncode == 0, told
    assert "npm/changes: following http://127.0.0.1:" in told
    assert "ended: 2 things said, 2 jobs" in told
    assert rows(dsn, "SELECT name, version, lane FROM job ORDER BY name") == [
        ("@scope/two", "", "realtime"),
        ("one", "", "realtime"),
    ]
    assert any("(+you@example.org)" in agent for agent in registry.agents)


def test_once_says_when_a_registry_did_not_answer(registry: StandIn, watch: Watch) -> None:
    with registry.outage("npm"):
        done = watch("npm", "--once", "--apart", "0")
        _, told = done.communicate(timeout=LIMIT)
    assert done.returncode == 4
    assert "npm/changes: troubled: registry-down: " in told


def test_a_process_that_is_killed_loses_nothing_and_another_takes_over(
    registry: StandIn, watch: Watch, dsn: str
) -> None:
    def count() -> int:
        return len(rows(dsn, "SELECT FROM job"))

    words = ("npm", "--every", "1", "--apart", "0", "--quiet")
    first, second = watch(*words), watch(*words)
    until(lambda: len(rows(dsn, "SELECT FROM feed WHERE cursor <> ''")) == 1)
    for number in range(40):
        publish(registry, f"thing-{number}")
    until(lambda: count() > 0)
    first.kill()
    for number in range(40, 60):
        publish(registry, f"thing-{number}")
    until(lambda: count() == 60)
    second.send_signal(signal.SIGTERM)
    assert second.wait(LIMIT) == 0
    assert rows(dsn, "SELECT items, failures FROM feed") == [(60, 0)]


def test_a_watch_list_says_what_is_new_of_these_packages_alone(
    registry: StandIn, watch: Watch, dsn: str, tmp_path: Path
) -> None:
    (tmp_path / "list").write_text("npm:mine\npypi:ours  # too\n")
    for name in ("mine", "other"):
        publish(registry, name)
    registry.publish("pypi", "ours", "1.0", [build.wheel("ours", "1.0")])
    words = ("--watch-list", str(tmp_path / "list"), "--once", "--apart", "0", "--log", "json")
    assert watch(*words).wait(LIMIT) == 0
    assert rows(dsn, "SELECT FROM job") == []
    for name in ("mine", "other"):
        publish(registry, name, "2.0.0")
    registry.publish("pypi", "ours", "2.0", [build.wheel("ours", "2.0"), build.sdist("ours", "2.0")])
    done = watch(*words)
    _, told = done.communicate(timeout=LIMIT)
    lines = [json.loads(line) for line in told.splitlines()]
    assert [line["jobs"] for line in lines if line.get("feed") == "npm/watched" and "jobs" in line] == [1]
    found = rows(
        dsn, "SELECT ecosystem, name, version, split_part(digest, ':', 1) FROM job ORDER BY 1, filename"
    )
    assert found == [("npm", "mine", "2.0.0", "sha512"), ("pypi", "ours", "", "")]


@pytest.fixture
def said(registry: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """What the command says where it asks nobody."""
    for name, value in registry.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BIOPSY_FEEDS", f"npm/changes={registry.url('npm')}registry/")

    def run(*words: str) -> Result:
        return CliRunner().invoke(biopsy, ["watch", "--home", str(tmp_path), *words])

    return run


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        (("nothing",), "no feed 'nothing'; there are: "),
        (("--address", "npm", "npm"), "write FEED=URL"),
        (("--contact", "me", "npm"), "no contact: 'me'"),
        (("--watch-list", "none"), "cannot read none"),
        (("--low", "9", "--high", "9", "npm"), "--low 9 is not below --high 9"),
        (("--explain", "zip:x"), "no ecosystem 'zip'"),
    ],
)
def test_a_mistake_is_said_in_a_line(
    said: Callable[..., Result], words: tuple[str, ...], mistake: str
) -> None:
    done = said(*words)
    assert (done.exit_code, mistake in done.output, len(done.output.splitlines())) == (2, True, 1), (
        done.output
    )


def test_a_policy_that_is_wrong_is_said_before_anything_is_asked(
    registry: StandIn, said: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "npm.yml").write_text("skip:\n  - nam: x\n")
    done = said("npm", "--once")
    assert (done.exit_code, "npm.yml:2: unknown key `nam`" in done.output) == (2, True)
    assert registry.asked == []


def test_explain_names_what_fits_and_where_it_stands(said: Callable[..., Result]) -> None:
    told = said("--explain", "npm:lodahs").output
    assert "resembles  typosquat" in told
    assert "+40" in told
    assert "npm.yml:" in told
    assert (
        json.loads(said("--explain", "lodahs", "npm", "--format", "json").output)["purl"] == "pkg:npm/lodahs"
    )
    assert "+40: its name is well known" in said("--explain", "gem:rails").output
    assert "read, not run" in said("--explain", "nuget:serilog").output


def test_explain_says_that_an_ecosystem_is_switched_off(said: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "gem.yml").write_text("analyse: false\n")
    assert "recorded, not analysed" in said("--explain", "gem:rails").output


def test_feeds_are_listed_with_their_addresses(registry: StandIn, said: Callable[..., Result]) -> None:
    listed = {row["feed"]: row for row in json.loads(said("--feeds", "--format", "json").output)}
    assert listed["npm/changes"]["address"] == registry.url("npm") + "registry/"
    assert sum(row["main"] for row in listed.values()) == 8


def test_the_tab_key_offers_ecosystems_and_feeds() -> None:
    shell = ShellComplete(biopsy, {}, "biopsy", "_BIOPSY_COMPLETE")
    offered = [item.value for item in shell.get_completions(["watch"], "py")]
    assert offered == ["pypi", "pypi/changelog", "pypi/rss"]
