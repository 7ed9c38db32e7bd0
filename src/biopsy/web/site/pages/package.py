"""A package: what is known of it now, version by version, and what to do about it."""

from litestar.params import FromPath
from msgspec import Struct

from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, unescape
from biopsy.model.check import Entry
from biopsy.reports import naming
from biopsy.reports.claim import Package as About
from biopsy.reports.claim import origins
from biopsy.reports.reader import Reader
from biopsy.reports.verdict import judged
from biopsy.web import wire
from biopsy.web.check import said
from biopsy.web.site import judging
from biopsy.web.site.advice import Advice, advice
from biopsy.web.site.asking import Text
from biopsy.web.site.changing import Version, timeline
from biopsy.web.site.fields import MAX_LISTED, texts, thing, things
from biopsy.web.site.index.answers import Named, Seen
from biopsy.web.site.index.reading import Index
from biopsy.web.site.index.words import ecosystem as spelling
from biopsy.web.site.paging import Missing, page
from biopsy.web.site.place import GivenSite, Site
from biopsy.web.store import Asked

ROWS, VERSIONS = 300, 60  # analyses that are looked at, and versions that are shown; the list has all
MAX_FACTS = 60
SIMILAR = 12


class Fact(Struct, frozen=True):
    """Something that the registry or the metadata says, as its behaviour has it."""

    kind: str
    value: str
    where: str


class Told(Struct, frozen=True):
    """A report on the package: who says so, which versions, and whether somebody objects."""

    id: str
    summary: str
    state: str
    published: str
    modified: str
    sources: tuple[str, ...]
    versions: tuple[str, ...]
    every: bool
    disputes: int


class Alike(Struct, frozen=True):
    """A name that is easily taken for this one, and its report."""

    name: str
    report: str


class PackagePage(Struct, frozen=True):
    """A package. `verdict` is that of the reports on the version asked for, else on all of it.

    `call` is what its newest analysis came to; `facts` are of that one.
    """

    ecosystem: str
    osv: str
    name: str
    version: str
    purl: str
    verdict: str
    action: str
    reason: str
    cited: list[wire.Cited]
    call: str
    newest: Seen | None
    reports: tuple[Told, ...]
    versions: tuple[Version, ...]
    analyses: int
    facts: tuple[Fact, ...]
    similar: tuple[Alike, ...]
    advice: Advice


@page("/package/{ecosystem:str}/{name:path}", "package.j2", PackagePage)
async def package(
    request: Asked, site: GivenSite, *, ecosystem: FromPath[str], name: FromPath[str], version: Text = ""
) -> PackagePage:
    """A package: verdict, reports, versions with what changed, facts, similar names, what to do."""
    return await _shown(site, ecosystem, str(name).lstrip("/"), version)


@page("/package", "package.j2", PackagePage)
async def package_asked(
    request: Asked, site: GivenSite, *, ecosystem: Text = "", name: Text = "", version: Text = ""
) -> PackagePage:
    """The same, for names that cannot stand in an address."""
    return await _shown(site, ecosystem, name, version)


async def _shown(site: Site, ecosystem: str, name: str, version: str) -> PackagePage:
    osv = naming.known(ecosystem) or ""
    if not name or not ecosystem:
        raise Missing(detail="which package? /package/npm/left-pad")
    word, name = spelling(osv or ecosystem), naming.published(osv, name)

    def ask(index: Index) -> tuple[Named | None, tuple[Seen, ...], tuple[Seen, ...]]:
        mine = index.analyses(ecosystem=word, name=name, version=version, limit=1).rows if version else ()
        return index.package(word, name), index.versions(word, name, ROWS)[:VERSIONS], mine

    named, rows, mine = await site.ask(ask)
    told, answer, similar = await site.stores.run(lambda reader: _reported(site, reader, osv, name, version))
    if named is None and not rows and not told:
        raise Missing(detail=f"nothing is known of {word}/{name[:200]}: that is no proof that it is harmless")
    name = unescape(named.name) if named else name
    chosen = (*mine, *rows, None)[0]
    facts = await site.ask(lambda _: _facts(site, chosen)) if chosen else ()
    return PackagePage(
        word, osv, name, version, _purl(word, name, version), *answer,
        chosen.call if chosen else "", chosen, told, tuple(timeline(rows)), named.analyses if named else 0,
        facts, similar, advice(word, name),
    )  # fmt: skip


Answer = tuple[str, str, str, list[wire.Cited]]


def _reported(
    site: Site, reader: Reader, osv: str, name: str, version: str
) -> tuple[tuple[Told, ...], Answer, tuple[Alike, ...]]:
    if not osv:
        return (), ("unchecked", "review", "no reports are kept on packages of this ecosystem", []), ()
    about = About(osv, naming.published(osv, name))
    told = tuple(_told(report) for report in reader.on(about, withdrawn=True))
    answer = said(judged(Entry(osv, name, version), reader))
    similar = tuple(
        Alike(one.package.name, one.report) for one in site.stores.names.like(reader, osv, name)[:SIMILAR]
    )
    return told, answer, similar


def _told(report: dict[str, object]) -> Told:
    affected = things(report, "affected")
    disputes = things(thing(thing(report, "database_specific"), "malware"), "disputes")
    return Told(
        str(report.get("id", "")), str(report.get("summary", "")),
        "withdrawn" if report.get("withdrawn") else "published",
        str(report.get("published", "")), str(report.get("modified", "")),
        tuple(dict.fromkeys(str(one.get("source", "")) for one in origins(report))),
        tuple(version for one in affected for version in texts(one, "versions"))[:MAX_LISTED],
        any(one.get("ranges") for one in affected),
        sum(one.get("state") == "open" for one in disputes),
    )  # fmt: skip


def _facts(site: Site, seen: Seen) -> tuple[Fact, ...]:
    try:
        every = site.warehouse.facts(seen.run_id, judging.of(seen), "pkg")
    except UsageError:
        return ()
    found = [b for b in every if _tells(b)]
    return tuple(Fact(b.kind.value, b.value, str(b.where)) for b in found[:MAX_FACTS])


def _tells(behaviour: Behaviour) -> bool:
    return behaviour.kind.value not in {"pkg.dependency", "pkg.differs"}


def _purl(word: str, name: str, version: str) -> str:
    from biopsy.model.release import Release  # noqa: PLC0415

    rules = naming.RULES.get(naming.base(naming.known(word) or ""))
    return Release(word, name.replace(rules.between, "/", 1) if rules else name, version).purl


HANDLERS = [package, package_asked]
