"""Signing in and out, and what an operator did; nobody needs an account to read."""

import hmac
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.params import QueryParameter
from msgspec import Struct

from biopsy.reports.tokens import SCOPES, TokenError
from biopsy.web.site.accounts.audit import Entry
from biopsy.web.site.accounts.office import (
    OPERATING,
    SESSION,
    Denied,
    GivenOffice,
    Office,
    cookies,
    fresh,
    inside,
)
from biopsy.web.site.accounts.oidc import WAIT, Begun, Flow, SignInError
from biopsy.web.site.accounts.sessions import Session
from biopsy.web.site.paging import Shown, html, written
from biopsy.web.store import Asked

BACK = "/signin/back"
MAX_TOKEN = 200  # characters
AWAY = "biopsy-away"
"""The cookie that remembers a sign-in that another site finishes."""

Then = Annotated[str, QueryParameter(max_length=2000)]


class SignInPage(Struct, frozen=True):
    """The ways in, and why the last try failed. `door` is what the form must send back."""

    tokens: bool
    provider: str
    then: str
    door: str
    problem: str = ""


class AccountPage(Struct, frozen=True):
    """Who is signed in, what that allows, and what operators did lately."""

    name: str
    how: str
    scopes: dict[str, str]
    done: Sequence[Entry]


@get("/signin", include_in_schema=False)
async def signin(request: Asked, office: GivenOffice, *, then: Then = "/") -> Response[Any]:
    """The form to sign in with."""
    return _form(request, office, inside(then))


@post("/signin", include_in_schema=False, status_code=200)
async def enter(request: Asked, office: GivenOffice) -> Response[Any]:
    """Sign in with a token."""
    sent = await office.form(request)
    then = inside(sent.get("then", "/"))
    held = cookies(request).get(office.door, "")
    if not held or not hmac.compare_digest(held.encode(), sent.get("door", "").encode()):
        return _form(request, office, then, "This form was too old, or cookies are off: try again.", 403)
    try:
        token = office.by_token(sent.get("token", "").strip()[:MAX_TOKEN])
        scopes = tuple(scope for scope in token.scopes if scope in OPERATING)
    except TokenError as error:
        office.note(request, "sign-in", result="refused", detail=str(error))
        return _form(request, office, then, f"{error}."[0].upper() + f"{error}."[1:], 403)
    made = _away(then)
    office.signed_in(made, token.name, f"token:{token.id}", scopes)
    office.note(request, "sign-in", who=token.name, how=f"token:{token.id}")
    return made


@get("/signin/oidc", include_in_schema=False)
async def leave(request: Asked, office: GivenOffice, *, then: Then = "/") -> Response[Any]:
    """Send somebody to the OpenID provider."""
    try:
        url, begun = await _flow(request, office).begin(inside(then))
    except SignInError as error:
        return _form(request, office, inside(then), f"Signing in came to nothing: {error}.", 502)
    made = _away(url)
    value = quote(msgspec.json.encode(begun).decode(), safe="")
    office.keep(made, AWAY, value, WAIT, same_site="lax")
    return made


@get(BACK, include_in_schema=False)
async def back(
    request: Asked, office: GivenOffice, *,
    code: Annotated[str, QueryParameter(max_length=4000)] = "",
    came: Annotated[str, QueryParameter(max_length=400, name="state")] = "",
    error: Annotated[str, QueryParameter(max_length=400)] = "",
) -> Response[Any]:  # fmt: skip
    """Let in who comes back from the provider."""
    from urllib.parse import unquote  # noqa: PLC0415

    try:
        begun = msgspec.json.decode(unquote(cookies(request).get(AWAY, "")), type=Begun)
    except msgspec.DecodeError:
        return _form(request, office, "/", "That sign-in was not begun here, or took too long.", 403)
    if error or not code or not hmac.compare_digest(came.encode(), begun.state.encode()):
        return _form(request, office, begun.then, "The provider let nobody in.", 403)
    try:
        who = await _flow(request, office).finish(code, begun)
    except SignInError as problem:
        office.note(request, "sign-in", how="oidc", result="failed", detail=str(problem))
        return _form(request, office, begun.then, f"Signing in came to nothing: {problem}.", 403)
    scopes = office.settings.scopes(who.subject)
    how = f"oidc:{who.subject}"
    if not scopes:
        office.note(request, "sign-in", who=who.name, how=how, result="refused", detail="no operator")
        return _form(request, office, begun.then, "You are no operator of this site.", 403)
    made = _away(inside(begun.then))
    made.delete_cookie(AWAY, path="/")
    office.signed_in(made, who.name, how, scopes)
    office.note(request, "sign-in", who=who.name, how=how)
    return made


@post("/act/signout", include_in_schema=False, status_code=200)
async def signout(request: Asked, office: GivenOffice) -> Response[Any]:
    """End the session."""
    session: Session | None = request.scope.get(SESSION)  # type: ignore[assignment]
    sent = await office.form(request)
    made = _away("/")
    if session and hmac.compare_digest(sent.get("csrf", "").encode(), session.csrf.encode()):
        office.note(request, "sign-out")
        office.sessions.end(cookies(request).get(office.cookie, ""))
        made.delete_cookie(office.cookie, path="/")
    return made


@get("/account", include_in_schema=False)
async def account(request: Asked, office: GivenOffice) -> Response[Any]:
    """Who is signed in, and what operators did lately."""
    session: Session | None = request.scope.get(SESSION)  # type: ignore[assignment]
    if session is None:
        return _away("/signin?then=/account")
    scopes = {scope: SCOPES[scope] for scope in session.scopes if scope in SCOPES}
    view = AccountPage(session.name, session.how, scopes, office.audit.last(50))
    return html(written(request, "account.j2", Shown(view)))


def _form(request: Asked, office: Office, then: str, problem: str = "", status: int = 200) -> Response[Any]:
    door = cookies(request).get(office.door, "") or fresh()
    provider = office.settings.oidc
    view = SignInPage(office.tokens is not None, provider.name if provider else "", then, door[:100], problem)
    made = html(written(request, "signin.j2", Shown(view)), status)
    made.headers["cache-control"] = "no-store"
    office.keep(made, office.door, view.door, 3600)
    return made


def _flow(request: Asked, office: Office) -> Flow:
    provider = office.settings.oidc
    if provider is None:
        raise Denied(detail="this site has no OpenID provider", status_code=404)
    base = office.url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
    return Flow(provider, f"{base}{BACK}", request.app.state.get("oidc_transport"))


def _away(to: str) -> Response[Any]:
    headers = {"location": to, "cache-control": "no-store"}
    return Response(b"", status_code=303, headers=headers, media_type="text/plain")


HANDLERS = [signin, enter, leave, back, signout, account]
