"""Feeds: how registries say what is new, one module each.

A feed is a module of this folder that has a `FEED`, an object that keeps the `Feed` protocol; it is found by
being there. A function `watch` of a module makes the feed that asks for a list of packages (`watched`).
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator

from biopsy.ecosystems.feeds.protocol import MAX_ITEMS, Feed, Gap, Poll
from biopsy.errors import UsageError

__all__ = ["MAX_ITEMS", "Feed", "Gap", "Poll", "all_feeds", "by_name", "watched"]


def all_feeds() -> Iterator[Feed]:
    """Yield every feed there is, by the names of their modules."""
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        found: Feed | None = getattr(importlib.import_module(f"{__name__}.{module}"), "FEED", None)
        if found is not None:
            yield found


def by_name(name: str) -> Feed:
    """Give the feed of that name, or the main one of the ecosystem of that name; UsageError names all."""
    every = list(all_feeds())
    for feed in every:
        if feed.name == name or (feed.main and feed.ecosystem == name):
            return feed
    raise UsageError(f"no feed {name!r}; there are: {', '.join(sorted(f.name for f in every))}")


def watched(ecosystem: str, names: Iterable[str]) -> Feed:
    """Make the feed `ECOSYSTEM/watched` that asks for each of these packages in turn.

    UsageError where a name can be none, there are too many, or the ecosystem cannot be asked that way.
    """
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        make = getattr(importlib.import_module(f"{__name__}.{module}"), "watch", None)
        if make is not None and (feed := make(ecosystem, tuple(names))) is not None:
            made: Feed = feed
            return made
    raise UsageError(f"packages of {ecosystem!r} cannot be watched by name; try pypi or npm")
