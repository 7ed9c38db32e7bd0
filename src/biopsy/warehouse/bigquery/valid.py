"""Rows are held against the layout before they are loaded: BigQuery fails a whole load for one bad row."""

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from biopsy.warehouse.bigquery.layout import Column, Layout

MAX_ROW = 8 * 1024**2
"""Bytes of a row as JSON; BigQuery takes more, but what is asked for by the million is not that large."""

MAX_ITEMS = 50_000
"""Values in one repeated column of a row."""

_EXACT = 2**53 - 1  # a larger number is written as text: JSON readers may round it


class Invalid(ValueError):  # noqa: N818 - it reads as what it says
    """A row is not what its table takes; the message names the column."""


def line(row: Mapping[str, Any], layout: Layout) -> bytes:
    """Write a row as a line of JSON that BigQuery loads as it is meant; Invalid where it would not."""
    written = msgspec.json.encode(_record(row, layout.columns, ""))
    if len(written) > MAX_ROW:
        raise Invalid(f"a row of {len(written)} bytes, and no more than {MAX_ROW} are taken")
    return written


def _record(row: Mapping[str, Any], columns: tuple[Column, ...], path: str) -> dict[str, Any]:
    if strange := row.keys() - {column.name for column in columns}:
        raise Invalid(f"no such column: {path}{min(strange)}")
    made = {}
    for column in columns:
        value = _column(row.get(column.name), column, f"{path}{column.name}")
        if value is not None:
            made[column.name] = value
    return made


def _column(value: Any, column: Column, path: str) -> Any:
    if column.mode == "REPEATED":
        values = () if value is None else value
        if not isinstance(values, list | tuple) or len(values) > MAX_ITEMS:
            raise Invalid(f"{path}: not a list of at most {MAX_ITEMS}")
        return [_one(one, column, path) for one in values]
    if value is None:
        if column.mode == "REQUIRED":
            raise Invalid(f"{path}: may not be empty")
        return None
    return _one(value, column, path)


def _one(value: Any, column: Column, path: str) -> Any:
    if column.type == "RECORD":
        if not isinstance(value, Mapping):
            raise Invalid(f"{path}: not a record")
        return _record(value, column.fields, f"{path}.")
    made = _FORMS[column.type](value)
    if made is None:
        raise Invalid(f"{path}: {column.type} it is not: {str(value)[:80]!r}")
    return made


def _string(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "backslashreplace").decode()  # a lone surrogate is no character


def _integer(value: Any) -> int | str | None:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        return None
    return value if -_EXACT <= value <= _EXACT else str(value)


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _timestamp(value: Any) -> str | None:
    try:
        return value if datetime.fromisoformat(value).tzinfo is not None else None
    except (TypeError, ValueError):
        return None


def _date(value: Any) -> str | None:
    try:
        return value if date.fromisoformat(value).isoformat() == value else None
    except (TypeError, ValueError):
        return None


def _bytes(value: Any) -> str | None:
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return None
    return str(value)


_FORMS: dict[str, Callable[[Any], Any]] = {
    "STRING": _string,
    "INTEGER": _integer,
    "FLOAT": _float,
    "BOOLEAN": _boolean,
    "TIMESTAMP": _timestamp,
    "DATE": _date,
    "BYTES": _bytes,
}
