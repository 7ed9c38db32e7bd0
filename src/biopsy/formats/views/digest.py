"""An analysis counted up: what a summary says before anyone looks closer."""

from collections import Counter

from biopsy.model.behaviour import By
from biopsy.model.dossier import Analysis, Dossier, Finding, Level
from biopsy.model.run import Change, FileChange, Outcome, Status, Watch

FAMILIES = ("canary", "net", "process", "file", "code", "env", "pkg", "archive", "evasion")
"""Families of behaviours in the order in which a reader cares."""

_WEIGHT = {Level.HIGH: 0, Level.MEDIUM: 1, Level.LOW: 2}


def families(dossier: Dossier) -> tuple[tuple[str, int], ...]:
    """How many behaviours of each family were seen; families of none are left out."""
    count = Counter(behaviour.kind.family for behaviour in dossier.behaviours)
    known = [(family, count.pop(family)) for family in FAMILIES if family in count]
    return (*known, *sorted(count.items()))


def ranked(analysis: Analysis) -> tuple[Finding, ...]:
    """Findings as a reader wants them: what the verdict rests on, then by severity, drafts last."""
    because = set(analysis.verdict.because)

    def rank(finding: Finding) -> tuple[bool, bool, bool, int, int]:
        levels = _WEIGHT[finding.severity], _WEIGHT[finding.confidence]
        return (finding.status == "draft", finding.rule not in because, not finding.convicts, *levels)

    return tuple(sorted(analysis.findings, key=rank))


def profiles(dossier: Dossier) -> tuple[str, ...]:
    """The profiles under which it was run, in order."""
    named = [outcome.profile for outcome in dossier.outcomes] + [watch.profile for watch in dossier.watches]
    return tuple(dict.fromkeys(filter(None, named)))


def phases(dossier: Dossier) -> tuple[str, ...]:
    """The phases that were asked for, in order."""
    return tuple(dict.fromkeys(outcome.phase for outcome in dossier.outcomes))


def steps_done(outcome: Outcome) -> tuple[int, int]:
    """How many steps of a phase completed, of how many."""
    done = sum(step.status is Status.COMPLETED for step in outcome.steps)
    return done, len(outcome.steps)


def changed(dossier: Dossier) -> tuple[tuple[FileChange, tuple[str, ...]], ...]:
    """What the package itself changed, each path once with the profiles that saw it; tools' own left out."""
    seen: dict[tuple[str, Change], tuple[FileChange, list[str]]] = {}
    for change in dossier.changes:
        if change.by is not By.TOOL:
            seen.setdefault((change.path, change.change), (change, []))[1].append(change.profile)
    return tuple((change, tuple(dict.fromkeys(where))) for change, where in seen.values())


LOST = {
    "malformed": "malformed",
    "dropped": "dropped by gVisor",
    "truncated": "past the limit",
    "exchanges_dropped": "exchanges not kept",
    "changes_dropped": "file changes not kept",
    "behaviours_dropped": "behaviours not kept",
}


def lost(watch: Watch) -> tuple[tuple[int, str], ...]:
    """What was not seen or not kept in a run: how many, of what."""
    return tuple((count, words) for name, words in LOST.items() if (count := getattr(watch, name)))
