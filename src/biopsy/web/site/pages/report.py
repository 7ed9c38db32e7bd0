"""A report, for people first: what it says, who says so, what happened to it, and the record itself."""

import re

from litestar.params import FromPath
from msgspec import Struct

from biopsy.reports import content
from biopsy.reports.claim import origins
from biopsy.reports.details import DetailsError, parse
from biopsy.reports.naming import known
from biopsy.reports.reader import Changed, Reader
from biopsy.reports.record import Report
from biopsy.web import wire
from biopsy.web.site.fields import MAX_LISTED, text, texts, thing, things
from biopsy.web.site.index.words import ecosystem as spelling
from biopsy.web.site.paging import Away, Missing, page
from biopsy.web.site.place import GivenSite
from biopsy.web.store import Asked

MAX_LOG = 500  # entries of the history
_RUN = re.compile(r"[a-z0-9][a-z0-9-]{3,63}")


class Affected(Struct, frozen=True):
    """A package that the report is on, and which versions of it."""

    ecosystem: str
    word: str
    name: str
    versions: tuple[str, ...]
    more: int
    ranges: tuple[str, ...]


class Claim(Struct, frozen=True):
    """What one source claimed: its record, when it came, and what it says of the package, in its words."""

    source: str
    id: str
    modified: str
    imported: str
    versions: tuple[str, ...]
    sha256: str
    said: str


class Indicator(Struct, frozen=True):
    """By what others can recognise it; `harmless` is its value as nobody can click it."""

    type: str
    value: str
    harmless: str
    sources: tuple[str, ...]
    note: str


class Evidence(Struct, frozen=True):
    """A behaviour that a rule rests on, with the place where it was seen."""

    what: str
    where: str


class Behaviour(Struct, frozen=True):
    """A finding as the report has it."""

    rule: str
    title: str
    severity: str
    techniques: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    more: int


class Analysis(Struct, frozen=True):
    """An analysis that the report rests on."""

    run: str
    version: str
    created: str
    ran: bool
    verdict: str


class Dispute(Struct, frozen=True):
    """An objection, and what became of it."""

    state: str
    opened: str
    closed: str
    reason: str
    proof: str
    versions: tuple[str, ...]


class ReportPage(Struct, frozen=True):
    """One report; `record` is the record of OSV as it is served to programs."""

    id: str
    state: str
    summary: str
    published: str
    modified: str
    withdrawn: str
    why_withdrawn: str
    category: str
    severity: str
    confidence: str
    aliases: tuple[str, ...]
    affected: tuple[Affected, ...]
    details: str
    claims: tuple[Claim, ...]
    behaviours: tuple[Behaviour, ...]
    techniques: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    analyses: tuple[Analysis, ...]
    disputes: tuple[Dispute, ...]
    cleared: tuple[str, ...]
    references: tuple[str, ...]
    history: list[wire.Changed]
    record: wire.Report


@page("/report/{word:str}", "report.j2", ReportPage)
async def report(request: Asked, site: GivenSite, *, word: FromPath[str]) -> ReportPage | Away:
    """One report, by its id or by an alias that no other has."""

    def ask(reader: Reader) -> tuple[Report | None, list[str], list[Changed]]:
        held = reader.report(word)
        if held is not None:
            return held, [], reader.changes(report=word, after=0, limit=MAX_LOG)
        return None, reader.known_as(word), []

    held, known_as, log = await site.stores.run(ask)
    if held is None:
        if len(known_as) == 1:
            return Away(f"/report/{known_as[0]}")
        others = f"; several have this alias: {' '.join(known_as[:20])}" if known_as else ""
        raise Missing(detail=f"no report {word[:100]} is out{others}")
    return told(site.stores.shown(held), log)


def told(held: Report, log: list[Changed]) -> ReportPage:
    """A report as the page has it."""
    specific = thing(held, "database_specific")
    malware = thing(specific, "malware")
    user, claims = _claims(held)
    gone = thing(malware, "withdrawn")
    return ReportPage(
        id=text(held, "id"),
        state="withdrawn" if held.get("withdrawn") else "published",
        summary=text(held, "summary"),
        published=text(held, "published"),
        modified=text(held, "modified"),
        withdrawn=text(held, "withdrawn"),
        why_withdrawn=": ".join(filter(None, (text(gone, "reason"), text(gone, "note")))),
        category=text(malware, "category"),
        severity=text(malware, "severity") or str(specific.get("severity", "")).lower(),
        confidence=text(malware, "confidence"),
        aliases=texts(held, "aliases"),
        affected=tuple(map(_affected, things(held, "affected"))),
        details=user,
        claims=claims,
        behaviours=tuple(map(_behaviour, things(malware, "behaviours"))),
        techniques=texts(malware, "techniques"),
        indicators=tuple(_indicators(held)),
        analyses=tuple(
            _analysis(one) for one in things(malware, "analyses") if _RUN.fullmatch(text(one, "run"))
        ),
        disputes=tuple(_dispute(one) for one in things(malware, "disputes")),
        cleared=tuple(f"{text(one, 'version')}: {text(one, 'reason')}" for one in things(malware, "cleared")),
        references=tuple(url for one in things(held, "references") if (url := text(one, "url"))),
        history=[
            wire.Changed(
                r.seq,
                r.at,
                r.actor,
                r.action,
                r.package.ecosystem,
                r.package.name,
                r.report,
                r.reason,
                r.evidence,
            )
            for r in reversed(log)
        ],
        record=held,
    )


def _claims(held: Report) -> tuple[str, tuple[Claim, ...]]:
    """What people wrote, and each source's claim with its own words beside it."""
    whole = text(held, "details")
    try:
        details = parse(whole)
    except DetailsError:
        return whole, tuple(_claim(one, "") for one in origins(held)[:MAX_LISTED])
    said = {(one.source, one.sha256): one.text for one in details.sections}
    claims = [
        _claim(one, said.pop((text(one, "source"), text(one, "sha256")), ""))
        for one in origins(held)[:MAX_LISTED]
    ]
    claims += [Claim(source, "", "", "", (), sha256, words) for (source, sha256), words in said.items()]
    return details.user, tuple(claims)


def _claim(one: Report, said: str) -> Claim:
    return Claim(
        text(one, "source"), text(one, "id"), text(one, "modified_time"), text(one, "import_time"),
        texts(one, "versions"), text(one, "sha256"), said,
    )  # fmt: skip


def _affected(one: Report) -> Affected:
    about = thing(one, "package")
    ecosystem, listed = text(about, "ecosystem"), one.get("versions")
    more = max(len(listed) - MAX_LISTED, 0) if isinstance(listed, list) else 0
    ranges = tuple(_range(span) for span in things(one, "ranges"))
    word = spelling(known(ecosystem) or ecosystem)
    return Affected(
        ecosystem, word, text(about, "name"), texts(one, "versions"), more, ranges
    )  # fmt: skip


def _range(span: Report) -> str:
    events = (f"{name} {value}" for event in things(span, "events") for name, value in event.items())
    return f"{text(span, 'type').lower()}: {', '.join(events)}"


def _behaviour(one: Report) -> Behaviour:
    evidence = tuple(Evidence(text(e, "what"), text(e, "where")) for e in things(one, "evidence"))
    more = one.get("more")
    return Behaviour(
        text(one, "rule"), text(one, "title"), text(one, "severity"), texts(one, "techniques"), evidence,
        more if isinstance(more, int) else 0,
    )  # fmt: skip


def _indicators(held: Report) -> list[Indicator]:
    return [
        Indicator(i.type, i.value, harmless(i.type, i.value), tuple(i.sources), i.note)
        for i in content.indicators([("", held)])[:MAX_LISTED]
    ]


def harmless(kind: str, value: str) -> str:
    """A host, address or URL that no program takes for a link: `hxxps://x[.]io`."""
    if kind not in {"domain", "url", "address", "host", "mail"}:
        return value
    head, found, rest = value.partition("://")
    host, slash, path = (rest if found else value).partition("/")
    scheme = head.replace("tt", "xx", 1) + found if found else ""
    return f"{scheme}{host.replace('.', '[.]')}{slash}{path}"


def _analysis(one: Report) -> Analysis:
    return Analysis(
        text(one, "run"),
        text(one, "version"),
        text(one, "created"),
        bool(one.get("ran")),
        text(one, "verdict"),
    )


def _dispute(one: Report) -> Dispute:
    return Dispute(
        text(one, "state"), text(one, "opened"), text(one, "closed"), text(one, "reason"),
        text(one, "proof"), texts(one, "versions"),
    )  # fmt: skip


HANDLERS = [report]
