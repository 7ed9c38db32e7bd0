"""What the pages draw on: the index, the report database, the dossiers and the rules of one BIOPSY_HOME."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from litestar.di import NamedDependency

from biopsy import detect
from biopsy.model import kept
from biopsy.warehouse import Warehouse
from biopsy.web.site.index.reading import Index
from biopsy.web.site.kept_pages import Pages
from biopsy.web.site.shelf import Shelf, named
from biopsy.web.store import Stores

READERS = 4  # questions to the index that one process answers at once; more wait
HEAVY = 1  # dossiers that one process reads and judges at once: each takes a core
Answer = TypeVar("Answer")


class Site:
    """One of each, for all requests. Nothing is read before somebody asks."""

    def __init__(self, home: Path, stores: Stores, index: Index) -> None:
        """Show what is below `home`, and the reports of `stores`."""
        self.home, self.stores, self.index = home, stores, index
        self.warehouse = Warehouse(home)
        self.pages = Pages()
        self.shelf = Shelf(home / "cache" / "pages")
        self._rules: tuple[detect.Rule, ...] = ()
        self._digest = ""
        self._lock = threading.Lock()
        self._limits: dict[str, CapacityLimiter] = {}

    async def ask(self, question: Callable[[Index], Answer]) -> Answer:
        """Ask the index, in a thread."""
        return await to_thread.run_sync(question, self.index, limiter=self._limit("index", READERS))

    async def heavy(self, work: Callable[[], Answer]) -> Answer:
        """Do what takes a core for a while, one after the other, so that quick pages stay quick."""
        return await to_thread.run_sync(work, limiter=self._limit("heavy", HEAVY))

    def rules(self) -> tuple[detect.Rule, ...]:
        """The rules of today, read once; raises RuleError."""
        with self._lock:
            if not self._rules:
                kept.keep_in(self.home / "cache")
                self._rules = detect.ready(None)
                self._digest = detect.digest(self._rules)
        return self._rules

    def digest(self) -> str:
        """What these rules are called, worked out once: it stands in the name of every page that is kept."""
        self.rules()
        return self._digest

    def shelved(self, *parts: object) -> str:
        """What a page is called on the shelf that depends on these, on the rules, and on the program."""
        return named(self.digest(), self.stores.url, *parts)

    def _limit(self, what: str, count: int) -> CapacityLimiter:
        if what not in self._limits:  # made inside the loop that uses it
            self._limits[what] = CapacityLimiter(count)
        return self._limits[what]


GivenSite = NamedDependency[Site]
"""What a handler asks for by the name `site`."""
