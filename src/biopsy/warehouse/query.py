"""Ask the warehouse anything: one SELECT, read-only, within limits of time and memory, and no other file."""

import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from biopsy.errors import UsageError
from biopsy.warehouse import catalog
from biopsy.warehouse.engine import connect, quoted
from biopsy.warehouse.ledger import Ledger

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_SQL = 100_000
"""Characters of a question."""

AT_ONCE = 1000


class Limits(msgspec.Struct, frozen=True):
    """What a question may cost. `memory` is as DuckDB writes it; what does not fit goes to `spill`."""

    seconds: float = 60.0
    memory: str = "2GB"
    threads: int = 0  # 0: as many as there are processors
    spill: str = "20GB"


class Answer(msgspec.Struct, frozen=True):
    """What came of a question: names and types of columns, and the rows as they are wanted."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


class Desk:
    """Where questions to one warehouse are put. What is packed meanwhile is not seen."""

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        """Open the warehouse below `root` for reading."""
        self._limits = limits or Limits()
        self._con = connect(self._limits.threads, self._limits.memory)
        spill = self._spill = root / "spill"
        catalog.make(self._con, root, Ledger(root).live())
        self._con.execute("SET temp_directory = ?", [str(spill)])
        self._con.execute("SET max_temp_directory_size = ?", [self._limits.spill])
        self._con.execute("SET allowed_directories = ?", [[str(root), str(spill)]])
        self._con.execute("SET enable_external_access = false")
        self._con.execute("SET lock_configuration = true")

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._con.close()

    def ask(self, sql: str, values: Mapping[str, str] | None = None) -> Answer:
        """Put a question; UsageError where it is not one SELECT, is wrong, or takes longer than it may.

        The time counts until the last row was taken.
        """
        statement, given = only(self._con, sql), self._given(sql, values)
        clock = _Clock(self._con, self._limits.seconds)
        with clock.explained():
            asked = self._con.execute(statement, given)
            shown = tuple((str(name), str(kind)) for name, kind, *_ in asked.description or ())
        names, types = tuple(n for n, _ in shown), tuple(t for _, t in shown)
        return Answer(names, types, _rows(asked, clock))

    def _given(self, sql: str, values: Mapping[str, str] | None) -> dict[str, str]:
        """The values that the question leaves open, as far as they are given."""
        return {name: values[name] for name in wanted(self._con, sql) if name in values} if values else {}

    def save(self, sql: str, path: Path, values: Mapping[str, str] | None = None) -> None:
        """Write what comes of a question as a Parquet file; UsageError as `ask`, or where it cannot be."""
        only(self._con, sql)
        given = self._given(sql, values)
        clock = _Clock(self._con, self._limits.seconds)
        spill = self._spill / f"answer-{os.getpid()}.parquet"
        spill.parent.mkdir(parents=True, exist_ok=True)
        try:
            with clock.explained():
                self._con.execute(
                    f"COPY (\n{sql.strip().rstrip(';')}\n) TO {quoted(str(spill))} (FORMAT parquet)", given
                )
            shutil.move(spill, path)
        except OSError as err:
            raise UsageError(f"cannot write {path}: {err.strerror or err}") from err
        finally:
            clock.stop()
            spill.unlink(missing_ok=True)


def only(con: "DuckDBPyConnection", sql: str) -> str:
    """The one SELECT that a text is; UsageError where it is anything else."""
    import duckdb  # noqa: PLC0415 - large, and most commands do without

    if len(sql) > MAX_SQL:
        raise UsageError(f"a question may have {MAX_SQL} characters; this one has {len(sql)}")
    try:
        found = con.extract_statements(sql)
    except duckdb.Error as err:
        raise UsageError(said(err)) from err
    readable = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
    if len(found) != 1 or found[0].type not in readable:
        raise UsageError(
            "a question is one SELECT (FROM, WITH, DESCRIBE, SUMMARIZE, EXPLAIN); nothing is written"
        )
    if found[0].type == duckdb.StatementType.EXPLAIN and "analyze" in sql.lower():
        raise UsageError("EXPLAIN ANALYZE would run anything: ask the question itself, or EXPLAIN it")
    return sql


def wanted(con: "DuckDBPyConnection", sql: str) -> Sequence[str]:
    """The names of the values that a question leaves open: `$days`."""
    return sorted({str(name) for one in con.extract_statements(sql) for name in one.named_parameters})


def said(err: Exception) -> str:
    """What DuckDB says of a question, in one line."""
    text = " ".join(str(err).partition("\n\nLINE ")[0].split())
    kind, _, rest = text.partition(": ")
    return f"{kind.removesuffix(' Error').lower()}: {rest}" if kind.endswith(" Error") else text


class _Clock:
    """Stops a question that takes too long."""

    def __init__(self, con: "DuckDBPyConnection", seconds: float) -> None:
        self._seconds = seconds
        self._timer = threading.Timer(seconds, con.interrupt)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()

    @contextmanager
    def explained(self) -> Iterator[None]:
        import duckdb  # noqa: PLC0415 - large, and most commands do without

        try:
            yield
        except duckdb.InterruptException as err:
            raise UsageError(f"this took longer than {self._seconds:g} s (--timeout SECONDS)") from err
        except duckdb.OutOfMemoryException as err:
            self.stop()
            raise UsageError(f"this needs more memory than it may have (--memory): {said(err)}") from err
        except duckdb.Error as err:
            self.stop()
            raise UsageError(said(err)) from err


def _rows(asked: "DuckDBPyConnection", clock: _Clock) -> Iterator[tuple[Any, ...]]:
    try:
        while True:
            with clock.explained():
                some = asked.fetchmany(AT_ONCE)
            if not some:
                return
            yield from some
    finally:
        clock.stop()
