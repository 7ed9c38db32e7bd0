"""The report database for many requests at once: a connection for each thread that asks."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from anyio import to_thread
from litestar import Request
from litestar.di import NamedDependency

from biopsy.reports.database import Database

Answer = TypeVar("Answer")


class Stores:
    """Opens the database once in each thread. Readers see a whole state, whatever is being written."""

    def __init__(self, path: Path) -> None:
        """Take where the database is; raises DatabaseError where there is none."""
        self._path, self._held = path, threading.local()
        self._mine()

    def _mine(self) -> Database:
        held: Database | None = getattr(self._held, "database", None)
        if held is None:
            held = self._held.database = Database(self._path)
        return held

    async def run(self, ask: Callable[[Database], Answer]) -> Answer:
        """Ask in a thread, so that a slow question does not hold up others."""
        return await to_thread.run_sync(lambda: ask(self._mine()))


Asked = Request[Any, Any, Any]
Given = NamedDependency[Stores]
"""What a handler asks for by the name `stores`."""
