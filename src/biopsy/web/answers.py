"""Answers as JSON, and what a handler tells the OpenAPI document about itself."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Response

from biopsy.reports.query import QueryError

MAX_NUMBER = 2**63 - 1  # what a page token may hold
JSON = "application/json"
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Told:
    """What a handler takes and gives: types of its body and answer, the media types of the body, and the
    statuses of its refusals beside those that every handler has.
    """

    answer: Any
    body: Any = None
    media: str = JSON
    errors: tuple[int, ...] = ()
    scope: str = ""


def told(answer: Any, *errors: int, body: Any = None, media: str = JSON, scope: str = "") -> dict[str, Any]:
    """That, as Litestar keeps it with a handler."""
    return {"told": Told(answer, body, media, errors, scope)}


def encoded(value: Any, status: int = 200) -> Response[Any]:
    """An answer as JSON, also where a report holds a number that has no 64 bits."""
    try:
        data = msgspec.json.encode(value)
    except (OverflowError, ValueError, TypeError):
        data = json.dumps(msgspec.to_builtins(value), ensure_ascii=True, separators=(",", ":")).encode()
    return Response(data, media_type=JSON, status_code=status)


def token(number: int) -> str:
    """Where a list goes on, as clients give it back."""
    return urlsafe_b64encode(str(number).encode()).decode()


def after(given: str) -> int:
    """What a token stands for; 0 without one. Raises QueryError."""
    try:
        number = int(urlsafe_b64decode(given.encode("ascii")).decode("ascii") or "0") if given else 0
    except (ValueError, UnicodeError) as error:
        raise QueryError("invalid cursor") from error
    if not 0 <= number <= MAX_NUMBER:
        raise QueryError("invalid cursor")
    return number
