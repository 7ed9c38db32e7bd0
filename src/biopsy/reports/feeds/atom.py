"""Atom (RFC 4287)."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from biopsy.reports.feeds.entry import Entry, Feed

ENDING = "atom"
_SPACE = "http://www.w3.org/2005/Atom"
_NEVER = "1970-01-01T00:00:00Z"


def render(about: Feed, entries: Sequence[Entry]) -> bytes:
    """A feed of entries, newest first; it was updated when the newest was."""
    feed = ET.Element("feed", xmlns=_SPACE)
    _add(feed, "id", about.id)
    _add(feed, "title", about.title)
    _add(feed, "updated", max((one.at for one in entries), default=_NEVER))
    _add(_add(feed, "author", ""), "name", "biopsy")
    if about.base:
        ET.SubElement(feed, "link", rel="self", href=f"{about.base}{about.name}.{ENDING}")
    for one in entries:
        made = _add(feed, "entry", "")
        for name in ("id", "title"):
            _add(made, name, getattr(one, name))
        if one.url:
            ET.SubElement(made, "link", rel="alternate", href=one.url)
        _add(made, "updated", one.at)
        _add(made, "published", one.published)
        for tag in one.tags:
            ET.SubElement(made, "category", term=tag)
        _add(made, "content", one.text).set("type", "text")
    text: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _add(inside: ET.Element, name: str, text: str) -> ET.Element:
    made = ET.SubElement(inside, name)
    made.text = text or None
    return made
