"""One view, two forms: a handler gives a Struct, and whoever asks gets it as JSON or as a page.

    @page("/rules", "rules.j2", RulesPage)
    async def rules(request: Asked, site: GivenSite) -> RulesPage: ...

answers at `/rules` with the template filled with that Struct, and with JSON at `/rules.json` or where
`Accept` prefers it. Both stand in the OpenAPI document. Beside its `view`, a template sees `here` (the
address), `viewer` (who asks) and what a handler adds by `Shown`.
"""

import inspect
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import wraps
from typing import Any, Literal, cast

from litestar import Request, Response, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct, field

from biopsy.web.answers import JSON as ENCODED
from biopsy.web.answers import NOT_FOUND, encoded, told
from biopsy.web.site.kept_pages import Pages
from biopsy.web.site.looks import POLICY, render
from biopsy.web.site.viewer import viewer

JSON = ".json"
HTML = "text/html"
_PLAIN = "biopsy.plain"
VARY = "Accept, Cookie"
"""What a page depends on beside its address: its form, and whether an operator sees buttons."""


KEPT = 30  # seconds after which a page is written anew, since it says how long ago things were


class Missing(HTTPException):
    """There is no such thing; the message is shown."""

    status_code = NOT_FOUND


class Refused(HTTPException):
    """What was asked makes no sense; the message is shown."""

    status_code = 400


class Shown(Struct, frozen=True):
    """A view, what its template wants beside it, and another template or status where they differ."""

    view: Struct
    beside: Mapping[str, Any] = field(default_factory=dict)
    template: str = ""
    status: int = 200
    whole: bool = True  # whether nothing was left out that the whole page has
    body: bytes = b""  # the answer itself in the form that was asked for, where it was made already


class Away(Struct, frozen=True):
    """It stands at another address."""

    to: str


Handler = Callable[..., Awaitable[Any]]


def page(
    path: str,
    template: str,
    answer: Any,
    *errors: int,
    method: Literal["GET", "POST"] = "GET",
    body: Any = None,
    media: str = "",
    live: bool = False,
) -> Callable[[Handler], HTTPRouteHandler]:
    """Make a handler of a function that gives a Struct; its first parameter is `request`.

    A `path` that ends in a parameter takes `.json` at the end of that parameter. `body` and `media` are what
    a POST takes; such a page changes nothing, for which there are forms with a token against forgery.
    A `live` page is written anew for everybody: it tells of more than the index knows.
    """
    last = path.rpartition("/")[2]
    parameter = last.strip("{}").partition(":")[0] if last.startswith("{") else ""
    paths = [path] if parameter or path == "/" else [path, path + JSON]
    if path == "/":
        paths.append("/index.json")

    def made(ask: Handler) -> HTTPRouteHandler:
        @wraps(ask)
        async def handler(request: Request[Any, Any, Any], **given: Any) -> Response[Any]:
            plain = wants_json(request)
            if parameter:
                ended = str(given[parameter]).endswith(JSON) and not _closed(request)
                plain = plain or ended
                given[parameter] = str(given[parameter]).removesuffix(JSON if ended else "\0")
            elif request.url.path.endswith(JSON):
                plain = True
            cast("dict[str, Any]", request.scope)[_PLAIN] = plain
            key = None if live else _key(request, plain=plain)
            if key is None:
                return answered(request, await ask(request, **given), template, plain=plain)
            pages: Pages = request.app.state.site.pages
            async with pages.alone(key):  # of many who ask for the same at once, one has it written
                if (kept := pages.get(key)) is not None:
                    return _again(kept, plain=plain)
                made = await ask(request, **given)
                response = answered(request, made, template, plain=plain)
                if response.status_code == 200 and not isinstance(made, Response):
                    pages.keep(key, response.content)
                return response

        signature = inspect.signature(ask)
        handler.__annotations__ = {**ask.__annotations__, "return": Response[Any]}
        handler.__signature__ = signature.replace(return_annotation=Response[Any])  # type: ignore[attr-defined]
        opt = told(answer, NOT_FOUND, *errors, body=body, media=media, page=True)
        return route(
            paths, http_method=[method], opt=opt, tags=["site"], summary=_first(ask), status_code=200,
        )(handler)  # fmt: skip

    return made


def answered(request: Request[Any, Any, Any], made: Any, template: str, *, plain: bool) -> Response[Any]:
    """A view in the form that is wanted."""
    if isinstance(made, Response):
        return made
    if isinstance(made, Away):
        to = made.to
        if plain:
            base, mark, rest = to.partition("?")
            to = f"{base}{JSON}{mark}{rest}"
        return Response(b"", status_code=303, headers={"location": to, "vary": VARY}, media_type="text/plain")
    shown = made if isinstance(made, Shown) else Shown(made)
    if plain:
        response = (
            Response(shown.body, media_type=ENCODED) if shown.body else encoded(shown.view, shown.status)
        )
        response.headers["vary"] = VARY
        return response
    body = shown.body or written(request, shown.template or template, shown)
    return html(body, shown.status)


def written(request: Request[Any, Any, Any], template: str, shown: Shown) -> bytes:
    """The page of a view."""
    given = {"here": _here(request), "url": _url(request), "viewer": viewer(request), "whole_at": ""}
    if not shown.whole:
        given["whole_at"] = f"{_here(request)}{'&' if request.url.query else '?'}whole=1"
    text = render(template, view=shown.view, **given, **shown.beside)
    return text.encode("utf-8", "backslashreplace")


def html(body: bytes, status: int = 200) -> Response[Any]:
    """A page with what every page has in its head."""
    headers = {"content-security-policy": POLICY, "vary": VARY}
    return Response(body, media_type=HTML, status_code=status, headers=headers)


def plainly(request: Request[Any, Any, Any]) -> bool:
    """Whether a handler of `page` is asked for JSON: what only a page shows need not be worked out."""
    return bool(request.scope.get(_PLAIN))


def wants_json(request: Request[Any, Any, Any]) -> bool:
    """Whether a client prefers JSON to a page (RFC 9110, section 12.5.1); browsers and curl do not."""
    best: dict[str, float] = {}
    for one in request.headers.get("accept", "")[:1000].split(","):
        kind, *rest = (part.strip() for part in one.split(";"))
        weight = next((part[2:] for part in rest if part.startswith("q=")), "1")
        try:
            best[kind.lower()] = float(weight)
        except ValueError:
            best[kind.lower()] = 0.0
    return best.get("application/json", 0.0) > best.get("text/html", 0.0)


def failed(request: Request[Any, Any, Any], refused: Response[Any]) -> Response[Any]:
    """A refusal as a page, where whoever asked looks at pages; else as it is."""
    path = request.url.path
    looks = "text/html" in request.headers.get("accept", "")
    if not looks or wants_json(request) or path.endswith(JSON) or path.startswith(("/api/", "/v1/")):
        return refused
    status = refused.status_code or 500
    view = Problem(status, refused.content.message)
    made = html(written(request, "problem.j2", Shown(view)), status)
    made.headers.update({name: value for name, value in refused.headers.items() if name != "content-type"})
    return made


class Problem(Struct, frozen=True):
    """What is wrong, as it stands on a page."""

    status: int
    message: str


def _key(request: Request[Any, Any, Any], *, plain: bool) -> Hashable | None:
    """Under what an answer is kept: it is the same until the index changes, and for all who read only."""
    if request.method != "GET" or viewer(request).name:
        return None
    state: Hashable = request.app.state.site.index.state
    return (request.url.path, request.url.query, plain, state, int(time.time() // KEPT))


def _again(body: bytes, *, plain: bool) -> Response[Any]:
    if not plain:
        return html(body)
    return Response(body, media_type="application/json", headers={"vary": VARY})


def _closed(request: Request[Any, Any, Any]) -> bool:
    """Whether the address ends in a slash: then its last word is a name, whatever it ends in."""
    return bytes(request.scope.get("raw_path", b"") or b"").endswith(b"/")


def _url(request: Request[Any, Any, Any]) -> str:
    """Where others reach the site, for what must be named whole: pictures of previews, feeds."""
    return str(request.app.state.site.stores.url)


def _here(request: Request[Any, Any, Any]) -> str:
    asked = request.url.query
    return request.url.path + (f"?{asked}" if asked else "")


def _first(ask: Handler) -> str:
    return (inspect.getdoc(ask) or "").partition("\n")[0].rstrip(".")
