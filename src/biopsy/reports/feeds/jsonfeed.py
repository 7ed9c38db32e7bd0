"""JSON Feed (version 1.1); `_biopsy` has what programs want to know of an event."""

from collections.abc import Sequence

import msgspec

from biopsy.reports.feeds.entry import Entry, Feed

ENDING = "json"


def render(about: Feed, entries: Sequence[Entry]) -> bytes:
    """A feed of entries, newest first."""
    made: dict[str, object] = {"version": "https://jsonfeed.org/version/1.1", "title": about.title}
    made |= {"feed_url": f"{about.base}{about.name}.{ENDING}"} if about.base else {}
    made |= {"authors": [{"name": "biopsy"}], "items": [_item(one) for one in entries]}
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"


def _item(one: Entry) -> dict[str, object]:
    return {
        "id": one.id,
        **({"url": one.url} if one.url else {}),
        "title": one.title,
        "content_text": one.text,
        "date_published": one.published,
        "date_modified": one.at,
        "tags": list(one.tags),
        "_biopsy": dict(one.own),
    }
