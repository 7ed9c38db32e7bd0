"""The office: sessions, tokens, forms and the audit log of one site, and whether a request may do a thing."""

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException

from biopsy.reports.tokens import SCOPES, Token, TokenError, Tokens
from biopsy.web import body
from biopsy.web.site.accounts.audit import NAME, Audit, Entry
from biopsy.web.site.accounts.sessions import LONGEST, Session, Sessions
from biopsy.web.site.accounts.settings import SiteSettings
from biopsy.web.site.viewer import SCOPE, Viewer

MAX_FORM = 64 * 1024  # bytes
MAX_FIELDS = 100
SESSION = "biopsy.session"
"""Under which a request has its `Session`."""

OPERATING = tuple(SCOPES)
"""What operators may do; a token that may do any of it signs in."""


class Denied(HTTPException):
    """Whoever asks may not do that; 401 where signing in would help."""

    status_code = 403


class Office:
    """What the site knows of operators, below one BIOPSY_HOME."""

    def __init__(self, home: Path, tokens: Tokens | None, settings: SiteSettings, url: str = "") -> None:
        """Keep sessions and the log below `home`; without `tokens` nobody signs in with one."""
        self.tokens, self.settings, self.url = tokens, settings, url
        self.sessions = Sessions(home / "site" / "sessions.db")
        self.audit = Audit(home / "site" / NAME)
        self.secure = url.startswith("https://")
        self.cookie = "__Host-biopsy" if self.secure else "biopsy-session"
        self.door = "__Host-biopsy-door" if self.secure else "biopsy-door"

    @property
    def closed(self) -> bool:
        """Whether nobody can sign in."""
        return self.tokens is None and self.settings.oidc is None

    def look(self, request: Request[Any, Any, Any]) -> None:
        """Say on the request who makes it, where somebody signed in."""
        secret = cookies(request).get(self.cookie, "")
        session = self.sessions.get(secret) if secret else None
        if session and (held := self._current(session)):
            request.scope[SESSION] = held  # type: ignore[literal-required]
            request.scope[SCOPE] = Viewer(held.name, held.csrf)  # type: ignore[literal-required]

    def _current(self, session: Session) -> Session | None:
        """A session with what its owner may do now; None where he may not sign in any more."""
        kind, _, own = session.how.partition(":")
        if kind == "oidc":
            scopes = self.settings.scopes(own)
        else:
            token = next((one for one in (self.tokens.all() if self.tokens else ()) if one.id == own), None)
            scopes = token.scopes if token and token.state(_now()) == "good" else ()
        return Session(session.name, session.how, scopes, session.csrf, session.created) if scopes else None

    def by_token(self, given: str) -> Token:
        """The token that somebody signs in with; raises TokenError."""
        if self.tokens is None:
            raise TokenError("this site takes no tokens: it was started without", 403)
        return self.tokens.known(given)

    def signed_in(self, response: Response[Any], name: str, how: str, scopes: tuple[str, ...]) -> None:
        """Begin a session, and have the browser keep it."""
        secret = self.sessions.begin(name, how, scopes)
        self.keep(response, self.cookie, secret, int(LONGEST), same_site="lax")

    def keep(
        self, response: Response[Any], name: str, value: str, seconds: int, *, same_site: str = "strict"
    ) -> None:
        """Set a cookie that no script reads, and no other site sends."""
        response.set_cookie(
            name, value, max_age=seconds, path="/", httponly=True, secure=self.secure,
            samesite="lax" if same_site == "lax" else "strict",
        )  # fmt: skip

    async def form(self, request: Request[Any, Any, Any]) -> dict[str, str]:
        """What a form of ours sent; raises Denied where it is not from a page of ours."""
        from_us(request, self.url)
        return await fields(request)

    async def act(self, request: Request[Any, Any, Any], scope: str) -> tuple[Session, dict[str, str]]:
        """Who acts, and what the form sent; raises Denied, and notes that in the log."""
        session: Session | None = request.scope.get(SESSION)  # type: ignore[assignment]
        if session is None:
            raise Denied(detail="sign in first: this is for operators", status_code=401)
        try:
            sent = await self.form(request)
            _allowed(session, sent, scope)
        except Denied as error:
            self.note(request, request.url.path, result="refused", detail=str(error.detail))
            raise
        return session, sent

    def note(self, request: Request[Any, Any, Any], action: str, about: str = "", **also: str) -> None:
        """Write into the log what whoever asks did."""
        session: Session | None = request.scope.get(SESSION)  # type: ignore[assignment]
        client = request.client.host if request.client else ""
        who, how = (session.name, session.how) if session else (also.pop("who", ""), also.pop("how", ""))
        self.audit.note(Entry("", who, how, client, action, about, **also))


GivenOffice = NamedDependency[Office]
"""What a handler asks for by the name `office`."""


def _allowed(session: Session, sent: dict[str, str], scope: str) -> None:
    if not hmac.compare_digest(sent.get("csrf", "").encode(), session.csrf.encode()):
        raise Denied(detail="this form is not of your session: load the page again")
    if scope and scope not in session.scopes:
        raise Denied(detail=f"you may not {scope}; you may {', '.join(session.scopes)}")


def cookies(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The cookies of a request; what is none is left out."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(request.headers.get("cookie", "")[:8000])
    except CookieError:
        return {}
    return {name: held.value for name, held in jar.items()}


def from_us(request: Request[Any, Any, Any], url: str) -> None:
    """Raise Denied where a browser says that a form was sent from another site (Fetch Metadata, Origin)."""
    site = request.headers.get("sec-fetch-site", "")
    if site:  # our pages send no referrer, so that browsers that say this name no origin either
        ours = site in {"same-origin", "none"}
    else:
        origin = request.headers.get("origin", "")
        ours = not origin or urlsplit(origin).netloc in {
            request.headers.get("host", ""),
            urlsplit(url).netloc,
        }
    if not ours:
        raise Denied(detail="this form was sent from another site")


async def fields(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields of a form, each once; raises BadBody, or Denied where it is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Denied(detail="a form is application/x-www-form-urlencoded", status_code=415)
    data = await body.raw(request)
    if len(data) > MAX_FORM:
        raise body.BadBody(f"more than {MAX_FORM:,} bytes", 413)
    try:
        sent = parse_qs(data.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise body.BadBody("not a form") from error
    return {name: values[-1] for name, values in sent.items()}


def inside(then: str) -> str:
    """An address of this site to go on to, whatever was asked for."""
    safe = then.startswith("/") and not then.startswith(("//", "/\\")) and then.isprintable()
    return then if safe and "\\" not in then else "/"


def fresh() -> str:
    """Something that nobody can guess."""
    return secrets.token_urlsafe(24)


def _now() -> str:
    from biopsy.reports.database import now  # noqa: PLC0415

    return now()
