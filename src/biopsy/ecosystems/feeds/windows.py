"""Feeds that show a window: the last so many entries of an RSS document, and nothing behind it.

An entry is known by its link. Where two windows of a document do not overlap, entries may have fallen out
between them: that is a gap, and its size is not known.
"""

from typing import NamedTuple

from msgspec import Struct

from biopsy.ecosystems.feeds import markup
from biopsy.ecosystems.feeds.asking import Talk, stamp
from biopsy.ecosystems.feeds.following import Followed, Memory, at, believed, read, written
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.protocol import Gap
from biopsy.errors import RegistryError

KEPT = 3000
"""Most links remembered of a document; windows have 40 to some hundreds of entries."""


class Said(NamedTuple):
    """What an entry is about; an empty `version` says that the package is new."""

    name: str
    version: str
    link: str


class _Seen(Struct):
    newest: float = 0.0  # the date of the newest entry, by the registry
    links: list[str] = []


class Windowed(Followed):
    """A feed made of RSS documents; those of a registry say `documents` and `said`."""

    documents: tuple[str, ...] = ()

    def said(self, entry: dict[str, str]) -> Said | None:
        """Say what an entry is about; None where it is about nothing that we know."""
        raise NotImplementedError

    def begin(self, talk: Talk) -> str:
        """Remember what the windows show now."""
        heap, state = Heap(self.ecosystem, ""), {}
        for path in self.documents:
            state[path] = self._look(talk, heap, path, _Seen(), fresh=True) or _Seen()
        return written(state)

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Look at each document that was modified."""
        state: dict[str, _Seen] = read(heap.cursor, dict[str, _Seen])
        for path in self.documents:
            seen = self._look(talk, heap, path, state.get(path, _Seen()), fresh=path not in state)
            if seen is not None:
                state[path] = seen
                heap.cursor = written(state)

    def _look(self, talk: Talk, heap: Heap, path: str, before: _Seen, *, fresh: bool) -> _Seen | None:
        """Give what is seen after this look at a document, None where it was not modified.

        What a `fresh` window shows was there before anybody followed: it makes no items.
        """
        answer = talk.ask(path, accept="application/rss+xml, application/xml, text/xml", key=path)
        if answer.status == 304:
            return None
        if answer.status != 200:
            said = f"the registry answered {answer.status} at {path}"
            raise RegistryError(f"{self.name}: {said}; where it has no such feed, watch packages by name")
        memory, newest, oldest = Memory(before.links), before.newest, 0.0
        known = 0
        entries = markup.entries(answer.body)
        for entry in entries[::-1]:  # feeds show the newest first
            about, when = self.said(entry), at(entry.get("pubDate"))
            if about is None:
                heap.refuse(f"an entry about nothing known: {entry.get('title', '')!r:.80}")
                continue
            newest = max(newest, when or 0.0)
            oldest = min(oldest or 4e9, when or 4e9)
            if not memory.fresh(about.link):
                known += 1
            elif not fresh:
                heap.add(about.name, about.version, at=when)
        talk.keep(path)
        heap.newest = max(heap.newest, newest)
        if entries and before.links and not known and oldest > before.newest:
            heap.gap = Gap(
                stamp(before.newest), stamp(oldest), None, f"{path}: nothing in common with the last look"
            )
        return _Seen(believed(newest, talk), memory.last(KEPT))
