"""Data of requests from outside, as web frameworks hand them to a package."""

from biopsy.static.code.fed import HEADER
from biopsy.static.code.value import Value

_MODULES = ("flask.request.", "bottle.request.", "quart.request.", "sanic.request.")
_OF_FLASK = frozenset({"args", "form", "values", "data", "json", "headers", "cookies", "files", "get_data",
                       "get_json", "query_string", "query", "forms", "body", "params", "stream"})  # fmt: skip
_OF_VIEW = frozenset({"GET", "POST", "body", "COOKIES"})
_OF_SERVER = frozenset({"rfile", "path", "headers"})
_ASKED = frozenset({"request"})


def parameter(name: str) -> Value | None:
    """A parameter that is by its name what a client sent: a view's request, the environment of WSGI."""
    if name == "param request":
        return Value(ref="#request")
    return Value(taint=_ASKED | {HEADER}) if name == "param environ" else None


def attribute(obj: Value, name: str) -> Value | None:
    """An attribute that holds what a client sent; None for any other."""
    if obj.ref == "#request":
        return Value(ref=f"#request.{name}", taint=_ASKED) if name in _OF_VIEW else Value()
    if (
        obj.made
        and name in _OF_SERVER
        and any(b.startswith(("http.server.", "BaseHTTPServer.")) for b in obj.bases)
    ):
        return Value(ref="#request.data", taint=_ASKED)
    if name in _OF_FLASK and f"{obj.ref}." in _MODULES:
        return Value(ref=f"{obj.ref}.{name}", taint=_ASKED | {HEADER} if name == "headers" else _ASKED)
    return None
