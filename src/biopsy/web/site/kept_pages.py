"""Pages as they were written, kept until what they tell of changes: many readers ask for the same few."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

MAX_BYTES = 64 * 1024**2  # of all pages that one process keeps
MAX_PAGE = 8 * 1024**2  # of one of them


@dataclass(slots=True)
class Pages:
    """Bytes by key; what was not asked for longest goes first."""

    limit: int = MAX_BYTES
    size: int = 0
    _held: OrderedDict[Hashable, bytes] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _making: dict[Hashable, tuple[asyncio.Lock, list[None]]] = field(default_factory=dict)

    def get(self, key: Hashable) -> bytes | None:
        """What is kept under a key."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    @asynccontextmanager
    async def alone(self, key: Hashable) -> AsyncIterator[None]:
        """Be the only one at a key; forgotten when the last who waits for it has gone."""
        lock, waiting = self._making.setdefault(key, (asyncio.Lock(), []))
        waiting.append(None)
        try:
            async with lock:
                yield
        finally:
            waiting.pop()
            if not waiting:
                self._making.pop(key, None)

    def keep(self, key: Hashable, body: bytes) -> None:
        """Keep it, unless it is too large."""
        if len(body) > min(MAX_PAGE, self.limit):
            return
        with self._lock:
            before = self._held.pop(key, b"")
            self._held[key] = body
            self.size += len(body) - len(before)
            while self.size > self.limit:
                _, gone = self._held.popitem(last=False)
                self.size -= len(gone)
