"""npm's changes: CouchDB's `_changes`, as the replication API of 2025 has it: `since` and `limit`, no more.

An entry says that a package changed, never how: each is to be looked at. A package is there once, at its
latest change. Sequence numbers grow, but began anew once (September 2021): then the registry's newest is
lower than ours, and what lies between is a gap.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from biopsy.ecosystems.feeds.asking import Talk
from biopsy.ecosystems.feeds.following import Followed, document, ended, entries, public, whole
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.protocol import Gap, Poll
from biopsy.ecosystems.npm import configuration
from biopsy.errors import RegistryError, UsageError
from biopsy.model.feed import Change
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

LIMIT = 10_000
"""Most entries asked for at once; the registry gives no more."""


class _Root(msgspec.Struct):
    update_seq: Any = None


class _Changes(msgspec.Struct):
    results: list[msgspec.Raw] = []
    last_seq: Any = None


class _Entry(msgspec.Struct):
    seq: Any = None
    id: Any = None
    deleted: Any = False


class Changes(Followed):
    """The changes, by their sequence."""

    name = "npm/changes"
    every = 30.0
    main = True

    def endpoint(self, settings: Mapping[str, str]) -> Endpoint:
        """Give the replication API of npm's registry; of any other that is configured, its own root."""
        if settings.get(self.name) or settings.get("npm"):
            return super().endpoint(settings)
        configured = configuration.endpoint()
        if configured.url == public("npm"):
            return Endpoint("npm", public(self.name))
        return Endpoint("npm", configured.url, configured.authorization)

    def begin(self, talk: Talk) -> str:
        """Ask the database for its newest sequence."""
        if (newest := self._newest(talk)) is None:
            raise RegistryError(f"{self.name}: the registry does not say its newest change")
        return str(newest)

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Ask for what comes after the cursor; where nothing does, make sure that it is not ahead."""
        since = _number(heap.cursor)
        answer = talk.ask(f"_changes?since={since}&limit={LIMIT}")
        changes = document(answer, _Changes)
        last = _say(heap, changes.results, since)
        heap.more = len(changes.results) >= LIMIT
        heap.cursor = str(max(last, whole(changes.last_seq) or 0, since))
        if not changes.results and (newest := self._newest(talk)) is not None and newest < since:
            heap.gap = Gap(str(since), str(newest), None, "the registry counts from the beginning again")
            heap.cursor = str(newest)

    def fill(self, client: "httpx.Client", endpoint: Endpoint, gap: Gap) -> Poll | None:
        """Ask again for a stretch of the sequence; what a package was in between cannot be told, but look."""
        start, end = _number(gap.start), _number(gap.end)
        if end <= start:
            return None
        talk, heap = Talk(client, endpoint, {}), Heap("npm", gap.start)

        def again() -> None:
            changes = document(talk.ask(f"_changes?since={start}&limit={LIMIT}"), _Changes)
            last = _say(heap, changes.results, start, end)
            heap.more = len(changes.results) >= LIMIT and last < end
            heap.cursor = str(last) if heap.more else gap.end

        return ended(self.name, talk, heap, gap.start, again)

    @staticmethod
    def _newest(talk: Talk) -> int | None:
        """Ask for the newest sequence; the replication API says it above its `registry/`."""
        root = document(talk.ask(talk.endpoint.url.removesuffix("registry/")), _Root)
        return whole(root.update_seq)


def _say(heap: Heap, results: list[msgspec.Raw], since: int, until: int | None = None) -> int:
    """Make an item of each package that changed, in the order of the sequence; give the last number."""
    latest: dict[str, tuple[int, bool]] = {}
    for entry in entries(results, _Entry, heap):
        sequence = whole(entry.seq)
        if sequence is None or not isinstance(entry.id, str):
            heap.refuse("a change without a sequence or a name")
        elif entry.id.startswith("_design/"):
            heap.skipped += 1  # CouchDB's own documents
        elif sequence > since and sequence > latest.get(entry.id, (0, False))[0]:
            latest[entry.id] = (sequence, entry.deleted is True)
    for name, (sequence, deleted) in sorted(latest.items(), key=lambda pair: pair[1]):
        if until is None or sequence < until:
            heap.add(name, change=Change.DELETED if deleted else Change.CHANGED, serial=sequence)
    return max((sequence for sequence, _ in latest.values()), default=since)


def _number(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise UsageError(f"not a sequence of npm: {cursor!r:.40}")
    return int(cursor)


FEED = Changes()
