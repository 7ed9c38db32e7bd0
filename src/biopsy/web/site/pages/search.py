"""Search: one box for names, purls, hashes, hosts, ids, and whole lock files."""

import re
from urllib.parse import parse_qs, urlencode

from msgspec import Struct

from biopsy.reports import marks, naming
from biopsy.reports.reader import Reader
from biopsy.web import body
from biopsy.web.check import Checkup
from biopsy.web.site import words
from biopsy.web.site.asking import Query
from biopsy.web.site.index.answers import Host, Named, SeenPage
from biopsy.web.site.index.reading import Index
from biopsy.web.site.looks import package_path
from biopsy.web.site.paging import Away, page
from biopsy.web.site.pasted import looked_up
from biopsy.web.site.place import GivenSite, Site
from biopsy.web.site.words import Sort, Sought
from biopsy.web.store import Asked

MOST = 50
SIMILAR = 12
_SHORT_HASH = re.compile(r"(?i)[0-9a-f]{8,63}(?:…|\.\.\.)?")
MAX_FORM = 6 * 1024**2  # bytes of a form with a lock file in it


class Marked(Struct, frozen=True):
    """A report that names a hash or an indicator, and as what."""

    id: str
    kind: str
    ecosystem: str
    name: str
    summary: str


class Alike(Struct, frozen=True):
    """A reported name that is like what was asked for."""

    ecosystem: str
    name: str
    report: str


class SearchPage(Struct, frozen=True):
    """What was found. `sort` says as what the words were taken; `checkup` is that of a pasted lock file,
    and `analyses` are then those of what it names, as far as they are malicious or suspicious.
    """

    q: str
    sort: str
    names: tuple[Named, ...] = ()
    alike: tuple[Alike, ...] = ()
    hosts: tuple[Host, ...] = ()
    analyses: SeenPage = SeenPage(())
    reports: tuple[Marked, ...] = ()
    checkup: Checkup | None = None
    problem: str = ""


@page("/search", "search.j2", SearchPage)
async def search(request: Asked, site: GivenSite, *, q: Query = "") -> SearchPage | Away:
    """Names, purls, hashes, hosts, ids of reports and of analyses."""
    return await _found(site, q.strip())


@page("/search/pasted", "search.j2", SearchPage, 413, 415, method="POST", body=bytes, media="text/plain")
async def search_pasted(request: Asked, site: GivenSite) -> SearchPage | Away:
    """The same for what is long: a whole lock file, as text or as the field `q` of a form. It is not kept."""
    text, filename = await _text(request)
    sought = words.taken(text)
    if sought.sort is Sort.LOCK or filename:
        return await _checked(site, text, filename)
    return Away(f"/search?{urlencode({'q': text.strip()})}")


async def _text(request: Asked) -> tuple[str, str]:
    data = await body.raw(request)
    if len(data) > MAX_FORM:
        raise body.BadBody(f"more than {MAX_FORM:,} bytes", 413)
    if not data.strip():
        raise body.BadBody("nothing was sent: a lock file as text, or a form with the field q")
    text = data.decode("utf-8", "replace")
    if "urlencoded" not in request.headers.get("content-type", ""):
        return text, ""
    held = parse_qs(text, max_num_fields=8, keep_blank_values=True, errors="replace")
    return held.get("q", [""])[0].replace("\r\n", "\n"), held.get("filename", [""])[0][:255]


async def _found(site: Site, q: str) -> SearchPage | Away:
    sought = words.taken(q)
    match sought.sort:
        case Sort.NOTHING:
            return SearchPage(q, "nothing")
        case Sort.LOCK:
            return await _checked(site, q, "")
        case Sort.RUN if await site.ask(lambda index: index.analysis(sought.value)):
            return Away(f"/analysis/{sought.value}")
        case Sort.PURL:
            return Away(package_path(sought.value, sought.ecosystem, sought.version))
        case Sort.TECHNIQUE:
            return Away(f"/analyses?{urlencode({'technique': sought.value})}")
        case Sort.REPORT:
            known = await site.stores.run(lambda reader: _report(reader, sought.value))
            if known:
                return Away(f"/report/{known}")
    return await _listed(site, q, sought)


async def _listed(site: Site, q: str, sought: Sought) -> SearchPage:
    names: tuple[Named, ...] = ()
    hosts: tuple[Host, ...] = ()
    analyses = SeenPage(())
    marked: tuple[Marked, ...] = ()
    alike: tuple[Alike, ...] = ()
    if sought.sort is Sort.HASH:
        analyses = await site.ask(lambda index: index.find_hash(sought.value, MOST))
    if sought.sort in {Sort.HASH, Sort.HOST}:
        marked = await site.stores.marked(lambda reader: _marked(reader, q))
    if sought.sort in {Sort.HOST, Sort.NAME, Sort.RUN, Sort.REPORT}:
        word, eco = sought.name, sought.ecosystem
        names = await site.ask(lambda index: _names(index, word, eco))
        if _SHORT_HASH.fullmatch(q):
            analyses = await site.ask(lambda index: index.find_hash(index.whole_hash(q.rstrip(".…")), MOST))
    if sought.sort is Sort.HOST:
        hosts = await site.ask(lambda index: index.find_hosts(sought.value, MOST))
    if sought.sort is Sort.NAME:
        known = naming.known(sought.ecosystem or (names[0].ecosystem if names else "pypi")) or "PyPI"
        found = await site.stores.run(lambda reader: site.stores.names.like(reader, known, sought.name))
        alike = tuple(Alike(one.package.ecosystem, one.package.name, one.report) for one in found[:SIMILAR])
    return SearchPage(q, sought.sort.value, names, alike, hosts, analyses, marked)


def _names(index: Index, word: str, ecosystem: str) -> tuple[Named, ...]:
    """Packages by their names; by what registries take for the same name, where there is none such."""
    found = index.find_names(word, ecosystem, MOST)
    if found:
        return found
    spelled = ((eco, rules.purl, naming.published(eco, word)) for eco, rules in naming.RULES.items())
    wanted = [(purl, name) for _, purl, name in spelled if purl and name != word and ecosystem in {"", purl}]
    every = [one for purl, name in wanted for one in index.find_names(name, purl, MOST)]
    return tuple(dict.fromkeys(every))[:MOST]


def _report(reader: Reader, word: str) -> str:
    head, _, rest = word.partition("-")
    for one in dict.fromkeys((word, word.upper(), f"{head.upper()}-{rest.lower()}")):
        if reader.report(one) is not None:
            return one
    known = reader.known_as(word)
    return known[0] if len(known) == 1 else ""


def _marked(reader: Reader, text: str) -> tuple[Marked, ...]:
    found = []
    for kind, report in reader.marked(marks.mark(text), MOST):
        about = (report.get("affected") or [{}])[0].get("package") or {}
        found.append(
            Marked(
                str(report.get("id", "")), kind, str(about.get("ecosystem", "")), str(about.get("name", "")),
                str(report.get("summary", "")),
            )
        )  # fmt: skip
    return tuple(found)


async def _checked(site: Site, text: str, filename: str) -> SearchPage:
    found = await looked_up(site, text, filename)
    seen = SeenPage(found.seen)
    return SearchPage("", "lock file", checkup=found.checkup, analyses=seen, problem=found.problem)


HANDLERS = [search, search_pasted]
