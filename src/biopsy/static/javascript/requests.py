"""Data of requests from outside, as servers hand them to their handlers: the parameter `req`."""

from biopsy.static.code.fed import HEADER
from biopsy.static.code.value import Value

NAMES = frozenset({"req"})
GIVEN = "incoming"
_ASKED = frozenset({"request"})
_HEADERS = frozenset({"headers", "get", "header", "rawHeaders", "cookies", "signedCookies"})
_DATA = frozenset({"query", "body", "params", "headers", "cookies", "url", "originalUrl", "rawBody", "get",
                   "header", "param", "signedCookies", "rawHeaders", "json", "text"})  # fmt: skip


def given() -> Value:
    """What stands for a request, of which nothing is known yet."""
    return Value(ref=GIVEN)


def said() -> Value:
    """A piece of the body, as a listener is told it."""
    return Value(taint=_ASKED)


def attribute(name: str) -> Value:
    """An attribute of a request: what a client sent, or what the server makes of it."""
    taint = _ASKED | {HEADER} if name in _HEADERS else _ASKED if name in _DATA else frozenset()
    return Value(ref=f"{GIVEN}.{name}", taint=taint)
