"""Other people's lists of names, as they come: a name a line, a table, or JSON."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from biopsy.ecosystems.names.listed import MAX_NAMES
from biopsy.errors import UsageError

MAX_SOURCE = 256 * 1024**2
"""Largest list taken, in bytes."""

MAX_ROWS = 5_000_000
"""Most rows looked at; the best MAX_NAMES of them are kept."""

_NAME = ("name", "package", "project", "package_name")
_ABOUT = ("summary", "description")
_RANK = ("rank", "position")
_COUNT = ("downloads", "download_count", "downloads_a_month", "count", "dependents")

Normalise = Callable[[str], str]


def taken(data: bytes, normalise: Normalise, keep: int = MAX_NAMES) -> list[tuple[str, str]]:
    """Give names and what each says of itself, the most used first; what the ecosystem refuses is skipped.

    A column or key `rank…` orders upwards, `downloads…` downwards; without either the order is that of the
    list. UsageError where there is no name in it.
    """
    if len(data) > MAX_SOURCE:
        raise UsageError(f"a list of more than {MAX_SOURCE >> 20} MiB")
    text = data.decode("utf-8-sig", "replace").lstrip()
    rows = list(_json(text) if text[:1] in ("[", "{") else _lines(text))
    found: dict[str, str] = {}
    for name, sentence, _ in sorted(rows, key=lambda row: row[2]):
        if len(found) >= min(keep, MAX_NAMES):
            break
        try:
            found.setdefault(normalise(name.strip()), sentence)
        except UsageError:
            continue
    if not found:
        raise UsageError("no names in it: one a line, a table with a column `name`, or JSON")
    return list(found.items())


Row = tuple[str, str, float]  # name, sentence, what orders: lower is more used


def _lines(text: str) -> Iterator[Row]:
    head = text.partition("\n")[0]
    separator = "\t" if "\t" in head else ","
    columns = [word.strip().strip('"').lower() for word in head.split(separator)]
    if any(name in columns for name in _NAME):
        table = _commas(text) if separator == "," else (row.split("\t") for row in text.splitlines())
        rows = (dict(zip(columns, row, strict=False)) for row in table)
        next(rows, None)
        yield from _ranked(rows)
        return
    lines = (line.strip() for line in text.splitlines()[:MAX_ROWS])
    for at, line in enumerate(line for line in lines if line and not line.startswith("#")):
        yield line.split()[0], "", at


def _commas(text: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""))
    except csv.Error as err:
        raise UsageError(f"looks like a table and is none: {err}") from err


def _json(text: str) -> Iterator[Row]:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as err:
        raise UsageError(f"looks like JSON and is none: {err}") from err
    if isinstance(document, dict):
        inner = next((v for v in document.values() if isinstance(v, list)), None)
        document = inner if inner is not None else [{"name": k, "downloads": v} for k, v in document.items()]
    if not isinstance(document, list):
        return
    if all(isinstance(one, str) for one in document):
        yield from ((name, "", at) for at, name in enumerate(document[:MAX_ROWS]))
        return
    yield from _ranked(one for one in document if isinstance(one, dict))


def _ranked(rows: Iterable[dict[str, Any]]) -> Iterator[Row]:
    """Order by a rank or a count where rows have such a thing; a row where it is empty is left out."""
    for at, row in enumerate(rows):
        if at >= MAX_ROWS:
            return
        name = next((row[key] for key in _NAME if isinstance(row.get(key), str)), "")
        about = next((row[key] for key in _ABOUT if isinstance(row.get(key), str)), "")
        rank, count = _number(row, _RANK), _number(row, _COUNT)
        if name and (rank is not None or count is not None or not _orders(row)):
            yield name, about, rank if rank is not None else -count if count is not None else at


def _orders(row: dict[str, Any]) -> bool:
    return any(str(key).startswith((*_RANK, *_COUNT)) for key in row)


def _number(row: dict[str, Any], keys: tuple[str, ...]) -> float | None:
    for key, value in row.items():
        if str(key).startswith(keys):
            try:
                return float(str(value).strip())
            except ValueError:
                return None
    return None
