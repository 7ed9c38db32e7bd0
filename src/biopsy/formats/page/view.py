"""Everything that the page of one analysis shows, worked out; the template only lays it out."""

from collections.abc import Iterator

from msgspec import Struct

from biopsy.formats.page import evaluated, evidence, files, forest, map, since, talk, timeline  # noqa: A004 - a map is what it is
from biopsy.formats.page.anchors import Anchors
from biopsy.formats.page.limits import Limits, Listed, listed
from biopsy.formats.views import contacts, digest, indicators, reached
from biopsy.formats.views.measure import many, real
from biopsy.formats.wire.scalar import purl
from biopsy.model.behaviour import By, Kind
from biopsy.model.dossier import Analysis, Dossier, Ioc
from biopsy.model.run import Outcome, Status, Step


class Tile(Struct, frozen=True):
    """A number at the top: how many of what, and whether that is bad."""

    count: str
    words: str
    section: str
    bad: bool = False


class PhaseRow(Struct, frozen=True):
    """A phase under a profile. `share` is its part of the longest, from 0 to 100."""

    outcome: Outcome
    done: int
    of: int
    share: int
    steps: Listed[Step]


class Page(Struct, frozen=True):
    """One analysis on the page; `key` begins the names of its places."""

    key: str
    analysis: Analysis
    limits: Limits
    purl: str
    tiles: tuple[Tile, ...]
    findings: tuple[evidence.Shown, ...]
    drafts: tuple[evidence.Shown, ...]
    timeline: timeline.Timeline | None
    map: map.Map | None
    cards: Listed[talk.Card]
    tool_cards: Listed[talk.Card]
    gateway: Listed[talk.Said]
    forests: tuple[forest.Forest, ...]
    changed: Listed[files.Changed]
    by_tool: Listed[files.Changed]
    read: Listed[files.Read]
    canaries: Listed[files.Read]
    phases: tuple[PhaseRow, ...]
    reached: tuple[reached.Line, ...]
    code: Listed[evidence.CodeFile]
    evaluated: Listed[evaluated.Shown]
    anchors: Anchors
    families: tuple[tuple[str, int], ...]
    iocs: Listed[Ioc]
    matrix: tuple[indicators.Column, ...]
    since: since.Since | None

    @property
    def processes(self) -> frozenset[int]:
        """The ids of the processes that have a place on the page."""
        return frozenset(n.process.id for f in self.forests for _, nodes in f.phases for n in nodes)

    @property
    def dossier(self) -> Dossier:
        """What the analysis judges."""
        return self.analysis.dossier


def page(analysis: Analysis, number: int, limits: Limits) -> Page:
    """Work out the page of one analysis, the `number`th of its document."""
    dossier = analysis.dossier
    anchors = Anchors(analysis, limits.behaviours)
    findings, drafts = evidence.shown(analysis, anchors, limits)
    by_id = {process.id: process for process in dossier.processes}
    gateway = tuple(exchange for exchange in dossier.exchanges if exchange.gateway)
    return Page(
        key=f"a{number}-",
        analysis=analysis,
        limits=limits,
        purl=purl(dossier.release),
        tiles=tuple(_tiles(analysis)),
        findings=findings,
        drafts=drafts,
        timeline=timeline.timeline(dossier, anchors, limits.marks),
        map=map.draw(dossier, contacts.own(dossier)),
        cards=talk.cards(dossier, limits, own=True),
        tool_cards=talk.cards(dossier, limits, own=False),
        gateway=talk.said(gateway, by_id, limits.exchanges),
        forests=forest.forests(dossier, limits),
        changed=files.changed(dossier, limits.changes, tool=False),
        by_tool=files.changed(dossier, limits.changes, tool=True),
        read=files.read(dossier, Kind.FILE_READ, anchors, limits.reads),
        canaries=files.read(dossier, Kind.CANARY_READ, anchors, limits.reads),
        phases=tuple(_phases(dossier, limits)),
        reached=tuple(reached.lines(dossier)),
        code=evidence.code(dossier, anchors, limits),
        evaluated=evaluated.shown(dossier, anchors, limits),
        anchors=anchors,
        families=digest.families(dossier),
        iocs=listed(analysis.iocs, limits.iocs),
        matrix=tuple(indicators.matrix(analysis)),
        since=since.shown(analysis, limits),
    )


def _tiles(analysis: Analysis) -> Iterator[Tile]:
    dossier = analysis.dossier
    counted = [finding for finding in analysis.findings if finding.status != "draft"]
    yield _tile(len(counted), "finding", "findings", bad=any(finding.convicts for finding in counted))
    if dossier.static_only:
        read = sum(1 for behaviour in dossier.behaviours)
        yield _tile(read, "behaviour", "behaviours")
        return
    leaked = {b.value.partition(" > ")[0] for b in dossier.behaviours if b.kind is Kind.CANARY_LEAK}
    if leaked:
        yield _tile(len(leaked), "credential stolen", "contacts", "credentials stolen", bad=True)
    yield _tile(len(contacts.own(dossier)), "host contacted", "contacts", "hosts contacted")
    own = sum(process.by is not By.TOOL for process in dossier.processes)
    yield _tile(own, "process", "processes", "processes")
    yield _tile(len(digest.changed(dossier)), "file changed", "files", "files changed")
    done = sum(outcome.status is Status.COMPLETED for outcome in dossier.outcomes)
    asked = sum(outcome.status is not Status.SKIPPED for outcome in dossier.outcomes)
    yield Tile(f"{done}/{asked}", "phases completed", "phases")


def _tile(count: int, one: str, section: str, more: str = "", *, bad: bool = False) -> Tile:
    number, _, words = many(count, one, more).partition(" ")
    return Tile(number, words, section, bad)


def _phases(dossier: Dossier, limits: Limits) -> Iterator[PhaseRow]:
    longest = max((real(outcome.duration_s) for outcome in dossier.outcomes), default=0.0) or 1.0
    for outcome in dossier.outcomes:
        done, of = digest.steps_done(outcome)
        order = sorted(outcome.steps, key=lambda step: step.status is Status.COMPLETED)
        share = round(100 * real(outcome.duration_s) / longest)
        yield PhaseRow(outcome, done, of, share, listed(order, limits.steps))
