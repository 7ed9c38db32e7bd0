"""What is made of reports for those who follow them: feeds of events, and tables of indicators."""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from biopsy.reports.feeds import atom, jsonfeed
from biopsy.reports.feeds.entry import Feed, entry
from biopsy.reports.news import Event

MAX_ENTRIES = 200  # of one feed
_FORMS = (atom, jsonfeed)


class Feeds(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[feeds]` of the configuration: what they are called, and the URL below which they will be."""

    title: str = "Malicious packages"
    base: str = ""
    entries: int = MAX_ENTRIES


def files(
    latest: Mapping[str, Sequence[Event]], settings: Feeds | None = None
) -> Iterator[tuple[str, bytes]]:
    """Every feed, its path and its bytes, of the last events of each ecosystem, and under "" of all."""
    asked = settings or Feeds()
    base = asked.base.rstrip("/") + "/" if asked.base else ""
    for ecosystem, events in sorted(latest.items()):
        title = f"{asked.title}: {ecosystem}" if ecosystem else asked.title
        about = Feed(f"feeds/{_word(ecosystem) or 'all'}", title, base)
        entries = [entry(event) for event in events]
        for form in _FORMS:
            yield f"{about.name}.{form.ENDING}", form.render(about, entries)


def _word(ecosystem: str) -> str:
    """An ecosystem as a file is called: `GitHub-Actions`, `crates.io`."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", ecosystem)


__all__ = ["MAX_ENTRIES", "Feeds", "files"]
