"""PyPI's RSS: the newest releases and the newest projects (warehouse's documents, "Feeds").

For where the changelog cannot be asked. The window is short (some dozens of entries): in a burst it loses,
and says so.
"""

from collections.abc import Mapping

from biopsy.ecosystems.feeds.pypi_changelog import site
from biopsy.ecosystems.feeds.windows import Said, Windowed
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint

_LINK = regex(r"https?://[^\s]+/project/([^/\s]+)/(?:([^/\s]+)/)?", 0)


class Rss(Windowed):
    """The last releases and projects."""

    name = "pypi/rss"
    every = 60.0
    documents = ("rss/updates.xml", "rss/packages.xml")

    def endpoint(self, settings: Mapping[str, str]) -> Endpoint:
        """Give the site that pip's index is part of, or the one that is set."""
        return site(settings, self.name)

    def said(self, entry: dict[str, str]) -> Said | None:
        """By the link: `…/project/NAME/VERSION/`."""
        link = entry.get("link", "") or entry.get("guid", "")
        found = _LINK.fullmatch(link)
        return Said(found[1], found[2] or "", link) if found else None


FEED = Rss()
