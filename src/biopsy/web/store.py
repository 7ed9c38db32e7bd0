"""The report database for many requests at once: a few readers that take turns, and one writer."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from litestar import Request
from litestar.di import NamedDependency

from biopsy.errors import BiopsyError
from biopsy.reports import content, derived
from biopsy.reports.database import Database
from biopsy.reports.reader import Reader
from biopsy.reports.record import Report
from biopsy.reports.similar import Names

READERS = 4  # questions that are answered at once by one process; more wait
PAUSE = 2.0  # seconds between looks for what changed
LOG = logging.getLogger("biopsy.web")
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Stores:
    """Opens the database a few times. Readers see a whole state, whatever is being written."""

    path: Path
    url: str = ""
    names: Names = field(default_factory=Names)
    warm: bool = False  # whether lists that take long to read are read before somebody asks
    _idle: list[Reader] = field(default_factory=list)
    _limit: CapacityLimiter | None = None
    _writing: asyncio.Lock | None = None

    def __post_init__(self) -> None:
        """Open it once; raises DatabaseError where there is none."""
        self._idle.append(Reader(self.path))

    def shown(self, report: Report) -> Report:
        """A report as it is served: with the severity that consumers read, and a link that they can show.

        Clients show the first advisory that a report refers to; one that refers to none refers to us.
        """
        made = content.shown(report)
        held = made.get("references")
        links = held if isinstance(held, list) else []
        if not self.url or any(isinstance(one, dict) and one.get("type") == "ADVISORY" for one in links):
            return made
        own = {"type": "ADVISORY", "url": f"{self.url}/v1/vulns/{made.get('id', '')}"}
        return {**made, "references": [*links, own]}

    def at_once(self, ask: Callable[[Reader], Answer]) -> Answer:
        """Ask here and now: for look-ups of a fraction of a millisecond, which a thread would only delay."""
        return self._ask(ask)

    async def run(self, ask: Callable[[Reader], Answer]) -> Answer:
        """Ask in a thread, so that a slow question does not hold up others."""
        if self._limit is None:
            self._limit = CapacityLimiter(READERS)
        return await to_thread.run_sync(self._ask, ask, limiter=self._limit)

    def _ask(self, ask: Callable[[Reader], Answer]) -> Answer:
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = Reader(self.path)
        try:
            return ask(reader)
        finally:
            self._idle.append(reader)

    async def marked(self, ask: Callable[[Reader], Answer]) -> Answer:
        """Ask once the table of hashes and indicators is up to date."""

        def asked(reader: Reader) -> Answer:
            derived.refresh(self.path)
            return ask(reader)

        return await self.run(asked)

    async def keep_current(self) -> None:
        """Bring what is derived of the reports up to date again and again, until this is cancelled."""
        while True:
            try:
                await to_thread.run_sync(derived.refresh, self.path, abandon_on_cancel=True)
                if self.warm:
                    await to_thread.run_sync(self._ask, self.names.warm, abandon_on_cancel=True)
            except BiopsyError as error:
                LOG.warning("%s", error)  # questions are answered without it, only slower
            await asyncio.sleep(PAUSE)

    async def write(self, change: Callable[[Database], Answer]) -> Answer:
        """Change the database, one change after the other."""
        if self._writing is None:
            self._writing = asyncio.Lock()
        async with self._writing:
            return await to_thread.run_sync(self._write, change)

    def _write(self, change: Callable[[Database], Answer]) -> Answer:
        with closing(Database(self.path)) as database:
            return change(database)

    def close(self) -> None:
        """Let go of the file."""
        while self._idle:
            self._idle.pop().close()


Asked = Request[Any, Any, Any]
Given = NamedDependency[Stores]
"""What a handler asks for by the name `stores`."""
