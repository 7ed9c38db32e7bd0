"""Gathering what a poll gives from entries that may be anything."""

from biopsy.ecosystems.feeds import naming
from biopsy.ecosystems.feeds.asking import Talk, stamp
from biopsy.ecosystems.feeds.protocol import MAX_ITEMS, Gap, Poll
from biopsy.model.feed import Change, Item

MAX_WHY = 5
"""Most refused entries that a poll describes."""

MAX_REASON = 300
"""Longest reason kept (of a yank, a refusal), in characters."""


class Heap:
    """What a poll has gathered so far, and the cursor that covers it."""

    def __init__(self, ecosystem: str, cursor: str) -> None:
        self.ecosystem = ecosystem
        self.items: list[Item] = []
        self.cursor = cursor
        self._before = cursor
        self._over = 0
        self.gap: Gap | None = None
        self.more = False
        self.retry_after: float | None = None
        self.newest = 0.0
        self.refused = 0
        self.skipped = 0
        self.why: list[str] = []

    def add(
        self,
        name: object,
        version: object = "",
        change: Change = Change.NEW,
        *,
        filename: object = "",
        digest: str = "",
        at: float | None = None,
        serial: int | None = None,
        reason: object = "",
    ) -> bool:
        """Make an item of an entry; say whether it could be one. What it may leave out may be nonsense."""
        if at is not None and at > self.newest:
            self.newest = at
        known = naming.normal(self.ecosystem, name)
        if known is None:
            return self.refuse(f"no name of a package: {name!r:.80}")
        given = naming.version(self.ecosystem, version) if version else ""
        if given is None:
            return self.refuse(f"no version of {known}: {version!r:.80}")
        if len(self.items) >= MAX_ITEMS:
            self._over += 1
            return False
        self.items.append(
            Item(
                self.ecosystem,
                known,
                given,
                change,
                naming.filename(filename),
                digest,
                stamp(at) if at is not None else "",
                serial,
                text(reason),
            )
        )
        return True

    def refuse(self, why: str) -> bool:
        """Count an entry that makes no item."""
        self.refused += 1
        if len(self.why) < MAX_WHY:
            self.why.append(text(why))
        return False

    def poll(self, talk: Talk) -> Poll:
        """Give all of it; what was too much for one poll is a gap."""
        if self._over:
            why = f"{self._over} entries more than the {MAX_ITEMS} that one poll gives"
            self.gap = Gap(self._before[:200], self.cursor[:200], self._over, why)
        return Poll(
            tuple(self.items),
            self.cursor,
            self.gap,
            self.more,
            talk.kept,
            self.retry_after,
            stamp(self.newest) if self.newest else "",
            stamp(talk.now) if talk.now else "",
            self.refused,
            self.skipped,
            tuple(self.why),
        )


def text(value: object) -> str:
    """Give a text without control characters, cut to what is kept; empty for anything else."""
    return (
        "".join(c if c.isprintable() else " " for c in value[:MAX_REASON]) if isinstance(value, str) else ""
    )
