"""What reports and clients say reaches a terminal, a page and a log with nothing in it that acts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.clients import seeds
from tests.guard_proxy.conftest import Running
from tests.registry.server import StandIn

from biopsy.cli.app import biopsy
from biopsy.reports.database import Database

Start = Callable[..., Running]
ACTS = "\x1b]0;owned\x07\x1b[31m\u202egnp\x9b2J<script>alert(1)</script>=1+1"
DIRECT = ("\x1b", "\x07", "\x9b", "\u202e")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose reports call two releases malicious in words that act."""
    held = Database(tmp_path / "reports.db", create=True)
    for own, ecosystem, name, version in (
        ("MAL-2026-900021", "npm", "bad-js", "1.1.0"), ("MAL-2026-900022", "PyPI", "bad-py", "1.1"),
    ):  # fmt: skip
        report = {**seeds.report(own, ecosystem, name, [version]), "summary": ACTS + "x" * 10**6}
        held.take("made-up", [(own, json.dumps(report).encode())], seeds.AT)
    held.close()
    (tmp_path / "guard.yml").write_text("minimum-age: 0\n")
    return tmp_path


def inert(text: str) -> bool:
    return not [one for one in DIRECT if one in text]


def texts(held: object) -> list[str]:
    """Every text in a JSON document, as a client would print it."""
    if isinstance(held, dict):
        return [one for pair in held.items() for part in pair for one in texts(part)]
    if isinstance(held, list):
        return [one for part in held for one in texts(part)]
    return [held] if isinstance(held, str) else []


@pytest.mark.parametrize(
    "agent", ["pip/26", "uv/0.13", "npm/11", "pnpm/10", "yarn/4.1", "yarn/1.22", "bun/1", "curl/8"]
)
def test_a_reason_does_nothing_to_the_terminal_of_a_client(ruled: Start, home: Path, agent: str) -> None:
    one = ruled("minimum-age: 0\n", database=home / "reports.db")
    told = [
        one.get("/npm/bad-js", agent), one.get("/npm/bad-js/-/bad-js-1.1.0.tgz", agent), one.get("/npm/bad-js/1.1.0", agent),
        one.get("/pypi/simple/bad-py/", agent, accept="application/vnd.pypi.simple.v1+json"),
        one.get("/pypi/files/bad-py/bad_py-1.1-py3-none-any.whl", agent),
    ]  # fmt: skip
    for answer in told:
        assert all(inert(text) for text in texts(answer.json()))
        assert len(answer.content) < 20_000
    page = one.get("/why/npm/bad-js/1.1.0", accept="text/html").text
    assert inert(page)
    assert "<script>" not in page


def test_commands_of_the_guard_spell_out_what_would_act(
    home: Path, registries: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from biopsy.ecosystems.npm import configuration

    for name, value in registries.environment().items():
        monkeypatch.setenv(name, value)
    configuration.endpoint.cache_clear()
    why = CliRunner().invoke(biopsy, ["guard", "why", "npm:bad-js@1.1.0", "--home", str(home)])
    configuration.endpoint.cache_clear()
    assert (why.exit_code, inert(why.output)) == (1, True)
    assert "MAL-2026-900021" in why.output
    line = {"at": "2026-11-22T00:00:00Z", "asked": "file", "ecosystem": "npm", "name": ACTS, "version": ACTS,
            "action": "block", "reason": ACTS, "client": ACTS}  # fmt: skip
    (home / "guard").mkdir(exist_ok=True)
    (home / "guard" / "decisions.jsonl").write_text(
        json.dumps(line, ensure_ascii=False) + "\nno JSON " + ACTS + "\n"
    )
    for words in (["--all"], ["--all", "--json"]):
        log = CliRunner().invoke(biopsy, ["guard", "log", *words, "--home", str(home)])
        assert (log.exit_code, inert(log.output)) == (0, True)
