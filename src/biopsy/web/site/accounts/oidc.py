"""OpenID Connect, the authorization code flow with PKCE (OpenID Connect Core 1.0; RFC 6749, 7636, 9700).

Authlib speaks to the provider, joserfc verifies what it signs. Everything from the provider meets a limit.
"""

import secrets
import warnings
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from biopsy.errors import BiopsyError
from biopsy.web.site.accounts.settings import Provider

SECONDS = 10.0  # for one answer of the provider
MAX_ANSWER = 512 * 1024  # bytes of one
LEEWAY = 60  # seconds that clocks may differ
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""How an ID token may be signed; `none` and secrets that both share are not among them."""

WAIT = 600  # seconds that somebody may take to sign in there


class SignInError(BiopsyError):
    """Signing in came to nothing; the message may be shown."""


class Begun(msgspec.Struct, frozen=True):
    """What must come back with the answer; it waits in a cookie of the browser that began."""

    state: str
    nonce: str
    verifier: str
    then: str


class Who(msgspec.Struct, frozen=True):
    """Whom the provider says that it is: by the claim that operators are named by, and for people."""

    subject: str
    name: str


class Flow:
    """Signing in at one provider."""

    def __init__(
        self, provider: Provider, redirect: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`redirect` is where the provider sends people back to."""
        self._provider, self._redirect, self._transport = provider, redirect, transport

    async def begin(self, then: str) -> tuple[str, Begun]:
        """Where to send somebody who wants to sign in, and what to keep until he is back."""
        begun = Begun(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), then)
        told = await self._told()
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                told.authorization_endpoint, state=begun.state, nonce=begun.nonce,
                code_verifier=begun.verifier, redirect_uri=self._redirect,
            )  # fmt: skip
        return str(url), begun

    async def finish(self, code: str, begun: Begun) -> Who:
        """Who it is that came back with a code; SignInError where that is not certain."""
        told = await self._told()
        try:
            async with self._client() as client:
                answer = await client.fetch_token(
                    told.token_endpoint, grant_type="authorization_code", code=code,
                    code_verifier=begun.verifier, redirect_uri=self._redirect,
                )  # fmt: skip
        except Exception as error:  # authlib's and httpx's, of many kinds
            raise SignInError("the provider did not accept the code") from error
        return self._who(str(answer.get("id_token") or ""), await self._keys(told), begun)

    def _who(self, token: str, keys: KeySet, begun: Begun) -> Who:
        try:
            found = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
            wanted = jwt.JWTClaimsRegistry(
                leeway=LEEWAY,
                iss={"essential": True, "value": self._provider.issuer},
                aud={"essential": True, "value": self._provider.client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": begun.nonce},
            )
            wanted.validate(found)
        except (JoseError, ValueError) as error:
            raise SignInError(f"the provider's token does not do: {type(error).__name__}") from error
        if found.get("azp", self._provider.client_id) != self._provider.client_id:
            raise SignInError("the provider's token is for somebody else")
        return self._named(found)

    def _named(self, found: dict[str, Any]) -> Who:
        subject = str(found.get(self._provider.claim) or "")
        if self._provider.claim == "email" and found.get("email_verified") is not True:
            raise SignInError("the provider has not verified the mail address")
        if not subject:
            raise SignInError(f"the provider's token names no {self._provider.claim}")
        return Who(subject, str(found.get("name") or subject)[:64])

    async def _told(self) -> "_Told":
        told = msgspec.convert(
            await self._get(f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration"), _Told
        )
        if told.issuer != self._provider.issuer:
            raise SignInError("the provider calls itself something else than site.toml does")
        ours = urlsplit(self._provider.issuer)
        for url in (told.authorization_endpoint, told.token_endpoint, told.jwks_uri):
            if urlsplit(url).scheme != "https" and urlsplit(url).netloc != ours.netloc:
                raise SignInError("the provider names an address without TLS")
        return told

    async def _keys(self, told: "_Told") -> KeySet:
        try:
            return KeySet.import_key_set(await self._get(told.jwks_uri))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SignInError("the provider's keys cannot be read") from error

    async def _get(self, url: str) -> Any:
        try:
            data = bytearray()
            async with (
                httpx.AsyncClient(timeout=SECONDS, transport=self._transport) as client,
                client.stream("GET", url) as answer,
            ):
                answer.raise_for_status()
                async for chunk in answer.aiter_bytes():
                    data += chunk[: MAX_ANSWER + 1]
                    if len(data) > MAX_ANSWER:
                        break
            if len(data) > MAX_ANSWER:
                raise SignInError("the provider answers with too much")
            return msgspec.json.decode(bytes(data))
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise SignInError("the provider does not answer") from error

    def _client(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a client library that is to follow httpx
            from authlib.integrations import httpx_client  # noqa: PLC0415 - slow to import

            made: Any = httpx_client.AsyncOAuth2Client

        one = self._provider
        return made(
            one.client_id, one.client_secret or None, scope=one.scope, code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if one.client_secret else "none",
            timeout=SECONDS, transport=self._transport,
        )  # fmt: skip


class _Told(msgspec.Struct, frozen=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
