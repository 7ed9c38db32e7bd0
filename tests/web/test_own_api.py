"""What OSV's API has no words for, asked over HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from seeded import DIGEST, seed

from biopsy.web.app import build

Client = TestClient[Litestar]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with TestClient(build(seed(tmp_path_factory.mktemp("own") / "reports.db"))) as client:
        yield client


def got(client: Client, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("params", "verdict", "action"),
    [
        ({"purl": "pkg:pypi/evil_thing@1.0.0"}, "malicious", "block"),
        ({"ecosystem": "PyPI", "name": "evil-thing", "version": "1.0.1"}, "unreported", "allow"),
        ({"ecosystem": "pypi", "name": "Evil.Thing"}, "possible", "review"),
        ({"ecosystem": "PyPI", "name": "evil-thing", "version": "9", "hash": DIGEST}, "malicious", "block"),
        ({"purl": "pkg:cargo/serde@1.0.0"}, "unreported", "allow"),
        ({"purl": "pkg:swift/x@1.0.0"}, "unchecked", "review"),
        ({"purl": "pkg:npm/innocent@1.0.0"}, "unreported", "allow"),
        ({"purl": "pkg:npm/waiting@1.0.0"}, "unreported", "allow"),
    ],
)
def test_a_verdict_says_what_to_do(client: Client, params: Any, verdict: str, action: str) -> None:
    one = got(client, "/api/v1/verdict", **params)
    assert (one["verdict"], one["action"]) == (verdict, action)
    assert bool(one["reports"]) == (verdict in {"malicious", "possible"})
    assert one["reason"] or verdict == "unreported"
    if "purl" in params:
        both = client.post("/api/v1/verdicts", json={"entries": [params, params]}).json()
        assert both["verdicts"] == [one, one]


def test_a_lock_file_is_checked_in_one_request(client: Client) -> None:
    packages = {f"node_modules/p{n}": {"version": "1.0.0"} for n in range(2000)}
    packages["node_modules/@a/Evil"] = {"version": "3.0.0"}
    lock = json.dumps({"lockfileVersion": 3, "packages": packages}).encode()
    for name in ("package-lock.json", "a/b/package-lock.json", ""):
        answer = client.post("/api/v1/check", content=lock, params={"filename": name}).json()
        (found,) = answer["entries"]
        assert (found["name"], found["version"], found["verdict"]) == ("@a/Evil", "3.0.0", "malicious")
        assert answer["counts"]["unreported"] == 2000
    every = client.post("/api/v1/check?every=true", content=lock).json()
    assert len(every["entries"]) == 2001


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("uv.lock", b"\xff\xfe\x00", "UTF-16"),
        ("package-lock.json", b'{"packages": {"x": ' + b'{"a":' * 100_000, ""),
        ("", b"nothing of the kind", "none of the forms"),
        ("requirements.txt", b"-r other.txt\n", ""),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(client: Client, name: str, body: bytes, why: str) -> None:
    answer = client.post("/api/v1/check", content=body, params={"filename": name})
    assert answer.status_code in ({400} if why else {200, 400})
    assert why in answer.text


@pytest.mark.parametrize(
    "value", [DIGEST, DIGEST.upper(), f"sha256:{DIGEST}", "sha256-" + "zMzM" * 10 + "zMw="]
)
def test_a_hash_leads_to_its_report(client: Client, value: str) -> None:
    found = got(client, "/api/v1/hashes", value=value)["reports"]
    assert [one["report"]["id"] for one in found] == ["MAL-2026-1"]


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ("evil.example", "domain"), ("EVIL[.]example.", "domain"), ("drop.evil.example", "host"),
        ("hxxps://drop.evil.example/x", "url"), ("nobody.example", ""),
    ],
)  # fmt: skip
def test_an_indicator_leads_to_its_report(client: Client, value: str, kinds: str) -> None:
    found = got(client, "/api/v1/iocs", value=value)["reports"]
    assert [one["kind"] for one in found] == ([kinds] if kinds else [])


@pytest.mark.parametrize(
    ("ecosystem", "name", "found"),
    [
        ("PyPI", "evil-thinq", [("evil-thing", 1)]),
        ("PyPI", "еvil-thing", [("evil-thing", 0)]),
        ("PyPI", "evil-thing", []),
        ("npm", "waitin", []),
        ("npm", "something-else", []),
    ],
)
def test_a_name_that_is_like_a_reported_one_is_found(
    client: Client, ecosystem: str, name: str, found: list[Any]
) -> None:
    answer = got(client, "/api/v1/similar", ecosystem=ecosystem, name=name)
    assert [(one["name"], one["distance"]) for one in answer["similar"]] == found


def test_withdrawn_reports_are_given_where_they_are_asked_for(client: Client) -> None:
    asked = {"purl": "pkg:npm/innocent@1.0.0"}
    assert got(client, "/api/v1/packages", **asked) == {}
    (found,) = got(client, "/api/v1/packages", **asked, include_withdrawn=True)["vulns"]
    assert found["withdrawn"]
    listed = got(client, "/api/v1/reports", include_withdrawn=True)["reports"]
    assert len(listed) == 1 + len(got(client, "/api/v1/reports")["reports"])
    assert client.get("/v1/vulns/MAL-2026-4").json()["withdrawn"]


@pytest.mark.parametrize("path", ["/api/v1/reports", "/api/v1/log"])
def test_pages_give_everything_once(client: Client, path: str) -> None:
    field = "reports" if path.endswith("reports") else "changes"
    whole = got(client, path)[field]
    paged, token = [], ""
    while page := got(client, path, page_token=token, limit=2)[field]:
        paged += page
        token = got(client, path, page_token=token, limit=2)["next_page_token"]
    assert paged == whole
    assert len(whole) > 3
    assert got(client, path, page_token=token) == {field: [], "next_page_token": token}


def test_what_still_waits_is_shown_to_nobody(client: Client) -> None:
    for path in ("/api/v1/reports", "/api/v1/log", "/api/v1/stats"):
        assert "waiting" not in json.dumps(got(client, path))
    for path in ("/v1/vulns/LAB-6", "/api/v1/reports/LAB-6"):
        assert client.get(path).status_code == 404
    assert got(client, "/api/v1/packages", purl="pkg:npm/waiting") == {}


def test_every_report_shows_how_bad_it_is(client: Client) -> None:
    asked = {"package": {"name": "evil-thing", "ecosystem": "PyPI"}}
    answers = [
        client.post("/v1/query", json=asked).json()["vulns"][0],
        got(client, "/v1/vulns/MAL-2026-1"),
        got(client, "/api/v1/reports/MAL-2026-1"),
        got(client, "/api/v1/reports/GHSA-1"),
        got(client, "/api/v1/packages", purl="pkg:pypi/evil-thing")["vulns"][0],
        got(client, "/api/v1/iocs", value="evil.example")["reports"][0]["report"],
    ]
    for one in answers:
        assert one["database_specific"]["severity"] == "CRITICAL"
        assert one["severity"][0]["type"] == "CVSS_V3"


def test_a_number_without_64_bits_is_served_as_it_is(client: Client) -> None:
    assert got(client, "/v1/vulns/MAL-2026-5")["database_specific"]["count"] == 2**70


def test_the_page_of_the_api_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    assert "//" not in page.text.replace("http://", "").replace("https://", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert client.get("/docs/style.css").headers["content-type"].startswith("text/css")
    for path in got(client, "/openapi.json")["paths"]:
        assert path in page.text
