"""Write down what came of a question: table, CSV, JSON, JSON lines, Parquet."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from biopsy.model.behaviour import escape
from biopsy.warehouse.query import Answer

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection)."""

FORMS = ("table", "csv", "json", "jsonl", "parquet")


def csv_lines(answer: Answer) -> Iterator[bytes]:
    """CSV (RFC 4180) with a head; no cell is a formula: an apostrophe stands before those that would be."""
    yield _csv_line(answer.columns)
    for row in answer.rows:
        yield _csv_line(row)


def _csv_line(row: tuple[Any, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_cell(value) for value in row])
    return line.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int | float | Decimal):
        return value
    plain = text(value)
    return f"'{plain}" if plain.startswith(FORMULA) else plain


def json_lines(answer: Answer) -> Iterator[bytes]:
    """One object a line."""
    for row in answer.rows:
        yield encoded(dict(zip(answer.columns, row, strict=True))) + b"\n"


def json_document(answer: Answer) -> Iterator[bytes]:
    """A list of objects."""
    before = b"[\n"
    for line in json_lines(answer):
        yield before + b"  " + line.rstrip(b"\n")
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def encoded(value: Any) -> bytes:
    """JSON of a value of DuckDB's."""
    return msgspec.json.encode(value, enc_hook=_known)


def _known(value: Any) -> Any:
    if isinstance(value, date | datetime | Decimal | UUID):
        return str(value)
    return text(value)


def text(value: Any) -> str:
    """A value in words: lists with commas, times as `2026-01-02 03:04:05`, nothing for what is not there."""
    match value:
        case None:
            return ""
        case str():
            return escape(value) if not value.isprintable() else value
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}" if abs(value) < 1e15 else repr(value)
        case list() | tuple():
            return ", ".join(map(text, value))
        case dict():
            return ", ".join(f"{text(k)}: {text(v)}" for k, v in value.items())
        case bytes():
            return value.hex()
    return escape(str(value))


def first(answer: Answer, limit: int) -> tuple[list[tuple[Any, ...]], bool]:
    """So many rows (0: all), and whether there are more."""
    if not limit:
        return list(answer.rows), False
    rows = list(islice(answer.rows, limit + 1))
    return rows[:limit], len(rows) > limit


def limited(answer: Answer, limit: int) -> Answer:
    """An answer of at most so many rows (0: all)."""
    return msgspec.structs.replace(answer, rows=islice(answer.rows, limit)) if limit else answer


STREAMS: dict[str, Callable[[Answer], Iterator[bytes]]] = {
    "csv": csv_lines,
    "json": json_document,
    "jsonl": json_lines,
}


def form_of(path: Path) -> str | None:
    """The form that the ending of a file asks for."""
    ending = path.suffix.removeprefix(".").lower()
    return ending if ending in FORMS else None
