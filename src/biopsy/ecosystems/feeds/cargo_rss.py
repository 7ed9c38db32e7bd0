"""crates.io's RSS: versions and crates of at least the last hour (its data access policy names it).

Where two looks have nothing in common, the API's list of crates by their last update tells which changed.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from biopsy.ecosystems.feeds.asking import Talk, moment
from biopsy.ecosystems.feeds.following import at, document, ended, entries, public
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.protocol import Gap, Poll
from biopsy.ecosystems.feeds.windows import Said, Windowed
from biopsy.errors import UsageError
from biopsy.model.feed import Change
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

PAGE = 100
"""Crates on a page of the API: the most that it gives."""

_LINK = regex(r"https?://[^\s]+/crates/([^/\s]+)(?:/([^/\s]+))?/?", 0)


class _Crates(msgspec.Struct):
    crates: list[msgspec.Raw] = []


class _Crate(msgspec.Struct):
    id: Any = None
    updated_at: Any = None


class Rss(Windowed):
    """The last versions and crates."""

    name = "cargo/rss"
    every = 60.0
    main = True
    documents = ("rss/updates.xml", "rss/crates.xml")

    def said(self, entry: dict[str, str]) -> Said | None:
        """By the link: `…/crates/NAME/VERSION`."""
        link = entry.get("link", "") or entry.get("guid", "")
        found = _LINK.fullmatch(link)
        return Said(found[1], found[2] or "", link) if found else None

    def fill(self, client: "httpx.Client", endpoint: Endpoint, gap: Gap) -> Poll | None:
        """Ask the API, one page a call, for crates that changed since the gap began.

        `start` of what is left is `TIME page N`.
        """
        since, _, page = gap.start.partition(" page ")
        if (begin := moment(since)) is None or not (page or "1").isdigit():
            raise UsageError(f"not a gap of {self.name}: {gap.start!r:.60}")
        api = public("cargo/api") if endpoint.url == public(self.name) else endpoint.url
        talk, heap = Talk(client, Endpoint("cargo", api), {}), Heap("cargo", gap.start)

        def again() -> None:
            number = int(page or "1")
            path = f"api/v1/crates?sort=recent-updates&per_page={PAGE}&page={number}"
            crates = document(talk.ask(path), _Crates).crates
            oldest = _changed(heap, crates, begin)
            heap.more = len(crates) >= PAGE and oldest > begin
            heap.cursor = f"{since} page {number + 1}" if heap.more else gap.end

        return ended(self.name, talk, heap, gap.start, again)


def _changed(heap: Heap, crates: list[msgspec.Raw], begin: float) -> float:
    """Make an item of each crate that changed after a moment; give the oldest change on the page."""
    oldest = 4e9
    for crate in entries(crates, _Crate, heap):
        when = at(crate.updated_at)
        oldest = min(oldest, when or 4e9)
        if when is None or when >= begin:
            heap.add(crate.id, change=Change.CHANGED, at=when)
    return oldest


FEED = Rss()
