"""Answers as JSON, and what a handler tells the OpenAPI document about itself."""

import json
import re
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Response

from biopsy.reports.query import QueryError

CURSOR = re.compile(r"[0-9]{0,18}")  # page tokens of our own lists: what SQLite can count to
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
    page: bool = False  # its answer is a page, too


def told(
    answer: Any, *errors: int, body: Any = None, media: str = JSON, scope: str = "", page: bool = False
) -> dict[str, Any]:
    """That, as Litestar keeps it with a handler."""
    return {"told": Told(answer, body, media, errors, scope, page)}


def encoded(value: Any, status: int = 200) -> Response[Any]:
    """An answer as JSON, also where a report holds a number that has no 64 bits."""
    try:
        data = msgspec.json.encode(value)
    except (OverflowError, ValueError, TypeError):
        data = json.dumps(msgspec.to_builtins(value), ensure_ascii=True, separators=(",", ":")).encode()
    return Response(data, media_type=JSON, status_code=status)


def after(token: str) -> int:
    """The number of the entry that a page ended with; 0 without a token. Raises QueryError."""
    if not CURSOR.fullmatch(token):
        raise QueryError("invalid cursor")
    return int(token or 0)
