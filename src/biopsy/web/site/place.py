"""What the pages draw on: the index, the report database, the dossiers and the rules of one BIOPSY_HOME."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from litestar.di import NamedDependency

from biopsy import detect
from biopsy.model import kept
from biopsy.warehouse import Warehouse
from biopsy.web.site.index import Index
from biopsy.web.site.kept_pages import Pages
from biopsy.web.store import Stores

READERS = 4  # questions to the index that one process answers at once; more wait
HEAVY = 1  # dossiers that one process reads and judges at once: each takes a core
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Site:
    """One of each, for all requests."""

    home: Path
    stores: Stores
    index: Index
    warehouse: Warehouse = field(init=False)
    pages: Pages = field(default_factory=Pages)
    _rules: tuple[detect.Rule, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _limits: dict[int, CapacityLimiter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing is read before somebody asks."""
        self.warehouse = Warehouse(self.home)

    async def ask(self, question: Callable[[Index], Answer]) -> Answer:
        """Ask the index, in a thread."""
        return await to_thread.run_sync(question, self.index, limiter=self._limit(READERS))

    async def heavy(self, work: Callable[[], Answer]) -> Answer:
        """Do what takes a core for a while, one after the other, so that quick pages stay quick."""
        return await to_thread.run_sync(work, limiter=self._limit(HEAVY))

    def rules(self) -> tuple[detect.Rule, ...]:
        """The rules of today, read once; raises RuleError."""
        with self._lock:
            if not self._rules:
                kept.keep_in(self.home / "cache")
                self._rules = detect.ready(None)
        return self._rules

    def _limit(self, count: int) -> CapacityLimiter:
        if count not in self._limits:  # made inside the loop that uses it
            self._limits[count] = CapacityLimiter(count)
        return self._limits[count]


GivenSite = NamedDependency[Site]
"""What a handler asks for by the name `site`."""
