"""Kept dossiers judged by the rules of today: detect is pure, so that a replay of one takes milliseconds."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from biopsy import detect
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, InTrace, Kind, unescape
from biopsy.model.dossier import Analysis, Call, Dossier, Finding
from biopsy.model.release import Release
from biopsy.model.run import Status
from biopsy.web.site.index.answers import Seen
from biopsy.web.site.paging import Missing
from biopsy.web.site.place import Site

NOTHING = "none"
"""What a dossier says where it was to be compared with nothing."""


class Judged(Struct, frozen=True):
    """An analysis by the rules of today, the digest of those, and how long it took to judge, in seconds."""

    analysis: Analysis
    rules: str
    seconds: float


def dossier(site: Site, run_id: str, *, whole: bool = True) -> Dossier:
    """One kept dossier; raises Missing. What the index knows of it says where it has to be.

    Unless the `whole` is asked for, what no rule reads may be left out.
    """
    seen = site.index.analysis(run_id)
    try:
        return site.warehouse.near(run_id, of(seen), whole=whole) if seen else site.warehouse.get(run_id)
    except UsageError as error:
        raise Missing(detail=f"no analysis {run_id[:80]} is kept here") from error


def of(seen: Seen) -> Release:
    """The release that an analysis is of; the index has its words escaped."""
    return Release(seen.ecosystem, unescape(seen.name), unescape(seen.version))


def judged(site: Site, run_id: str) -> Judged:
    """Read a dossier and judge it, beside the one that it was compared with if that is kept still."""
    held = dossier(site, run_id)
    before = None
    if held.against and held.against != NOTHING:
        with suppress(Missing):
            before = dossier(site, held.against, whole=False)
    return judge(site, held, before)


def judge(site: Site, held: Dossier, before: Dossier | None) -> Judged:
    """Say what rules make of a dossier beside an earlier one."""
    began = time.perf_counter()
    findings = detect.match(site.rules(), held, before)
    verdict = detect.decide(findings, held)
    taken = time.perf_counter() - began
    analysis = Analysis(
        held,
        findings,
        verdict,
        classes=detect.classify(findings, held),
        iocs=detect.iocs(held),
        comparison=detect.compare(before, held) if before else None,
    )
    return Judged(analysis, site.digest(), taken)


def worrying(before: Analysis, after: Analysis) -> tuple[Finding, ...]:
    """The findings that the later verdict rests on and the earlier analysis did not have."""
    if after.verdict.call not in {Call.MALICIOUS, Call.SUSPICIOUS}:
        return ()
    known = {finding.rule for finding in before.findings}
    return tuple(f for f in after.findings if f.rule in after.verdict.because and f.rule not in known)


def profiles(held: Dossier) -> tuple[str, ...]:
    """The machines that a run pretended to be, in their order."""
    return tuple(dict.fromkeys(one.profile for one in held.outcomes if one.profile))


def under(held: Dossier, profile: str) -> Dossier:
    """What a dossier would be, had it been run under one profile alone; what was read in files stays."""
    return replace(
        held,
        behaviours=tuple(b for b in held.behaviours if _place(b) in {"", profile}),
        outcomes=tuple(o for o in held.outcomes if o.profile == profile),
        processes=tuple(p for p in held.processes if p.profile == profile),
        exchanges=tuple(e for e in held.exchanges if e.profile == profile),
        changes=tuple(c for c in held.changes if c.profile == profile),
        watches=tuple(w for w in held.watches if w.profile == profile),
        evaluated=tuple(e for e in held.evaluated if e.profile == profile),
    )


def called(held: Dossier, profile: str) -> Dossier:
    """A dossier of one profile as if it had been run under another: so that the two can be compared."""
    return replace(
        held,
        behaviours=tuple(moved(b, profile) for b in held.behaviours),
        outcomes=tuple(replace(o, profile=profile) for o in held.outcomes),
        processes=tuple(replace(p, profile=profile) for p in held.processes),
        exchanges=tuple(replace(e, profile=profile) for e in held.exchanges),
        changes=tuple(replace(c, profile=profile) for c in held.changes),
    )


def moved(behaviour: Behaviour, profile: str) -> Behaviour:
    """A behaviour as if it had been seen under another profile; what was read stays where it was."""
    where = behaviour.where
    return (
        replace(behaviour, where=replace(where, profile=profile)) if isinstance(where, InTrace) else behaviour
    )


class Machine(Struct, frozen=True):
    """What a run under one profile came to; `only` are behaviours that no other profile saw."""

    profile: str
    completed: int
    phases: int
    processes: int
    hosts: tuple[str, ...]
    changes: int
    stolen: int
    behaviours: int
    only: int


def machines(held: Dossier) -> Iterator[Machine]:
    """The profiles of a dossier beside each other."""
    seen = Counter(
        key for profile in profiles(held)
        for key in {(b.kind, b.value) for b in held.behaviours if _place(b) == profile}
    )  # fmt: skip
    for profile in profiles(held):
        mine = [b for b in held.behaviours if _place(b) == profile]
        facts = {(b.kind, b.value) for b in mine}
        outcomes = [one for one in held.outcomes if one.profile == profile]
        hosts = dict.fromkeys(
            e.host for e in held.exchanges if e.profile == profile and not e.gateway and e.by != "tool"
        )
        yield Machine(
            profile,
            sum(one.status is Status.COMPLETED for one in outcomes),
            sum(one.status is not Status.SKIPPED for one in outcomes),
            sum(p.profile == profile and p.by != "tool" for p in held.processes),
            tuple(hosts),
            sum(c.profile == profile and c.by != "tool" for c in held.changes),
            len({b.value.partition(" > ")[0] for b in mine if b.kind is Kind.CANARY_LEAK}),
            len(facts),
            sum(seen[fact] == 1 for fact in facts),
        )


def _place(behaviour: Behaviour) -> str:
    return behaviour.where.profile if isinstance(behaviour.where, InTrace) else ""
