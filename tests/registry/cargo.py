"""crates.io as its public documents have it: RSS of its static host, and the API's list of crates."""

import hashlib
from email.utils import formatdate
from xml.sax.saxutils import escape

from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.world import Did, Event, stamp

HOUR = 3600.0


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    if request.path == "/rss/updates.xml":
        return _rss(desk, request, Did.RELEASE, 100)
    if request.path == "/rss/crates.xml":
        return _rss(desk, request, Did.CREATE, 50)
    if request.path == "/api/v1/crates" and request.query.get("sort") == "recent-updates":
        return _crates(desk, request)
    return MISSING


def _rss(desk: Desk, request: Request, did: Did, least: int) -> Answer:
    """Show the last so many, but at least those of the last hour."""
    events = [e for e in desk.of.visible() if e.did is did]
    late = sum(e.at >= desk.of.now() - HOUR for e in events)
    shown = events[-max(late, least) :]
    items = "\n".join(_item(e) for e in desk.told(shown[::-1], request.path))
    text = (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:crates="https://crates.io/" '
        'xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>crates.io: recent updates</title>'
        f"<link>https://crates.io/</link>{items}</channel></rss>"
    )
    etag = '"' + hashlib.md5(text.encode()).hexdigest() + '"'
    if request.headers.get("if-none-match") == etag:
        return Answer(b"", status=304, headers={"etag": etag})
    return Answer(text.encode(), "text/xml; charset=UTF-8", headers={"etag": etag})


def _item(event: Event) -> str:
    name, version = escape(event.name), escape(event.version)
    link = f"https://crates.io/crates/{name}" + (f"/{version}" if version else "")
    what = f"New crate version published: {name} v{version}" if version else f"New crate created: {name}"
    extra = f"<crates:name>{name}</crates:name>" + (
        f"<crates:version>{version}</crates:version>" if version else ""
    )
    date = formatdate(event.at, usegmt=True).replace("GMT", "+0000")
    return (
        f"<item><title>{what}</title><link>{link}</link><description><![CDATA[text]]></description>"
        f"<guid>{link}</guid><pubDate>{date}</pubDate>{extra}</item>"
    )


def _crates(desk: Desk, request: Request) -> Answer:
    page, size = int(request.query.get("page") or 1), min(int(request.query.get("per_page") or 10), 100)
    latest = {e.name: e for e in desk.of.visible() if e.did is Did.RELEASE}
    events = sorted(latest.values(), key=lambda e: -e.at)[(page - 1) * size : page * size]
    crates = [
        {"id": e.name, "name": e.name, "newest_version": e.version, "updated_at": stamp(e.at, 6)}
        for e in events
    ]
    return said({"crates": crates, "meta": {"total": len(latest)}})
