"""Every decision, a line of JSON each: who asked for what, what became of it, and why.

    FOLDER/decisions.jsonl, decisions.1.jsonl, …        the newest first

Lines are written in portions by another thread, so that nobody waits for a disk.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

PAUSE = 0.5
"""Seconds between portions."""

MAX_FILE = 64 * 1024**2
FILES = 8
MAX_WAITING = 100_000
"""Lines that wait to be written; more are dropped and counted: a disk that is full stops nobody's install."""

RECENT = 500


class Kept(Struct, frozen=True):
    """A version that a listing is without, or warns of."""

    version: str
    rule: str
    reason: str


class Decision(Struct, frozen=True, omit_defaults=True):
    """One answer: to a question for a listing, a file, or an audit.

    Of a listing `refused` and `warned` name versions, `allowed` counts the others.
    """

    at: str
    asked: str
    ecosystem: str
    name: str
    action: str
    version: str = ""
    file: str = ""
    rule: str = ""
    reason: str = ""
    report: str = ""
    client: str = ""
    address: str = ""
    allowed: int = 0
    refused: tuple[Kept, ...] = ()
    warned: tuple[Kept, ...] = ()


@dataclass(slots=True)
class Decisions:
    """The log below a folder; without one only the latest are kept, in memory."""

    folder: Path | None = None
    recent: "deque[Decision]" = field(default_factory=lambda: deque(maxlen=RECENT))
    counts: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    heard: Callable[[Decision], None] | None = None
    _waiting: list[bytes] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.Lock)

    def add(self, decision: Decision) -> None:
        """Log one."""
        self.counts[decision.action] = self.counts.get(decision.action, 0) + 1
        self.recent.append(decision)
        if self.heard:
            self.heard(decision)
        if self.folder is None:
            return
        if len(self._waiting) >= MAX_WAITING:
            self.lost += 1
            return
        self._waiting.append(msgspec.json.encode(decision) + b"\n")

    def flush(self) -> None:
        """Write what waits. A disk that cannot be written keeps it waiting."""
        with self._lock:
            some, self._waiting = self._waiting, []
            if not some or self.folder is None:
                return
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                path = self.folder / "decisions.jsonl"
                if path.exists() and path.stat().st_size > MAX_FILE:
                    self._turn(path)
                with path.open("ab") as file:
                    file.write(b"".join(some))
            except OSError:
                self._waiting = some + self._waiting

    def _turn(self, path: Path) -> None:
        for number in range(FILES - 1, 0, -1):
            older = path if number == 1 else path.with_name(f"decisions.{number - 1}.jsonl")
            with contextlib.suppress(FileNotFoundError):
                older.replace(path.with_name(f"decisions.{number}.jsonl"))

    async def keep(self) -> None:
        """Write portion by portion until cancelled."""
        while True:
            await asyncio.sleep(PAUSE)
            if self._waiting:
                await asyncio.to_thread(self.flush)
