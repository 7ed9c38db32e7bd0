"""OSV's API, asked as its clients ask it."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from biopsy.reports.database import Database
from biopsy.web.app import build

AT = "2026-11-01T00:00:00Z"


def report(number: int, ecosystem: str, name: str, **about: Any) -> tuple[str, bytes]:
    package = {"ecosystem": ecosystem, "name": name}
    made = {"id": f"MAL-2026-{number}", "modified": AT, "published": AT, "aliases": [f"GHSA-{number}"]}
    return f"{number}", json.dumps({**made, "affected": [{"package": package, **about}]}).encode()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    database = Database(tmp_path / "reports.db", create=True)
    bad = [
        report(1, "PyPI", "evil-thing", versions=["1.0.0"]),
        report(2, "npm", "@a/Evil", ranges=[{"type": "SEMVER", "events": [{"introduced": "0"}]}]),
        report(3, "NuGet", "Evil.Net", versions=["1.0"]),
    ]
    gone = json.loads(report(4, "npm", "innocent", versions=["1.0.0"])[1])
    bad.append(("4", json.dumps({**gone, "withdrawn": AT}).encode()))
    database.take("test", bad, AT)
    with TestClient(build(tmp_path / "reports.db")) as client:
        yield client


def ids(answer: dict[str, Any]) -> list[str]:
    return [r["id"] for r in answer.get("vulns", [])]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"version": "1.0", "package": {"name": "Evil_Thing", "ecosystem": "PyPI"}}, ["MAL-2026-1"]),
        ({"version": "1.1", "package": {"name": "evil-thing", "ecosystem": "PyPI"}}, []),
        ({"package": {"purl": "pkg:npm/%40a/Evil@7.0.0"}}, ["MAL-2026-2"]),
        ({"package": {"purl": "pkg:npm/%40a/evil@7.0.0"}}, []),
        (
            {"package": {"name": "evil.net", "ecosystem": "NuGet", "purl": None}, "version": "1.0.0"},
            ["MAL-2026-3"],
        ),
        ({"package": {"name": "innocent", "ecosystem": "npm"}}, []),
    ],
)
def test_a_query_finds_what_is_affected_and_nothing_else(
    client: TestClient[Litestar], body: dict[str, Any], found: list[str]
) -> None:
    plain = client.post("/v1/query", content=json.dumps(body).encode())
    assert (plain.status_code, ids(plain.json())) == (200, found)
    batch = client.post("/v1/querybatch", json={"queries": [body, body]})
    assert [ids(r) for r in batch.json()["results"]] == [found, found]
    if not found:
        assert plain.json() == {}


def test_a_body_may_be_compressed(client: TestClient[Litestar]) -> None:
    body = gzip.compress(json.dumps({"@a/Evil": ["1.2.3"], "good": ["1.0.0"]}).encode())
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = client.post("/-/npm/v1/security/advisories/bulk", content=body, headers=headers)
    ((name, (advisory,)),) = answer.json().items()
    assert (name, advisory["severity"], advisory["vulnerable_versions"]) == ("@a/Evil", "critical", "*")


def test_a_small_body_cannot_become_a_large_one(client: TestClient[Litestar]) -> None:
    body = gzip.compress(b" " * 70_000_000)
    answer = client.post("/v1/query", content=body, headers={"content-encoding": "gzip"})
    assert answer.status_code == 413


def test_a_withdrawn_report_is_there_by_its_id_alone(client: TestClient[Litestar]) -> None:
    assert client.get("/v1/vulns/MAL-2026-4").json()["withdrawn"] == AT


def test_an_alias_leads_to_the_report(client: TestClient[Litestar]) -> None:
    answer = client.get("/v1/vulns/GHSA-2")
    assert answer.status_code == 404
    message = "Vulnerability not found, but the following aliases were: MAL-2026-2"
    assert answer.json() == {"code": 5, "message": message}


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/v1/query", b"", 400, "no query provided"),
        ("/v1/query", b"{", 400, "not JSON"),
        ("/v1/query", b"[" * 100_000, 400, "not JSON"),
        ("/v1/querybatch", b'{"queries": [{}]}', 400, "error in query at index 0: no query provided"),
        ("/v1/querybatch", json.dumps({"queries": [{}] * 1001}).encode(), 400, "too many queries"),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: TestClient[Litestar], path: str, body: bytes, status: int, message: str
) -> None:
    answer = client.post(path, content=body)
    assert answer.status_code == status
    assert answer.json()["message"].startswith(message)
