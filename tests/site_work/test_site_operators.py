"""Operators: who gets in, what each may do, and that nobody else does it in their name."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from made_site import home

from biopsy.errors import UsageError
from biopsy.reports.tokens import Tokens
from biopsy.web.app import Settings, build
from biopsy.web.site.accounts.audit import Audit, Entry
from biopsy.web.site.accounts.sessions import IDLE, LONGEST, Sessions
from biopsy.web.site.accounts.settings import read

ID = "MAL-2026-0001"
HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home(tmp_path_factory.mktemp("operators"))


@pytest.fixture
def site(place: Path) -> Iterator[TestClient[Any]]:
    with _client(place) as client:
        yield client


def _client(place: Path, url: str = "") -> TestClient[Any]:
    settings = Settings(place / "reports.db", tokens=place / "tokens.db", home=place, url=url)
    return TestClient(build(place / "reports.db", settings), base_url=url or "http://testserver.local")


def _token(place: Path, *scopes: str) -> tuple[str, str]:
    token, secret = Tokens(place / "tokens.db").create("ada", scopes, 1)
    return token.id, secret


def _sign_in(client: TestClient[Any], secret: str, **also: str) -> Any:
    door = re.search(r'name="door" value="([^"]+)"', client.get("/signin", headers=HTML).text)
    assert door
    sent = {"token": secret, "door": door[1], "then": "/operations", **also}
    return client.post("/signin", data=sent, headers=HTML, follow_redirects=False)


def _csrf(client: TestClient[Any]) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/account", headers=HTML).text)
    assert found
    return found[1]


def test_a_good_token_opens_a_session_that_no_script_and_no_other_site_reaches(
    place: Path, site: TestClient[Any]
) -> None:
    answer = _sign_in(site, _token(place, "withdraw")[1])
    assert (answer.status_code, answer.headers["location"]) == (303, "/operations")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie  # it is not served over TLS here
    assert "ada" in site.get("/", headers=HTML).text


def test_over_tls_cookies_are_of_the_host_alone(place: Path) -> None:
    with _client(place, "https://site.example") as client:
        cookies = _sign_in(client, _token(place, "withdraw")[1]).headers["set-cookie"]
    assert "__Host-biopsy=" in cookies
    assert "Secure" in cookies


@pytest.mark.parametrize("given", ["", "wrong", "biopsy_x_y", "biopsy_" + "a" * 500])
def test_a_wrong_token_opens_nothing_and_is_noted(place: Path, site: TestClient[Any], given: str) -> None:
    answer = _sign_in(site, given)
    assert answer.status_code == 403
    assert "biopsy-session" not in answer.headers.get("set-cookie", "")
    assert Audit(place / "site" / "audit.jsonl").last(1)[0].result == "refused"


def test_a_form_from_elsewhere_does_not_sign_anybody_in(place: Path, site: TestClient[Any]) -> None:
    secret = _token(place, "withdraw")[1]
    sent = {"token": secret, "door": "guessed"}
    assert site.post("/signin", data=sent, headers=HTML).status_code == 403
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}):
        assert site.post("/signin", data=sent, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "then", ["//evil.example", "https://evil.example", "/\\evil.example", "x", "/a\r\nb: c"]
)
def test_signing_in_leads_to_no_other_site(place: Path, site: TestClient[Any], then: str) -> None:
    answer = _sign_in(site, _token(place, "withdraw")[1], then=then)
    assert answer.headers["location"] == "/"


ACTIONS = [
    ("/act/report", {"report": ID, "do": "withdraw", "reason": "test"}),
    ("/act/report", {"report": ID, "do": "dispute", "reason": "mine"}),
    ("/act/report", {"report": ID, "do": "approve"}),
    ("/act/queue", {"do": "retry", "ids": "1"}),
    ("/act/queue", {"do": "pause", "what": "npm"}),
]


@pytest.mark.parametrize(("path", "sent"), ACTIONS)
def test_without_rights_nothing_is_done(
    place: Path, site: TestClient[Any], path: str, sent: dict[str, str]
) -> None:
    before = site.get(f"/v1/vulns/{ID}").json()
    assert site.post(path, data=sent, headers=HTML).status_code == 401
    _sign_in(site, _token(place, "submit")[1])
    assert site.post(path, data={**sent, "csrf": _csrf(site)}, headers=HTML).status_code == 403
    assert site.get(f"/v1/vulns/{ID}").json() == before
    assert Audit(place / "site" / "audit.jsonl").last(1)[0].result == "refused"


@pytest.mark.parametrize(
    ("sent", "headers"),
    [
        ({}, {}),
        ({"csrf": "guessed"}, {}),
        ({"csrf": "right"}, {"sec-fetch-site": "cross-site"}),
        ({"csrf": "right"}, {"sec-fetch-site": "same-site"}),
    ],
)
def test_a_forged_form_does_nothing(
    place: Path, site: TestClient[Any], sent: dict[str, str], headers: dict[str, str]
) -> None:
    _sign_in(site, _token(place, "withdraw")[1])
    csrf = {"csrf": _csrf(site)} if sent.get("csrf") == "right" else sent
    asked = {"report": ID, "do": "withdraw", "reason": "test", **csrf}
    assert site.post("/act/report", data=asked, headers={**HTML, **headers}).status_code == 403
    assert not site.get(f"/v1/vulns/{ID}").json().get("withdrawn")


def test_json_is_no_form(place: Path, site: TestClient[Any]) -> None:
    _sign_in(site, _token(place, "withdraw")[1])
    asked = {"report": ID, "do": "withdraw", "reason": "test", "csrf": _csrf(site)}
    assert site.post("/act/report", json=asked, headers=HTML).status_code == 415


def test_a_decision_is_done_and_stands_in_both_logs(place: Path, site: TestClient[Any]) -> None:
    _sign_in(site, _token(place, "withdraw", "dispute")[1])
    csrf = _csrf(site)
    asked = {"report": ID, "do": "dispute", "reason": "it is ours", "proof": "dns: here", "csrf": csrf}
    assert site.post("/act/report", data=asked, headers=HTML, follow_redirects=False).status_code == 303
    assert "it is ours" in site.get("/operations", headers=HTML).text
    asked = {"report": ID, "do": "withdraw", "reason": "test", "note": "of ours", "csrf": csrf}
    answer = site.post("/act/report", data=asked, headers=HTML, follow_redirects=False)
    assert answer.headers["location"] == f"/report/{ID}"
    assert site.get(f"/v1/vulns/{ID}").json()["withdrawn"]
    said = Audit(place / "site" / "audit.jsonl").last(1)[0]
    assert (said.who, said.action, said.about, said.reason) == ("ada", "withdraw", ID, "test: of ours")
    changes = site.get(f"/api/v1/log?report={ID}").json()["changes"]
    assert any(one["actor"] == "site:ada" for one in changes)
    asked = {"report": ID, "do": "reinstate", "csrf": csrf, "note": "back"}
    answer = site.post("/act/report", data=asked, headers={**HTML, "accept": "application/json"})
    assert answer.json()["action"] == "reinstate"
    assert not site.get(f"/v1/vulns/{ID}").json().get("withdrawn")


def test_a_revoked_token_ends_its_session_at_once(place: Path, site: TestClient[Any]) -> None:
    own, secret = _token(place, "withdraw")
    _sign_in(site, secret)
    assert site.get("/account", headers=HTML, follow_redirects=False).status_code == 200
    Tokens(place / "tokens.db").revoke(own)
    assert site.get("/account", headers=HTML, follow_redirects=False).status_code == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(place: Path, site: TestClient[Any]) -> None:
    _sign_in(site, _token(place, "withdraw")[1])
    cookie = site.cookies["biopsy-session"]
    site.post("/act/signout", data={"csrf": _csrf(site)}, headers=HTML)
    again = site.get(
        "/account", headers={**HTML, "cookie": f"biopsy-session={cookie}"}, follow_redirects=False
    )
    assert again.status_code == 303


def test_a_page_of_an_operator_is_never_shown_to_others(place: Path) -> None:
    with _client(place) as one, _client(place) as other:
        _sign_in(one, _token(place, "withdraw")[1])
        csrf = _csrf(one)
        assert csrf in one.get(f"/report/{ID}", headers=HTML).text
        assert csrf not in other.get(f"/report/{ID}", headers=HTML).text
        assert one.get(f"/report/{ID}", headers=HTML).headers["vary"] == "Accept, Cookie"


def test_sessions_end_by_themselves(tmp_path: Path) -> None:
    sessions, now = Sessions(tmp_path / "s.db"), time.time()
    secret = sessions.begin("ada", "token:1", ("withdraw",), now)
    assert sessions.get(secret, now + IDLE - 1)
    assert sessions.get(secret, now + 2 * IDLE - 2)  # it was used meanwhile
    assert not sessions.get(secret, now + 4 * IDLE)
    secret = sessions.begin("ada", "token:1", ("withdraw",), now)
    for step in range(1, 12):
        sessions.get(secret, now + step * 3600)
    assert not sessions.get(secret, now + LONGEST + 1)
    assert (tmp_path / "s.db").stat().st_mode & 0o077 == 0
    assert secret.encode() not in (tmp_path / "s.db").read_bytes()


def test_the_audit_log_is_one_line_each_whatever_is_said(tmp_path: Path) -> None:
    log = Audit(tmp_path / "a.jsonl")
    for text in ("a\nb", "\x1b[31m", "x" * 10_000, "\ud800"):
        log.note(Entry("", "ada", "token:1", "127.0.0.1", "withdraw", text))
    assert len((tmp_path / "a.jsonl").read_bytes().splitlines()) == 4
    assert len(log.last(10)) == 4
    assert (tmp_path / "a.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[oidc", "site.toml"),
        ('[oidc]\nissuer = "http://login.example"\nclient_id = "x"', "https://"),
        ('[oidc]\nissuer = "https://login.example"', "client_id"),
        ('[oidc]\nissuer = "https://l.example"\nclient_id = "x"\nclaim = "nick"', "email or sub"),
        ('[operators]\n"ada@site.example" = ["fly"]', "cannot fly"),
        ("[other]", "other"),
    ],
)
def test_a_wrong_setting_is_told(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "site.toml").write_text(text)
    with pytest.raises(UsageError, match=re.escape(says)):
        read(tmp_path)
