"""Packagist's changes of metadata since a moment (its API documents, "Track package updates").

Moments are ten-thousandths of a second. Where ours is older than what is kept (a day or more) the registry
answers `resync`: which packages changed in between cannot be told, and that is a gap.
"""

from typing import Any

import msgspec

from biopsy.ecosystems.feeds.asking import Talk
from biopsy.ecosystems.feeds.following import (
    Followed,
    Memory,
    believed,
    document,
    entries,
    read,
    whole,
    written,
)
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.protocol import Gap
from biopsy.errors import RegistryError
from biopsy.model.feed import Change

TICKS = 10_000
"""Ticks of a second."""

OVERLAP = 30 * TICKS
"""How long before the cursor each poll begins: what several writers note is not there in order."""

KEPT = 4000
"""Most changes remembered."""


class _Cursor(msgspec.Struct):
    at: int  # all before this moment was said
    first: int = 0  # nothing before this one was asked for
    seen: list[str] = []


class _Changes(msgspec.Struct):
    actions: list[msgspec.Raw] = []
    timestamp: Any = None


class _Action(msgspec.Struct):
    type: Any = None
    package: Any = None
    time: Any = None


class Changes(Followed):
    """The changes since a moment."""

    name = "composer/changes"
    every = 60.0
    main = True

    def begin(self, talk: Talk) -> str:
        """Ask without a moment: the refusal names the newest."""
        answer = talk.ask("metadata/changes.json")
        found = msgspec.json.decode(answer.body, type=_Changes)
        if (newest := whole(found.timestamp)) is None:
            raise RegistryError(f"{self.name}: the registry names no moment (status {answer.status})")
        return written(_Cursor(newest, newest))

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Ask for what comes after the cursor, and again for what came just before it."""
        cursor: _Cursor = read(heap.cursor, _Cursor)
        memory, since = Memory(cursor.seen), max(cursor.at - OVERLAP, cursor.first)
        found = document(talk.ask(f"metadata/changes.json?since={since}"), _Changes)
        if (newest := whole(found.timestamp)) is None:
            raise RegistryError(f"{self.name}: the registry names no moment")
        if newest > believed(newest / TICKS, talk) * TICKS:
            raise RegistryError(f"{self.name}: the registry names a moment of the future: {newest}")
        after = _Cursor(max(newest, cursor.at), cursor.first)
        for action in entries(found.actions, _Action, heap):
            if action.type == "resync":
                why = "the registry no longer knows what changed since"
                heap.gap = Gap(str(cursor.at), str(newest), None, why)
                after.first = after.at
            elif memory.fresh(f"{action.type} {action.package} {action.time}"):
                self._say(heap, action)
        after.seen = memory.last(KEPT)
        heap.cursor = written(after)

    @staticmethod
    def _say(heap: Heap, action: _Action) -> None:
        when = float(action.time) if isinstance(action.time, int | float) and 0 < action.time < 4e9 else None
        if isinstance(action.package, str) and action.package.endswith("~dev"):
            heap.skipped += 1  # branches, which change with each commit and are no releases
            heap.newest = max(heap.newest, when or 0.0)
        elif action.type in ("update", "delete"):
            change = Change.DELETED if action.type == "delete" else Change.CHANGED
            heap.add(action.package, change=change, at=when)
        else:
            heap.refuse(f"no action that is known: {action.type!r:.40}")


FEED = Changes()
