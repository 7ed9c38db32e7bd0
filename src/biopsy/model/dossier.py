"""Dossier: everything known about one artifact; finding and verdict: what rules make of it."""

from dataclasses import dataclass
from enum import StrEnum

from biopsy.model.behaviour import Behaviour
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Exchange, FileChange, Outcome, Process, Watch


@dataclass(frozen=True, slots=True)
class Tool:
    """The versions of whatever made a dossier; empty where a part took no part."""

    biopsy: str
    rules: str = ""
    image: str = ""
    gvisor: str = ""
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Dossier:
    """All behaviours and phase outcomes of an artifact. Rules read this and nothing else."""

    run_id: str
    release: Release
    artifact: Artifact
    behaviours: tuple[Behaviour, ...]
    outcomes: tuple[Outcome, ...]
    processes: tuple[Process, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    changes: tuple[FileChange, ...] = ()
    watches: tuple[Watch, ...] = ()
    created: str = ""  # RFC 3339, UTC
    duration_s: float = 0.0
    tool: Tool = Tool("")
    static_only: bool = False


class Level(StrEnum):
    """Severity (how bad, if true) and confidence (how sure), each on the same three steps."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that matched, with its evidence: the behaviours."""

    rule: str
    title: str
    severity: Level
    confidence: Level
    status: str  # draft | stable | retired
    attack: tuple[str, ...]
    why: str
    category: str
    evidence: tuple[Behaviour, ...]
    convicts: bool = False  # decisive on its own
    more: int = 0  # behaviours beyond those in `evidence`


class Call(StrEnum):
    """The four verdicts."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    BENIGN = "benign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What we say of an artifact, and because of which findings; `reason` is one sentence."""

    call: Call
    reason: str
    because: tuple[str, ...] = ()  # ids of rules
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """A dossier judged: what every output format renders."""

    dossier: Dossier
    findings: tuple[Finding, ...]
    verdict: Verdict
