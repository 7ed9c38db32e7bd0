"""Feeds, badges and pictures: what others show of this site."""

import uuid
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from biopsy.reports.feeds import atom, jsonfeed
from biopsy.reports.feeds.entry import NAMESPACE, Entry, Feed, plain
from biopsy.web.site.asking import Text
from biopsy.web.site.badges import badge
from biopsy.web.site.index.answers import Reported, Seen
from biopsy.web.site.index.reading import Index
from biopsy.web.site.paging import Missing, page
from biopsy.web.site.pictures import Card, drawn
from biopsy.web.site.place import GivenSite
from biopsy.web.store import Asked

ENTRIES = 50
NEVER = "1970-01-01T00:00:00Z"
FORMS = {"atom": (atom, "application/atom+xml"), "json": (jsonfeed, "application/feed+json")}
SOON = "public, max-age=300"
"""Badges and pictures stand on other sites; they ask again after a while."""


class Offered(Struct, frozen=True):
    """A feed, in two forms."""

    title: str
    ecosystem: str
    atom: str
    json: str


class FeedsPage(Struct, frozen=True):
    """All feeds, and how badges are made."""

    feeds: tuple[Offered, ...]
    url: str


@page("/feeds", "feeds.j2", FeedsPage)
async def feeds(request: Asked, site: GivenSite) -> FeedsPage:
    """Feeds of new reports and of verdicts, of all or of one ecosystem."""

    def ask(index: Index) -> tuple[str, ...]:
        counts = index.counts().ecosystems
        reported = {one.ecosystem for one in index.totals("report")}
        return tuple(sorted({*counts, *reported}))

    made = [_offered(kind, eco) for eco in ("", *await site.ask(ask)) for kind in ("reports", "verdicts")]
    return FeedsPage(tuple(made), _base(request, site))


def _offered(kind: str, ecosystem: str) -> Offered:
    name = f"/feeds/{kind}-{ecosystem}" if ecosystem else f"/feeds/{kind}"
    title = "New reports" if kind == "reports" else "Verdicts: malicious or suspicious"
    return Offered(title, ecosystem, f"{name}.atom", f"{name}.json")


@get("/feeds/{word:str}", include_in_schema=False)
async def feed(request: Asked, site: GivenSite, word: FromPath[str]) -> Response[Any]:
    """One feed: `reports.atom`, `verdicts-npm.json` …"""
    stem, _, ending = word.rpartition(".")
    kind, _, ecosystem = stem.partition("-")
    if ending not in FORMS or kind not in {"reports", "verdicts"} or len(word) > 80:
        raise Missing(detail="there is no such feed: /feeds lists them")
    base = _base(request, site)

    def ask(index: Index) -> list[Entry]:
        if kind == "reports":
            rows = index.reports(ecosystem=ecosystem, limit=ENTRIES).rows
            return [_report(one, base) for one in rows if one.id]
        found = [
            one
            for call in ("malicious", "suspicious")
            for one in index.analyses(call=call, ecosystem=ecosystem, limit=ENTRIES).rows
        ]
        found.sort(key=lambda one: one.created, reverse=True)
        return [_verdict(one, base) for one in found[:ENTRIES]]

    form, media = FORMS[ending]
    title = _offered(kind, ecosystem).title + (f": {ecosystem}" if ecosystem else "")
    about = Feed(f"feeds/{stem}", f"{title} – biopsy", f"{base}/")
    return Response(form.render(about, await site.ask(ask)), media_type=media)


def _report(one: Reported, base: str) -> Entry:
    kind = "withdrawn" if one.withdrawn else "malicious"
    own = {"kind": kind, "report": one.id, "ecosystem": one.osv, "package": one.name}
    return Entry(
        f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{one.id} {one.state}')}",
        plain(f"{kind}: {one.osv} {one.name} ({one.id})"), plain(one.summary),
        one.modified or NEVER, one.published or NEVER, (kind, plain(one.osv)), own,
        f"{base}/report/{one.id}",
    )  # fmt: skip


def _verdict(one: Seen, base: str) -> Entry:
    own = {"run": one.run_id, "verdict": one.call, "ecosystem": one.ecosystem, "package": one.name,
           "version": one.version, "sha256": one.sha256, "rules": list(one.rules)}  # fmt: skip
    return Entry(
        f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{one.run_id} {one.call}')}",
        plain(f"{one.call}: {one.ecosystem} {one.name} {one.version}"), plain(one.reason),
        one.judged or one.created or NEVER, one.created or NEVER,
        (one.call, one.ecosystem, *one.categories), own,
        f"{base}/analysis/{one.run_id}",
    )  # fmt: skip


@get("/badge/{ecosystem:str}/{name:path}", include_in_schema=False)
async def shield(
    request: Asked, site: GivenSite, ecosystem: FromPath[str], name: FromPath[str], *, version: Text = "",
    label: Annotated[str, QueryParameter(max_length=40)] = "biopsy",
) -> Response[Any]:  # fmt: skip
    """A badge for a README: what is known of a package, or of one version of it."""
    wanted = name.strip("/").removesuffix(".svg")

    def ask(index: Index) -> str:
        found = index.package(ecosystem, wanted)
        if found and found.state == "published" and not version:
            return "malicious"
        if version:
            some = index.analyses(ecosystem=ecosystem, name=wanted, version=version, limit=1).rows
            return some[0].call if some else ""
        return found.call if found else ""

    headers = {"cache-control": SOON}
    return Response(badge(label, await site.ask(ask)), media_type="image/svg+xml", headers=headers)


@get("/picture/{kind:str}/{about:path}", include_in_schema=False)
async def picture(
    request: Asked, site: GivenSite, kind: FromPath[str], about: FromPath[str]
) -> Response[Any]:
    """A picture of a package, an analysis or a report, for whoever shows links with pictures."""
    wanted = about.strip("/").removesuffix(".png")

    def ask(index: Index) -> Card | None:
        if kind == "package":
            ecosystem, _, name = wanted.partition("/")
            found = index.package(ecosystem, name)
            if found is None:
                return None
            call = "malicious" if found.state == "published" else found.call
            said = f"report {found.report}" if found.report else f"{found.analyses:,} analyses"
            return Card(f"{found.ecosystem} package", found.name, found.version, call, said)
        if kind == "analysis":
            one = index.analysis(wanted)
            return Card(one.ecosystem, one.name, one.version, one.call, one.reason) if one else None
        if kind == "report":
            row = index.report(wanted)
            call = ("withdrawn" if row.withdrawn else "malicious") if row else ""
            return Card(f"{row.osv} package", row.name, row.id, call, row.summary) if row else None
        return None

    card = await site.ask(ask)
    if card is None:
        raise Missing(detail="there is no picture of that")
    data = await site.heavy(lambda: drawn(card))
    return Response(data, media_type="image/png", headers={"cache-control": SOON})


def _base(request: Asked, site: GivenSite) -> str:
    return site.stores.url or f"{request.url.scheme}://{request.url.netloc}"


HANDLERS = [feeds, feed, shield, picture]
