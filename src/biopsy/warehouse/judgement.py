"""What rules made of a dossier at one moment, in the form in which it is kept."""

from collections.abc import Sequence

import msgspec

from biopsy.model.behaviour import Behaviour, InFile, InTrace
from biopsy.model.dossier import Analysis, Call, Finding, Level

READ = "read"
"""How a trigger says that code was seen in a file and not while it ran: `read import`."""


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding, its evidence in the text form; `triggers` are the moments at which it came about."""

    rule: str
    title: str
    category: str
    severity: Level
    confidence: Level
    status: str
    convicts: bool = False
    attack: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    more: int = 0
    triggers: tuple[str, ...] = ()


class Judgement(msgspec.Struct, frozen=True, omit_defaults=True):
    """A verdict on a dossier with all findings. Of several on the same dossier the one last made holds.

    `at` and `created` (when the dossier was made) are RFC 3339 in UTC; `published` is when the registry
    says that the release came out, empty where nobody asked. `rules` names the rules as a set.
    """

    run_id: str
    ecosystem: str
    name: str
    version: str
    sha256: str
    created: str
    at: str
    rules: str
    call: Call
    reason: str
    because: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    findings: tuple[Found, ...] = ()
    published: str = ""


def judgement(analysis: Analysis, at: str, rules: str = "", published: str = "") -> Judgement:
    """Write an analysis down as the judgement it is; `rules` is the digest of those that judged.

    Without it they are taken to be those that the dossier was made with.
    """
    dossier, verdict = analysis.dossier, analysis.verdict
    release = dossier.release
    return Judgement(
        dossier.run_id,
        release.ecosystem,
        release.name,
        release.version,
        dossier.artifact.sha256,
        dossier.created,
        at,
        rules or dossier.tool.rules,
        verdict.call,
        verdict.reason,
        verdict.because,
        verdict.categories,
        tuple(given.name for given in analysis.classes),
        tuple(map(_found, analysis.findings)),
        published,
    )


def _found(finding: Finding) -> Found:
    return Found(
        finding.rule,
        finding.title,
        finding.category,
        finding.severity,
        finding.confidence,
        finding.status,
        finding.convicts,
        finding.attack,
        tuple(map(str, finding.evidence)),
        finding.more,
        triggers(finding.evidence),
    )


def triggers(evidence: Sequence[Behaviour]) -> tuple[str, ...]:
    """When behaviours came about: `install`, `import`, …; `read call` where the code was only read."""
    named = dict.fromkeys(_trigger(one) for one in evidence)
    return tuple(name for name in named if name)


def _trigger(behaviour: Behaviour) -> str:
    match behaviour.where:
        case InTrace(phase=phase):
            return phase
        case InFile(when=when):
            return f"{READ} {when.value}".rstrip()
    return ""
