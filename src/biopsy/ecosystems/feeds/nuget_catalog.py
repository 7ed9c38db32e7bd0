"""NuGet's catalog (its documents, "Catalog resource"): an index of pages of entries with times.

An entry says that a release was published, edited, listed or unlisted, all alike; or deleted. The first time
is news, and later ones are known by then. Pages are in no order, and neither are the entries of a page.
"""

from typing import Any

import msgspec

from biopsy.ecosystems.feeds.asking import Talk
from biopsy.ecosystems.feeds.following import Followed, Memory, at, believed, document, entries, read, written
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.errors import RegistryError
from biopsy.model.feed import Change

PAGES = 10
"""Most pages read in one poll; a page has up to 2,750 entries."""

KEPT = 3000
"""Most entries of the last commit that are remembered."""

CATALOG = "Catalog/3.0.0"


class _Cursor(msgspec.Struct):
    at: float
    seen: list[str] = []


class _Service(msgspec.Struct):
    resources: list[dict[str, Any]] = []


class _Index(msgspec.Struct):
    items: list[msgspec.Raw] = []


class _Ref(msgspec.Struct):
    id: Any = msgspec.field(default=None, name="@id")
    type: Any = msgspec.field(default=None, name="@type")
    when: Any = msgspec.field(default=None, name="commitTimeStamp")
    package: Any = msgspec.field(default=None, name="nuget:id")
    version: Any = msgspec.field(default=None, name="nuget:version")


class Catalog(Followed):
    """The catalog, by the times of its commits."""

    name = "nuget/catalog"
    every = 60.0
    main = True

    def begin(self, talk: Talk) -> str:
        """Take the newest commit of the index."""
        heap = Heap("nuget", "")
        times = [when for _, when in self._pages(talk, heap, self._index(talk), -1.0)]
        if not times:
            raise RegistryError(f"{self.name}: the catalog has no pages")
        return written(_Cursor(max(times) + 1e-6))

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Read the pages that have something newer, the oldest first."""
        cursor: _Cursor = read(heap.cursor, _Cursor)
        index = self._index(talk, "index")
        if index is None:
            return
        pages = self._pages(talk, heap, index, cursor.at)
        heap.more = len(pages) > PAGES
        memory, reached = Memory(cursor.seen), cursor.at
        for url, _ in pages[:PAGES]:
            page = document(talk.ask(url), _Index)
            newest = self._say(heap, page.items, cursor.at, memory)
            reached = believed(max(reached, newest), talk)
            heap.cursor = written(_Cursor(reached, memory.last(KEPT)))
        if not heap.more:
            talk.keep("index")

    def _index(self, talk: Talk, key: str = "") -> Any:
        """Find the catalog by the service index, and read its own; None where that was not modified."""
        service = document(talk.ask("index.json"), _Service)
        url = next((r.get("@id") for r in service.resources if r.get("@type") == CATALOG), None)
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise RegistryError(f"{self.name}: the registry has no catalog")
        answer = talk.ask(url, key=key)
        return None if answer.status == 304 else document(answer, _Index)

    @staticmethod
    def _pages(talk: Talk, heap: Heap, index: Any, after: float) -> list[tuple[str, float]]:  # noqa: ARG004
        """Give the pages whose newest commit is not older than a moment, oldest first."""
        found = []
        for ref in entries(index.items, _Ref, heap):
            when = at(ref.when)
            if when is None or not isinstance(ref.id, str) or not ref.id.startswith(("http://", "https://")):
                heap.refuse("a page of the catalog without a time or an address")
            elif when >= after:
                found.append((ref.id, when))
        return sorted(found, key=lambda page: page[1])

    @staticmethod
    def _say(heap: Heap, raws: list[msgspec.Raw], after: float, memory: Memory) -> float:
        """Make items of the entries from a moment on, in the order of commits; give the newest time."""
        refs = [(at(ref.when), ref) for ref in entries(raws, _Ref, heap)]
        newest = after
        for when, ref in sorted(refs, key=lambda pair: pair[0] or 0.0):
            if when is None:
                heap.refuse("an entry of the catalog without a time")
                continue
            newest = max(newest, when)
            if when < after or not memory.fresh(f"{ref.id} {ref.when}"):
                continue
            types = ref.type if isinstance(ref.type, list) else [ref.type]
            deleted = "nuget:PackageDelete" in types or "PackageDelete" in types
            heap.add(ref.package, ref.version, Change.DELETED if deleted else Change.NEW, at=when)
        return newest


FEED = Catalog()
