"""OpenID Connect: whom a provider names gets in, and nobody by a token that is not for us, now, from it."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from litestar.testing import TestClient
from made_site import home

from biopsy.web.app import Settings, build

ISSUER = "https://login.example"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = RSAKey.generate_key(2048, {"kid": "one"})
HTML = {"accept": "text/html"}
SITE = """
[oidc]
issuer = "https://login.example"
client_id = "biopsy"
client_secret = "sh4red-s3cret"
[operators]
"ada@site.example" = ["withdraw"]
"""


class Provider:
    """A stand-in for an OpenID provider; `claims` and `key` are what a test wants to be otherwise."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.key, self.algorithm, self.nonce, self.challenge = KEY, "RS256", "", ""
        self.verifier = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/.well-known/openid-configuration":
            told = {
                "issuer": ISSUER,
                **{f"{n}_endpoint": f"{ISSUER}/{n}" for n in ("authorization", "token")},
            }
            return httpx.Response(200, json={**told, "jwks_uri": f"{ISSUER}/keys"})
        if path == "/keys":
            return httpx.Response(200, json={"keys": [KEY.as_dict(private=False)]})
        sent = parse_qs(request.content.decode())
        self.verifier = sent["code_verifier"][0]
        now = int(time.time())
        claims = {
            "iss": ISSUER, "aud": "biopsy", "sub": "1", "exp": now + 60, "iat": now, "nonce": self.nonce,
            "email": "ada@site.example", "email_verified": True, "name": "Ada", **self.claims,
        }  # fmt: skip
        token = jwt.encode({"alg": self.algorithm, "kid": "one"}, claims, self.key)
        return httpx.Response(200, json={"access_token": "a", "token_type": "Bearer", "id_token": token})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = home(tmp_path_factory.mktemp("oidc"))
    (made / "site.toml").write_text(SITE)
    return made


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def site(place: Path, provider: Provider) -> Iterator[TestClient[Any]]:
    app = build(place / "reports.db", Settings(place / "reports.db", home=place))
    app.state["oidc_transport"] = httpx.MockTransport(provider)
    with TestClient(app) as client:
        yield client


def _there(site: TestClient[Any], provider: Provider) -> dict[str, str]:
    away = site.get("/signin/oidc?then=/rules", headers=HTML, follow_redirects=False)
    assert away.headers["location"].startswith(f"{ISSUER}/authorization?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away.headers["location"]).query).items()}
    provider.nonce, provider.challenge = asked["nonce"], asked["code_challenge"]
    return asked


def _back(site: TestClient[Any], state: str, **more: str) -> Any:
    return site.get(
        "/signin/back", params={"code": "c", "state": state, **more}, headers=HTML, follow_redirects=False
    )


def test_whom_the_provider_names_gets_in(site: TestClient[Any], provider: Provider) -> None:
    asked = _there(site, provider)
    assert asked["redirect_uri"].endswith("/signin/back")
    assert asked["code_challenge_method"] == "S256"
    answer = _back(site, asked["state"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/rules")
    assert "Ada" in site.get("/account", headers=HTML).text
    assert len(provider.verifier) >= 43


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"iss": "https://other.example"},
        {"exp": 1},
        {"nonce": "replayed"},
        {"azp": "another"},
        {"email_verified": False},
        {"email": ""},
        {"email": "eve@site.example"},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_for_us_opens_nothing(
    site: TestClient[Any], provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    answer = _back(site, _there(site, provider)["state"])
    assert answer.status_code == 403
    assert "biopsy-session" not in str(answer.headers.get_list("set-cookie"))


def test_a_token_of_another_key_opens_nothing(site: TestClient[Any], provider: Provider) -> None:
    provider.key = OTHER
    assert _back(site, _there(site, provider)["state"]).status_code == 403


def test_an_answer_that_nobody_asked_for_opens_nothing(site: TestClient[Any], provider: Provider) -> None:
    assert _back(site, "x").status_code == 403
    _there(site, provider)
    assert _back(site, "another").status_code == 403
    asked = _there(site, provider)
    assert _back(site, asked["state"], error="access_denied").status_code == 403


def test_whoever_is_no_operator_any_more_is_nobody(
    place: Path, site: TestClient[Any], provider: Provider
) -> None:
    _back(site, _there(site, provider)["state"])
    assert site.get("/account", headers=HTML, follow_redirects=False).status_code == 200
    (place / "site.toml").write_text(re.sub('"ada@', '"eve@', SITE))
    try:
        cookie = site.cookies["biopsy-session"]
        with TestClient(build(place / "reports.db", Settings(place / "reports.db", home=place))) as other:
            other.cookies.set("biopsy-session", cookie)
            assert other.get("/account", headers=HTML, follow_redirects=False).status_code == 303
    finally:
        (place / "site.toml").write_text(SITE)


def test_the_secret_of_the_provider_is_on_no_page(site: TestClient[Any]) -> None:
    for path in ("/signin", "/openapi.json", "/operations"):
        assert "sh4red-s3cret" not in site.get(path, headers=HTML).text
