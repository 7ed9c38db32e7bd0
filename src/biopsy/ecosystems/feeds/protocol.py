"""What a feed promises, and what one poll of it gives."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from biopsy.model.feed import Item
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

MAX_ITEMS = 100_000
"""Most items that one poll gives; where a registry has more, the poll stops there and says `more`."""


class Gap(Struct, frozen=True):
    """A stretch of a feed that was not seen: after `start`, before `end`, in the feed's own order.

    Both are texts that the feed's `fill` understands. `expected` is how many items are missing, where the
    feed counts; None where it does not.
    """

    start: str
    end: str
    expected: int | None = None
    why: str = ""


class Poll(Struct, frozen=True):
    """What one poll gave. Items stand in the feed's order and may repeat what an earlier poll gave.

    `cursor` is where the next poll goes on: after everything in `items`. It equals the one given where
    there was nothing. With `more` there is something to ask for at once. `retry_after` is how many seconds
    the registry asks to be left alone (429, 503, Retry-After); what was read before that counts.
    `refused` is how many entries made no item because they say nothing that can be believed (no name, a
    name that can be none); `why` describes the first few. `skipped` are those that are no news by their
    kind (a changed description). `newest` and `now` are the registry's own clock, RFC 3339 in UTC: of the
    newest entry, and of the answer.
    """

    items: tuple[Item, ...] = ()
    cursor: str = ""
    gap: Gap | None = None
    more: bool = False
    validators: dict[str, str] = {}
    retry_after: float | None = None
    newest: str = ""
    now: str = ""
    refused: int = 0
    skipped: int = 0
    why: tuple[str, ...] = ()


class Feed(Protocol):
    """One feed of one registry. Nothing is kept between calls: all that a feed remembers is its cursor."""

    @property
    def name(self) -> str:
        """`ecosystem/word`, unique: `pypi/changelog`."""

    @property
    def ecosystem(self) -> str:
        """The purl type of what it says: `pypi`, `npm`, `gem`, `cargo`, `composer`, `golang` …"""

    @property
    def every(self) -> float:
        """Seconds between two polls that this registry surely does not mind."""

    @property
    def main(self) -> bool:
        """Whether it is the feed to follow where nobody chose: one of each ecosystem is."""

    def endpoint(self, settings: Mapping[str, str]) -> Endpoint:
        """Give where it is asked: `settings[name]`, or what pip and npm are configured with, or the default.

        RegistryError where there is none.
        """

    def start(self, client: "httpx.Client", endpoint: Endpoint) -> str:
        """Give the cursor of this moment: a feed followed from there says only what comes later.

        RegistryError where the registry did not answer, or not with what it promises.
        """

    def poll(
        self, client: "httpx.Client", endpoint: Endpoint, cursor: str, validators: Mapping[str, str]
    ) -> Poll:
        """Ask once (a few requests at most) for what comes after the cursor.

        `validators` are those of the poll before (ETag, Last-Modified), for a conditional request. Raises
        RegistryError where nothing came of it; the cursor stands then. UsageError: the cursor is not one.
        """

    def fill(self, client: "httpx.Client", endpoint: Endpoint, gap: Gap) -> Poll | None:
        """Ask again for what a gap hid. With `more`, `cursor` is the `start` of what is left of the gap,
        which is the gap's own where the registry may tell later.

        None where this registry has no way to tell.
        """
