"""Questions in SQL from readers of the site: one at a time each, a few at once, all within limits."""

import math
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from biopsy.errors import UsageError
from biopsy.warehouse import results, saved
from biopsy.warehouse.query import Answer, Desk, Limits

LIMITS = Limits(seconds=20.0, memory="768MB", threads=1, spill="2GB")
"""What one question may cost."""

AT_ONCE = 2  # questions that one process answers at the same time
ROWS = 1000  # rows on a page
MAX_DOWNLOAD = 1_000_000  # rows of a file
MAX_BYTES = 64 * 1024**2  # bytes of a file
MAX_CELL = 600  # characters of a cell on a page
MAX_QUESTION = 20_000  # characters
MAX_VALUE = 200
MIN_GAP = 0.2  # seconds between two questions of one reader

Made = TypeVar("Made")


class Busy(Exception):  # noqa: N818 - it reads as what it says
    """Somebody asks more than one question at a time, or too many people do."""


class Table(Struct, frozen=True):
    """What came of a question: rows of text, and of which columns all are numbers; `more`: it was cut."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    more: bool
    seconds: float


class Bar(Struct, frozen=True):
    """One bar of the chart that is drawn of a table."""

    label: str
    value: float
    shown: str


class Curve(Struct, frozen=True):
    """A column of numbers, a number a day, and their sum."""

    value: str
    by_day: tuple[float, ...]
    total: float


class Curves(Struct, frozen=True):
    """What is drawn where the rows of an answer are days."""

    days: tuple[str, ...]
    lines: tuple[Curve, ...]


class Questions:
    """The counter at which questions are asked."""

    def __init__(self, home: Path) -> None:
        """Ask the warehouse below `home`."""
        self.home = home
        self._room = threading.Semaphore(AT_ONCE)
        self._asking: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, reader: str) -> Iterator[None]:
        """Take a turn: raises Busy where this reader's last question still runs, or too many do."""
        with self._lock:
            if reader in self._asking:
                raise Busy("your last question still runs: wait for it")
            self._asking[reader] = time.monotonic()
        try:
            if not self._room.acquire(timeout=LIMITS.seconds / 4):
                raise Busy("others ask right now: come again in a moment")
            try:
                yield
            finally:
                self._room.release()
        finally:
            with self._lock:
                self._asking.pop(reader, None)

    def table(self, reader: str, sql: str, values: dict[str, str]) -> Table:
        """The first rows that come of a question; raises UsageError and Busy."""
        began = time.monotonic()

        def made(answer: Answer) -> Table:
            some = list(islice(answer.rows, ROWS + 1))
            numbers = _numbers(answer.columns, some[:ROWS])
            rows = tuple(tuple(_cell(value) for value in row) for row in some[:ROWS])
            took = round(time.monotonic() - began, 2)
            return Table(answer.columns, answer.types, rows, numbers, len(some) > ROWS, took)

        return self._asked(reader, sql, values, made)

    def csv(self, reader: str, sql: str, values: dict[str, str]) -> bytes:
        """All rows as CSV that no spreadsheet runs; raises UsageError and Busy."""

        def made(answer: Answer) -> bytes:
            data = bytearray()
            for line in results.csv_lines(results.limited(answer, MAX_DOWNLOAD)):
                data += line
                if len(data) > MAX_BYTES:
                    raise UsageError(f"this is more than {MAX_BYTES // 1024**2} MB: ask for less")
            return bytes(data)

        return self._asked(reader, sql, values, made)

    def parquet(self, reader: str, sql: str, values: dict[str, str]) -> bytes:
        """All rows as Parquet; raises UsageError and Busy."""
        with self.turn(reader), self._desk(sql) as desk, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "answer.parquet"
            whole = f"SELECT * FROM (\n{sql.strip().rstrip(';')}\n) LIMIT {MAX_DOWNLOAD}"  # noqa: S608 - a reader's own
            desk.save(whole, path, values)
            if path.stat().st_size > MAX_BYTES:
                raise UsageError(f"this is more than {MAX_BYTES // 1024**2} MB: ask for less")
            return path.read_bytes()

    def known(self) -> tuple[saved.Saved, ...]:
        """The saved questions, the cookbook's first."""
        return tuple(saved.every(self.home))

    def _asked(self, reader: str, sql: str, values: dict[str, str], made: Callable[[Answer], Made]) -> Made:
        with self.turn(reader), self._desk(sql) as desk:
            return made(desk.ask(sql, values))

    def _desk(self, sql: str) -> Desk:
        if len(sql) > MAX_QUESTION:
            raise UsageError(
                f"a question may have {MAX_QUESTION:,} characters here; this one has {len(sql):,}"
            )
        root = self.home / "warehouse"
        if not (root / "log").is_dir():
            raise UsageError("nothing is packed yet, so there is nothing to ask: biopsy warehouse pack")
        return Desk(root, LIMITS)


def bars(table: Table, most: int = 40) -> tuple[Bar, ...]:
    """A bar for each row, of the first column of numbers; none where there is no such column."""
    words = [n for n in range(len(table.columns)) if n not in table.numbers]
    if not table.numbers or not words or len(table.rows) < 2 or _dated(table):
        return ()
    at = table.numbers[0]
    return tuple(
        Bar(" ".join(row[n] for n in words)[:120], _value(row[at]), row[at]) for row in table.rows[:most]
    )


def _value(cell: str) -> float:
    try:
        found = float(cell or 0)
    except ValueError:
        return 0.0
    return found if math.isfinite(found) else 0.0


def lines(table: Table) -> Curves | None:
    """A line for each column of numbers, where the rows are days; else None."""
    if not table.numbers or not _dated(table):
        return None
    rows = sorted(table.rows)
    drawn = [
        Curve(
            table.columns[at],
            tuple(_value(row[at]) for row in rows),
            sum(_value(row[at]) for row in rows),
        )
        for at in table.numbers[:6]
    ]
    return Curves(tuple(row[0][:10] for row in rows), tuple(drawn))


def _dated(table: Table) -> bool:
    """Whether the first column is days, each once."""
    days = [row[0][:10] for row in table.rows]
    kind = bool(table.types) and table.types[0].upper().startswith(("DATE", "TIMESTAMP"))
    return kind and len(days) > 2 and len(set(days)) == len(days) and all(days)


def _numbers(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> tuple[int, ...]:
    def numeric(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    found = []
    for at in range(len(columns)):
        some = [row[at] for row in rows if row[at] is not None]
        if some and all(map(numeric, some)):
            found.append(at)
    return tuple(found)


def _cell(value: Any) -> str:
    plain = results.text(value)
    return plain if len(plain) <= MAX_CELL else f"{plain[: MAX_CELL - 1]}…"
