"""DuckDB as we use it: in memory, over files that we name; loaded when something is asked, not before."""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from biopsy.errors import UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HELD = threading.local()
_INHERITED: list[object] = []

MISSING = "this needs DuckDB, which is not installed: pip install 'biopsy[warehouse]'"


def connect(threads: int = 0, memory: str = "") -> "DuckDBPyConnection":
    """A database in memory that sees no variable of ours; UsageError where DuckDB is not installed."""
    try:
        import duckdb  # noqa: PLC0415 - large, and most commands do without
    except ImportError as err:
        raise UsageError(MISSING) from err
    config: dict[str, str | bool | int | float | list[str]] = {
        "python_enable_replacements": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    if threads:
        config["threads"] = threads
    if memory:
        config["memory_limit"] = memory
    con = duckdb.connect(":memory:", config=config)
    con.execute("SET enable_progress_bar = false")  # it would be drawn into what we write
    return con


@contextmanager
def lent() -> "Iterator[DuckDBPyConnection]":
    """A connection for a short question of ours, kept open for the next one of this thread.

    UsageError where DuckDB is not installed, or what it is to read is damaged.
    """
    held = getattr(_HELD, "con", None)
    if held is None or _HELD.process != os.getpid():
        _INHERITED.append(held)  # by a fork, without its threads: to close it would wait for them
        held = _HELD.con = connect(threads=1)  # threads of ours ask at once, each its own
        _HELD.process = os.getpid()
    import duckdb  # noqa: PLC0415 - it is there by now

    try:
        yield held
    except duckdb.Error as err:
        raise UsageError(f"the warehouse cannot be read (biopsy warehouse verify): {err}") from err


def _let_go() -> None:
    """Close what this thread holds: DuckDB does not live through a fork."""
    held = getattr(_HELD, "con", None)
    if held is not None and _HELD.process == os.getpid():
        held.close()
        _HELD.con = None


os.register_at_fork(before=_let_go)


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """A list of texts as SQL writes it."""
    return f"[{', '.join(map(quoted, texts))}]"
