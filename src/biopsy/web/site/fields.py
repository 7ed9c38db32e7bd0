"""Reading a report's fields: it is plain JSON of anybody's, so that each may be of any type or missing."""

from typing import Any

MAX_LISTED = 200
"""Things of one list that a page takes."""


def thing(held: Any, name: str) -> dict[str, Any]:
    """The object in a field; an empty one where there is none."""
    value = held.get(name) if isinstance(held, dict) else None
    return value if isinstance(value, dict) else {}


def things(held: Any, name: str) -> list[dict[str, Any]]:
    """The objects in a list."""
    return [one for one in _list(held, name) if isinstance(one, dict)]


def text(held: Any, name: str) -> str:
    """The text in a field; empty where there is none."""
    value = held.get(name) if isinstance(held, dict) else None
    return value if isinstance(value, str) else ""


def texts(held: Any, name: str) -> tuple[str, ...]:
    """The texts in a list."""
    return tuple(one for one in _list(held, name) if isinstance(one, str))


def _list(held: Any, name: str) -> list[Any]:
    value = held.get(name) if isinstance(held, dict) else None
    return value[:MAX_LISTED] if isinstance(value, list) else []
