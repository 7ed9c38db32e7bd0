"""DuckDB as we use it: in memory, over files that we name; loaded when something is asked, not before."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from biopsy.errors import UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

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


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """A list of texts as SQL writes it."""
    return f"[{', '.join(map(quoted, texts))}]"
