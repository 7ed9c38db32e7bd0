"""Findings and the code they point into, as the page shows them."""

from collections import defaultdict

from msgspec import Struct

from biopsy.formats.page.anchors import Anchors
from biopsy.formats.page.limits import Limits, Listed, listed
from biopsy.formats.views import digest
from biopsy.model.behaviour import Behaviour, InFile, InTrace, When
from biopsy.model.dossier import Analysis, Dossier, Finding


class Fact(Struct, frozen=True):
    """What was seen, once, and every place where it was, with the number of each in the long list."""

    behaviour: Behaviour
    places: tuple[tuple[str, int | None], ...]


class Shown(Struct, frozen=True):
    """A finding with its evidence. `seen` says under which profiles, or that it was read in the files."""

    finding: Finding
    facts: Listed[Fact]
    left: int  # behaviours not shown
    decides: bool  # the verdict rests on it
    seen: tuple[str, ...]


def shown(
    analysis: Analysis, anchors: Anchors, limits: Limits
) -> tuple[tuple[Shown, ...], tuple[Shown, ...]]:
    """The findings that count, and those of draft rules."""
    ranked = digest.ranked(analysis)[: limits.findings]
    every = [_shown(finding, analysis, anchors, limits) for finding in ranked]
    drafts = tuple(one for one in every if one.finding.status == "draft")
    return tuple(one for one in every if one not in drafts), drafts


def _shown(finding: Finding, analysis: Analysis, anchors: Anchors, limits: Limits) -> Shown:
    places: defaultdict[tuple[str, str], list[Behaviour]] = defaultdict(list)
    for behaviour in finding.evidence:
        places[behaviour.kind.value, behaviour.value].append(behaviour)
    facts = listed(
        (
            Fact(same[0], tuple((str(b.where), anchors.number(b)) for b in same[: limits.own]))
            for same in places.values()
        ),
        limits.evidence,
    )
    seen = dict.fromkeys(
        behaviour.where.profile or "run" if isinstance(behaviour.where, InTrace) else "read in the files"
        for behaviour in finding.evidence
    )
    return Shown(
        finding, facts, facts.left + finding.more, finding.rule in analysis.verdict.because, tuple(seen)
    )


class CodeFile(Struct, frozen=True):
    """What reading one file showed, by line."""

    path: str
    when: str  # the moments at which its code runs
    vendored: bool
    lines: Listed[tuple[Behaviour, int | None]]


_SOONEST = [When.INSTALL, When.START, When.IMPORT, When.CALL, When.UNKNOWN, When.TEST, When.DOCS]


def code(dossier: Dossier, anchors: Anchors, limits: Limits) -> Listed[CodeFile]:
    """The files that reading found something in: those that run soonest first."""
    by_path: defaultdict[str, list[Behaviour]] = defaultdict(list)
    for behaviour in dossier.behaviours:
        if isinstance(behaviour.where, InFile):
            by_path[behaviour.where.path].append(behaviour)

    def soonest(item: tuple[str, list[Behaviour]]) -> tuple[int, int, str]:
        return min(_SOONEST.index(_when(b)) for b in item[1]), -len(item[1]), item[0]

    return listed(
        (_file(path, seen, anchors, limits) for path, seen in sorted(by_path.items(), key=soonest)),
        limits.code_files,
    )


def _when(behaviour: Behaviour) -> When:
    return behaviour.where.when if isinstance(behaviour.where, InFile) else When.UNKNOWN


def _line(behaviour: Behaviour) -> int:
    return behaviour.where.line if isinstance(behaviour.where, InFile) else 0


def _file(path: str, seen: list[Behaviour], anchors: Anchors, limits: Limits) -> CodeFile:
    moments = sorted({_when(behaviour) for behaviour in seen} - {When.UNKNOWN}, key=_SOONEST.index)
    lines = listed(anchors.numbered(sorted(seen, key=_line)), limits.code_lines)
    return CodeFile(path, ", ".join(moment.value for moment in moments), InFile(path).vendored, lines)
