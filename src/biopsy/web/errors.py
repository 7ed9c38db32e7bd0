"""Every refusal in one shape, that of OSV's API: `{"code": 3, "message": "what is wrong"}`.

`code` is a status code of gRPC, as clients of that API expect it; `message` is for people.
"""

import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotFoundException

from biopsy.errors import BiopsyError, UsageError
from biopsy.reports.query import QueryError
from biopsy.reports.tokens import TokenError
from biopsy.web.body import BadBody

INVALID, NOT_FOUND, DENIED, EXHAUSTED, INTERNAL, UNAVAILABLE, UNKNOWN_CALLER = 3, 5, 7, 8, 13, 14, 16
_CODES = {401: UNKNOWN_CALLER, 403: DENIED, 404: NOT_FOUND, 405: 12, 429: EXHAUSTED, 500: INTERNAL, 503: 14}
LOG = logging.getLogger("biopsy.web")


class Problem(msgspec.Struct):
    """What is wrong. `code` is gRPC's: 3 invalid, 5 not found, 7 denied, 8 too many, 12 no such method,
    13 ours, 14 not now, 16 no token.
    """

    code: int
    message: str


def refuse(
    message: str, status: int = 400, code: int = 0, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """An error in that shape. Its code follows from the status, unless it is given."""
    problem = Problem(code or _CODES.get(status, INVALID), message)
    return Response(problem, status_code=status, headers=dict(headers or {}), media_type="application/json")


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer what a handler raised; what we did not foresee is logged, and told to nobody.

    Whoever looks at pages gets a page.
    """
    answer = _refused(error)
    if request.app.state.get("site") is None:
        return answer
    from biopsy.web.site.paging import failed  # noqa: PLC0415 - it imports this module

    return failed(request, answer)


def _refused(error: Exception) -> Response[Any]:
    match error:
        case BadBody():
            return refuse(str(error), error.status)
        case TokenError():
            challenge = {"WWW-Authenticate": 'Bearer realm="biopsy"'} if error.status == 401 else {}
            return refuse(str(error), error.status, headers=challenge)
        case HTTPException():
            return refuse(_said(error), error.status_code, headers=error.headers or {})
        case QueryError() | UsageError():
            return refuse(str(error))
        case BiopsyError() | sqlite3.Error():  # may name paths of ours: told to the log alone
            LOG.error("%s: %s", type(error).__name__, error)
            return refuse("the database cannot be read or written now", 503)
        case _:
            LOG.error("internal server error", exc_info=error)
            return refuse("internal server error", 500)


def _said(error: HTTPException) -> str:
    """The parameters that are wrong, and how; else what the error says of itself."""
    if isinstance(error, NotFoundException):  # no such address
        return "Not Found"
    listed = error.extra if isinstance(error.extra, list) else []
    told = [f"{one.get('key', '?')}: {one.get('message', '')}" for one in listed if isinstance(one, dict)]
    return "; ".join(told)[:1000] or error.detail or "invalid"
