"""Hostile requests: each is refused in the API's own words, and none is our fault."""

import gzip
import json
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from seeded import seed

from biopsy.web import body
from biopsy.web.app import Settings, build
from biopsy.web.limits import Rate
from biopsy.web.shield import HEADERS

Client = TestClient[Litestar]
POSTED = (
    "/v1/query", "/v1/querybatch", "/api/v1/verdicts", "/-/npm/v1/security/advisories/bulk",
    "/-/npm/v1/security/audits", "/-/npm/v1/security/audits/quick",
)  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with TestClient(build(seed(tmp_path_factory.mktemp("hostile") / "reports.db"))) as client:
        yield client


BODIES = {
    "cut off": b'{"package": ',
    "deep": b'{"package": ' + b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "NaN": b'{"version": NaN}',
    "infinity": b'{"version": 1e999}',
    "half a pair": b'{"package": {"name": "\\ud800", "ecosystem": "npm"}}',
    "not UTF-8": b'{"package": {"name": "\xff", "ecosystem": "npm"}}',
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"7",
    "true": b"true",
    "null": b"null",
    "nothing": b"",
    "spaces": b"  \n",
    "types": b'{"package": 7, "version": {}, "queries": {}, "entries": 3, "dependencies": []}',
    "inner types": b'{"package": {"name": [], "ecosystem": 1}, "queries": [[]], "entries": [null], "x": [1]}',
    "long": b'{"package": {"name": "' + b"a" * 5000 + b'", "ecosystem": "npm"}, "version": "1"}',
    "token": b'{"package": {"name": "a", "ecosystem": "npm"}, "page_token": "!!"}',
    "purl": b'{"package": {"purl": "pkg:"}}',
}


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_makes_no_sense_is_refused(client: Client, path: str, what: str) -> None:
    answer = client.post(path, content=BODIES[what])
    harmless = "audits" in path and what in {"types", "inner types", "long", "token", "purl"}
    assert answer.status_code == (200 if harmless else 400), answer.text
    if not harmless:
        assert answer.json()["code"] == 3
        assert answer.json()["message"]


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_small_body_cannot_become_a_large_one(client: Client, path: str, encoding: str) -> None:
    bomb = b" " * (body.MAX_UNPACKED + 1)
    packed = gzip.compress(bomb, 1) if encoding == "gzip" else zlib.compress(bomb, 1)
    answer = client.post(path, content=packed, headers={"content-encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (413, 3)


@pytest.mark.parametrize(
    ("content", "encoding", "status"),
    [
        (b"{}", "gzip", 400),
        (gzip.compress(b"{}")[:-9], "gzip", 400),
        (gzip.compress(b"{}") * 2, "gzip", 400),
        (b"{}", "br", 415),
        (b"{}", "x" * 5000, 415),
    ],
)
def test_a_body_is_packed_as_it_says_or_refused(
    client: Client, content: bytes, encoding: str, status: int
) -> None:
    answer = client.post("/v1/query", content=content, headers={"content-encoding": encoding})
    assert answer.status_code == status
    assert len(answer.content) < 300


def test_a_body_that_is_too_large_is_refused_before_it_is_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "MAX_BODY", 1000)
    assert client.post("/v1/query", content=b" " * 1001).status_code == 413


def test_bodies_of_all_requests_together_have_a_limit(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "MAX_HELD", 3000)
    for _ in range(5):  # what is done with counts no longer
        assert client.post("/v1/query", content=b" " * 1000).status_code == 400
    assert client.post("/v1/query", content=b" " * 2000).status_code == 503


@pytest.mark.parametrize(
    "path",
    [
        "/v1/vulns/" + "a" * 101, "/api/v1/reports?limit=0", "/api/v1/reports?limit=1001",
        "/api/v1/reports?limit=x", "/api/v1/reports?page_token=-1", "/api/v1/log?page_token=" + "9" * 19,
        "/api/v1/hashes", "/api/v1/iocs?value=", "/api/v1/similar?ecosystem=npm", "/api/v1/verdict",
        "/api/v1/packages?ecosystem=nowhere&name=x", "/api/v1/verdict?purl=pkg:npm/x&name=x",
    ],
)  # fmt: skip
def test_parameters_have_limits(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)


@pytest.mark.parametrize(
    "path", ["/v1/vulns/%00", "/v1/vulns/%ff%fe", "/v1/vulns/..%2f..", "/v1/vulns/'--", "/nope"]
)
def test_strange_paths_are_not_found(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, 5)


def test_a_method_that_is_not_there_says_which_are(client: Client) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
        answer = client.request(method, "/v1/query")
        assert answer.status_code == 405
        assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/v1/vulns/MAL-2026-1", "/nope", "/api/v1/stats"])
def test_every_answer_has_the_headers_of_security(client: Client, path: str) -> None:
    for method in ("GET", "HEAD", "DELETE"):
        held = client.request(method, path).headers
        assert {name: held[name] for name in HEADERS if name != "content-security-policy"} == {
            name: value for name, value in HEADERS.items() if name != "content-security-policy"
        }
        assert held["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/v1/vulns/MAL-2026-1", "/api/v1/reports"])
def test_what_a_client_has_is_not_sent_again(client: Client, path: str) -> None:
    whole = client.get(path)
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]
    assert head.headers["content-length"] == str(len(whole.content))
    for tag in (
        whole.headers["etag"],
        whole.headers["etag"].removeprefix("W/"),
        f'"x", {whole.headers["etag"]}',
        "*",
    ):
        again = client.get(path, headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == whole.headers["etag"]
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_who_asks_too_often_waits(tmp_path: Path) -> None:
    path = seed(tmp_path / "reports.db")
    with TestClient(build(path, Settings(path, reads=3, writes=1))) as client:
        statuses = [client.get("/api/v1/health").status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = client.get("/api/v1/health")
        assert refused.json()["code"] == 8
        assert 0 < int(refused.headers["retry-after"]) <= 20
        assert refused.headers["x-content-type-options"] == "nosniff"
        tried = [client.post("/api/v1/write/submit", json={}).status_code for _ in range(2)]
        assert tried == [403, 429]


def test_a_rate_fills_again_and_tells_addresses_apart() -> None:
    at = 0.0
    rate = Rate(60, clock=lambda: at)
    assert [rate.wait("192.0.2.1") for _ in range(61)] == [0.0] * 60 + [1.0]
    assert rate.wait("192.0.2.2") == 0.0
    at = 1.0
    assert rate.wait("192.0.2.1") == 0.0
    assert rate.wait("192.0.2.1") > 0
    network = Rate(1, clock=lambda: at)
    assert network.wait("2001:db8::1") == 0.0
    assert network.wait("2001:db8::2") > 0
    assert network.wait("2001:db8:1::1") == 0.0


def test_many_names_in_a_tree_are_found_whatever_the_depth(client: Client) -> None:
    tree: dict[str, Any] = {"version": "1.0.0", "dependencies": {"@a/Evil": {"version": "2.0.0"}}}
    for _ in range(200):
        tree = {"version": "1.0.0", "dependencies": {"deeper": tree}}
    answer = client.post("/-/npm/v1/security/audits/quick", content=json.dumps(tree).encode()).json()
    (one,) = answer["advisories"].values()
    assert one["module_name"] == "@a/Evil"
    assert one["findings"][0]["version"] == "2.0.0"
    assert one["findings"][0]["paths"][0].endswith("deeper>@a/Evil")
    assert answer["metadata"]["vulnerabilities"]["critical"] == 1
    assert answer["metadata"]["totalDependencies"] == 201


def test_a_damaged_database_is_told_without_its_path(tmp_path: Path) -> None:
    path = seed(tmp_path / "reports.db")
    with TestClient(build(path)) as client:
        database = sqlite3.connect(path)
        database.execute("ALTER TABLE packages RENAME TO gone")
        database.close()
        answer = client.post("/v1/query", json={"package": {"name": "x", "ecosystem": "npm"}})
        assert (answer.status_code, answer.json()["code"]) == (503, 14)
        assert str(tmp_path) not in answer.text
