"""What an entry of a feed says of an event, whichever the feed's form."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from biopsy.reports.news import Event
from biopsy.reports.record import Json, timestamp

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/biopsy-dev/biopsy/feeds")
MAX_TEXT = 8000  # characters of one entry; longer details are cut

_NEVER = "1970-01-01T00:00:00Z"
_ILLEGAL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold (XML 1.0, 2.2), and controls that no text needs."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, as readers are shown it; texts are plain, and hold nothing that XML forbids."""

    id: str
    title: str
    text: str
    at: str
    published: str
    tags: tuple[str, ...]
    own: Mapping[str, object]  # what programs want to know
    url: str = ""  # where people read more


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed is called, and the URL below which it will be, empty if unknown."""

    name: str
    title: str
    base: str = ""

    @property
    def id(self) -> str:
        """What it is known by, wherever it is."""
        return f"urn:uuid:{uuid.uuid5(NAMESPACE, self.name)}"


def entry(event: Event) -> Entry:
    """Put an event into words."""
    said = event.report
    known_as = str(uuid.uuid5(NAMESPACE, f"{event.id}\n{event.kind}\n{event.at}\n{event.sha256}"))
    ecosystem = event.package.ecosystem or "Git"
    title = f"{event.kind}: {ecosystem} {event.package.name} ({event.id})"
    parts = [_text(said.get("summary")), _text(said.get("details"))]
    if event.reason:
        parts.insert(0, f"Reason: {event.reason}")
    text = plain("\n\n".join(part for part in parts if part)) or plain(title)
    text = text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
    at = _time(event.at) or _NEVER
    tags = (event.kind, plain(ecosystem))
    own = {
        "kind": event.kind, "report": event.id, "ecosystem": event.package.ecosystem,
        "package": event.package.name, "sha256": event.sha256, "seq": event.seq,
    }  # fmt: skip
    return Entry(
        f"urn:uuid:{known_as}", plain(title), text, at, _time(said.get("published")) or at, tags, own
    )


def plain(text: str) -> str:
    """A text without what XML forbids."""
    return _ILLEGAL.sub("\ufffd", text)


def _time(held: Json) -> str:
    """A time as RFC 3339 has it, in UTC; empty for what is none."""
    try:
        moment = datetime.fromisoformat(_text(held))
        return timestamp(moment.astimezone(UTC)) if moment.tzinfo else ""
    except (ValueError, OverflowError):
        return ""


def _text(held: Json) -> str:
    return held if isinstance(held, str) else ""
