"""Pages that take long are written in another process: nobody waits for them who asked for a quick one.

Threads of one interpreter hand each other every step of a query: beside a page that takes a tenth of a second
to write, all that is asked meanwhile would take several times as long. The process has the very application,
is asked for the very address, and leaves the page on the shelf, where whoever asked for it takes it from.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any

MAX_WAITING = 64
"""Pages that may wait for the process; whoever comes when there are more has his written where he asks."""


class Elsewhere:
    """One process beside this one, begun when the first page is asked of it, and again where it has died."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0

    async def write(self, address: str) -> bool:
        """Have the page of an address written onto the shelf; False where that did not come to anything."""
        if self._waiting >= MAX_WAITING:
            return False
        self._waiting += 1
        pool = self._pool = self._pool or _pool()
        try:
            return await asyncio.wrap_future(pool.submit(_write, address))
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            return False
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the process."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _pool() -> ProcessPoolExecutor:
    spawned = multiprocessing.get_context("spawn")  # a fork would take along locks of threads
    return ProcessPoolExecutor(1, mp_context=spawned, initializer=_begin)


_HELD: dict[str, Any] = {}


def _begin() -> None:
    """Make the application, by what the environment says; end when whoever started us has ended."""
    from msgspec.structs import replace  # noqa: PLC0415 - only the process needs all this

    from biopsy.web.app import build, handed_over  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = replace(handed_over(), reads=0, writes=0, workers=1, tokens=None)
    _HELD["app"] = build(settings.database, settings)
    _HELD["loop"] = asyncio.new_event_loop()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # or it tells of every page


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        wait([parent.sentinel])
        os._exit(0)


def _write(address: str) -> bool:
    from biopsy.web.site.ahead import written  # noqa: PLC0415

    loop: asyncio.AbstractEventLoop = _HELD["loop"]
    return not loop.run_until_complete(written(_HELD["app"], [address]))
