"""The OpenAPI document, made of the handlers: their parameters, and the types of what they take and give."""

from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Contact, License, Tag

from biopsy import __version__
from biopsy.web.answers import Told
from biopsy.web.errors import Problem

_REFS = "#/components/schemas/{name}"
_WHY = {
    400: "It makes no sense; `message` says why",
    401: "No token, or one that is not known", 403: "Not allowed",
    404: "There is none", 408: "The body came too slowly", 413: "Too large", 415: "A form that is not read",
    429: "Too many requests; Retry-After says when to come again", 503: "Not now",
}  # fmt: skip
READING = (400, 429)
SENDING = (400, 408, 413, 415, 429, 503)

CONFIG = OpenAPIConfig(
    title="biopsy",
    version=__version__,
    summary="Reports of malicious packages",
    description=(
        "Who says that a package is malicious, on what evidence, and since when. OSV's clients work by "
        "changing a URL; `npm audit` by changing the registry. Reading needs no token."
    ),
    contact=Contact(name="biopsy", url="https://github.com/biopsy-dev/biopsy"),
    license=License(name="Apache-2.0", identifier="Apache-2.0"),
    tags=[
        Tag("OSV", "as api.osv.dev has it, for its clients"),
        Tag("npm", "as npm's registry has it, for `npm audit` and its kin"),
        Tag("biopsy", "what neither of them has"),
        Tag("verdicts", "on packages, lock files and SBOMs"),
        Tag(
            "site", "the pages of the web site as data: each is at its own address, with `.json` or `Accept`"
        ),
        Tag("writing", "with a token"),
    ],
)


def document(app: Litestar) -> dict[str, Any]:
    """The document of an application."""
    made: dict[str, Any] = app.openapi_schema.to_schema()
    handlers = list(_handlers(app))
    kinds = [k for _, _, told in handlers for k in (told.answer, told.body) if k is not None]
    shapes, parts = msgspec.json.schema_components([*kinds, Problem], ref_template=_REFS)
    schema_of = dict(zip(map(repr, [*kinds, Problem]), shapes, strict=True))
    for path, method, told in handlers:
        operation = made["paths"][path][method]
        sent = told.body is not None
        operation["responses"] = {
            ("202" if told.scope == "submit" else "200"): _content(
                "The answer", schema_of[repr(told.answer)]
            ),
            **{
                str(status): _content(_WHY[status], schema_of[repr(Problem)])
                for status in sorted({*(SENDING if sent else READING), *told.errors})
            },
        }
        if told.page:
            for answer in operation["responses"].values():
                answer["content"]["text/html"] = {"schema": {"type": "string"}}
        if sent:
            held = schema_of[repr(told.body)] if told.media == "application/json" else {}
            operation["requestBody"] = {"required": True, "content": {told.media: {"schema": held}}}
        if told.scope:
            operation["security"] = [{"token": []}]
    scheme = {"type": "http", "scheme": "bearer", "description": "`biopsy tokens create` makes one"}
    made["components"] = {"schemas": parts, "securitySchemes": {"token": scheme}}
    return made


def _content(why: str, schema: Any) -> dict[str, Any]:
    return {"description": why, "content": {"application/json": {"schema": schema}}}


def _handlers(app: Litestar) -> Iterator[tuple[str, str, Told]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            told = handler.opt.get("told") if isinstance(handler, HTTPRouteHandler) else None
            if isinstance(told, Told):
                for method in handler.http_methods - {"OPTIONS"}:
                    yield getattr(route, "path_format", route.path), method.lower(), told
