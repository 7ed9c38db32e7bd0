"""Changing the database over HTTP: only with a token, only for what it is for, and all of it in the log."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from litestar import Litestar
from litestar.testing import TestClient
from seeded import report, seed

from biopsy.cli.app import biopsy
from biopsy.errors import UsageError
from biopsy.reports import tokens as kept
from biopsy.reports.database import Database
from biopsy.reports.tokens import SCOPES, TokenError, Tokens
from biopsy.web.app import Settings, build

Client = TestClient[Litestar]
WRITES = ("submit", "approve", "withdraw", "reinstate", "dispute")


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "tokens.db")


@pytest.fixture
def client(tmp_path: Path, tokens: Tokens) -> Iterator[Client]:
    path = seed(tmp_path / "reports.db")
    with TestClient(build(path, Settings(path, tokens=tmp_path / "tokens.db"))) as client:
        yield client


def send(client: Client, what: str, token: str, body: Any) -> Any:
    return client.post(f"/api/v1/write/{what}", json=body, headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize("what", WRITES)
def test_nothing_is_written_without_a_token_for_it(client: Client, tokens: Tokens, what: str) -> None:
    path = f"/api/v1/write/{what}"
    _, other = tokens.create(
        "other", set(SCOPES) - {what, "publish"} - ({"withdraw"} if what == "reinstate" else set()), 1
    )
    for header, status, code in (
        ({}, 401, 16), ({"authorization": "Basic x"}, 401, 16), ({"authorization": "Bearer"}, 401, 16),
        ({"authorization": "Bearer " + "x" * 300}, 401, 16), ({"authorization": f"Bearer {other}x"}, 401, 16),
        ({"authorization": f"Bearer {other}"}, 403, 7),
    ):  # fmt: skip
        answer = client.post(path, json={"report": "MAL-2026-1", "reason": "test"}, headers=header)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert ("www-authenticate" in answer.headers) == (status == 401)
    assert client.get("/v1/vulns/MAL-2026-1").json().get("withdrawn") is None


def test_a_report_that_is_sent_waits_until_it_is_approved(client: Client, tokens: Tokens) -> None:
    _, lab = tokens.create("lab", ["submit"], 1)
    _, team = tokens.create("team", ["approve", "withdraw", "dispute"], 1)
    sent = {**report(7, "PyPI", "new-thing", versions=["2.0"]), "id": "LAB-7"}
    assert send(client, "submit", lab, sent).json() == {
        "source": "web-lab",
        "new": 1,
        "waiting": 1,
        "echoes": 0,
    }
    assert send(client, "submit", lab, sent).json()["new"] == 0
    asked = {"package": {"purl": "pkg:pypi/new-thing@2.0"}}
    assert client.post("/v1/query", json=asked).json() == {}
    dry = send(
        client, "approve", team, {"report": "PyPI/new-thing", "reason": "seen", "dry_run": True}
    ).json()
    assert dry == {"packages": ["PyPI/new-thing"], "batch": "", "dry_run": True}
    assert send(client, "approve", team, {"report": "PyPI/new-thing", "reason": "seen"}).status_code == 200
    (found,) = client.post("/v1/query", json=asked).json()["vulns"]
    assert found["id"].startswith("MAL-")
    said = send(client, "withdraw", team, {"report": found["id"], "reason": "because"})
    assert (said.status_code, said.json()["code"]) == (400, 3)
    assert send(client, "dispute", team, {"report": found["id"], "reason": "ours"}).status_code == 200
    assert (
        send(client, "withdraw", team, {"report": found["id"], "reason": "false-positive"}).status_code == 200
    )
    assert client.post("/v1/query", json=asked).json() == {}
    assert send(client, "reinstate", team, {"report": found["id"], "reason": "it is"}).status_code == 200
    assert client.post("/v1/query", json=asked).json()["vulns"]
    log = client.get("/api/v1/log", params={"report": found["id"]}).json()["changes"]
    assert {"token:team"} <= {one["actor"] for one in log}
    assert {"withdrawn", "reinstated", "disputed"} <= {one["action"] for one in log}


def test_what_is_no_report_goes_to_quarantine_with_its_reason(
    client: Client, tokens: Tokens, tmp_path: Path
) -> None:
    _, lab = tokens.create("lab", ["publish"], 1)
    for body in (
        {},
        {"affected": None},
        {"affected": [{"package": {"name": "x"}}]},
        report(8, "npm", "../../x"),
    ):
        answer = send(client, "submit", lab, body)
        assert answer.status_code == 400
        assert answer.json()["message"]
    database = Database(tmp_path / "reports.db")
    assert len(database.refused(10)) == 4
    database.close()
    huge = {**report(9, "npm", "x"), "details": "x" * 1_100_000}
    assert send(client, "submit", lab, huge).status_code == 413


def test_a_token_cannot_bring_ids_of_ours(client: Client, tokens: Tokens) -> None:
    _, lab = tokens.create("lab", ["publish"], 1)
    taken = report(1, "PyPI", "another", versions=["1"])
    assert send(client, "submit", lab, taken).status_code == 400
    assert client.get("/v1/vulns/MAL-2026-1").json()["affected"][0]["package"]["name"] == "evil-thing"


def test_of_a_token_only_a_hash_is_kept(tmp_path: Path, tokens: Tokens) -> None:
    token, secret = tokens.create("lab", ["submit"], 1)
    assert len(secret.rpartition("_")[2]) >= 42 or len(secret) > 55
    held = (tmp_path / "tokens.db").read_bytes()
    assert secret.split("_", 2)[2].encode() not in held
    assert (tmp_path / "tokens.db").stat().st_mode & 0o077 == 0
    assert tokens.admit(secret, "submit").id == token.id
    assert tokens.all()[0].used


def test_a_token_that_expired_or_was_revoked_is_good_for_nothing(tmp_path: Path, tokens: Tokens) -> None:
    token, secret = tokens.create("lab", ["submit"], 1)
    with sqlite3.connect(tmp_path / "tokens.db") as db:
        db.execute("UPDATE tokens SET expires = '2020-01-01T00:00:00Z'")
    with pytest.raises(TokenError, match="expired"):
        tokens.admit(secret, "submit")
    other, again = tokens.create("lab", ["submit"], 1)
    assert tokens.revoke(other.id).revoked
    with pytest.raises(TokenError, match="revoked"):
        tokens.admit(again, "submit")
    with pytest.raises(UsageError):
        tokens.revoke("nobody")
    assert token.state("2019-01-01T00:00:00Z") == "good"


@pytest.mark.parametrize(
    ("name", "scopes", "days", "source"),
    [
        ("", ["submit"], 1, ""), ("x", [], 1, ""), ("x", ["all"], 1, ""), ("x", ["submit"], 0, ""),
        ("x", ["submit"], kept.MAX_DAYS + 1, ""), ("X Y", ["submit"], 1, ""), ("x", ["submit"], 1, "../x"),
        ("x\n", ["submit"], 1, "lab"), ("x" * 65, ["submit"], 1, "lab"),
    ],
)  # fmt: skip
def test_a_token_says_what_it_is_for(
    tokens: Tokens, name: str, scopes: list[str], days: int, source: str
) -> None:
    with pytest.raises(UsageError):
        tokens.create(name, scopes, days, source)


def test_tokens_are_made_listed_and_revoked_by_command(tmp_path: Path) -> None:
    def run(*args: str) -> Any:
        return CliRunner().invoke(biopsy, ["tokens", *args, "--home", str(tmp_path)], standalone_mode=False)

    made = run("create", "lab", "--scope", "submit", "--days", "7")
    secret = made.stdout.strip()
    assert Tokens(tmp_path / "tokens.db").admit(secret, "submit").source == "web-lab"
    (row,) = json.loads(run("list", "-f", "json").stdout)
    assert (row["name"], row["scopes"], row["state"]) == ("lab", "submit", "good")
    assert row["id"] in run("revoke", row["id"]).stdout
    (row,) = json.loads(run("list", "-f", "json").stdout)
    assert row["state"] == "revoked"


def test_a_server_without_tokens_takes_nothing_in(tmp_path: Path) -> None:
    with TestClient(build(seed(tmp_path / "reports.db"))) as client:
        assert send(client, "submit", "x", {}).status_code == 403
