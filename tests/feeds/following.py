"""A follower as small as can be: what `biopsy watch` does with a feed, without a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
from tests.registry import StandIn

from biopsy.ecosystems.feeds import Feed, Gap, Poll, by_name
from biopsy.model.feed import Item
from biopsy.model.release import Endpoint

EVERY = (
    "pypi/changelog",
    "pypi/rss",
    "npm/changes",
    "gem/timeframe",
    "gem/index",
    "cargo/rss",
    "composer/changes",
    "golang/index",
    "nuget/catalog",
    "maven/search",
)
NAMES = {
    "pypi": "some-package",
    "npm": "@some/package",
    "gem": "some_package",
    "cargo": "some-crate",
    "composer": "some/package",
    "golang": "example.test/Some/module",
    "nuget": "some.package",
    "maven": "test.example/some-package",
}
LOOKS = ("npm/changes", "composer/changes")  # they say that a package changed, and no more


@dataclass
class Follower:
    """Follows one feed: the cursor moves only with what it covers."""

    feed: Feed
    endpoint: Endpoint
    client: httpx.Client
    cursor: str = ""
    validators: Mapping[str, str] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)

    def poll(self, rounds: int = 1) -> list[Item]:
        """Poll, and go on while there is more; give what is new."""
        before = len(self.items)
        for _ in range(rounds):
            for _ in range(60):
                poll = self.feed.poll(self.client, self.endpoint, self.cursor, self.validators)
                self.polls.append(poll)
                self.items += poll.items
                self.gaps += [poll.gap] if poll.gap else []
                self.cursor, self.validators = poll.cursor, poll.validators
                if not poll.more or poll.retry_after:
                    break
        return self.items[before:]

    def releases(self) -> set[tuple[str, str]]:
        """Give what was said, without how often."""
        return {(item.name, item.version) for item in self.items}


def follow(registry: StandIn, client: httpx.Client, feed: str | Feed) -> Follower:
    """Begin to follow a feed of the stand-in."""
    one = by_name(feed) if isinstance(feed, str) else feed
    endpoint = one.endpoint({one.name: registry.url(one.ecosystem)})
    follower = Follower(one, endpoint, client)
    follower.cursor = one.start(client, endpoint)
    return follower
