"""Dossiers and rules made from text, for the tests of detection."""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from biopsy.detect.read import parse
from biopsy.detect.rule import Rule
from biopsy.detect.sheet import Mistakes
from biopsy.model.behaviour import Behaviour, By, InTrace
from biopsy.model.dossier import Dossier, Finding, Level
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Outcome, Status, Watch

PHASES = ("install", "import", "execute")
WHY = "Somebody who knows nothing of rules can read here what was seen and why it matters."


def behaviours(*texts: str, by: By = By.PACKAGE, owner: str = "") -> tuple[Behaviour, ...]:
    return tuple(replace(Behaviour.parse(text), by=by, owner=owner) for text in texts)


def outcomes(*said: str) -> tuple[Outcome, ...]:
    """`install completed`, `laptop/import timeout too-long`."""
    made = []
    for text in said:
        where, status, *reason = text.split(" ")
        profile, _, phase = where.rpartition("/")
        made.append(Outcome(profile, phase, Status(status), " ".join(reason)))
    return tuple(made)


def dossier(
    *seen: str | Behaviour,
    ended: Sequence[str] = tuple(f"{phase} completed" for phase in PHASES),
    name: str = "thing",
    watches: tuple[Watch, ...] = (),
    static_only: bool = False,
) -> Dossier:
    listed = tuple(Behaviour.parse(one) if isinstance(one, str) else one for one in seen)
    for one in listed:
        if isinstance(one.where, InTrace):
            assert one.where.phase
    artifact = Artifact("thing-1.0.tgz", "tgz", Path("thing-1.0.tgz"), 1, "0" * 64)
    release = Release("npm", name, "1.0.0")
    return Dossier(
        "run", release, artifact, listed, outcomes(*ended), watches=watches, static_only=static_only
    )


def rule_text(when: str, name: str = "exfil/made", **more: str) -> str:
    fields = {
        "rule": name,
        "title": "Made for a test",
        "status": "draft",
        "severity": "high",
        "confidence": "high",
        "attack": "[T1041]",
        "why": WHY,
        "when": when,
    }
    return "".join(f"{key}: {value}\n" for key, value in (fields | more).items() if value)


def rule(when: str, name: str = "exfil/made", **more: str) -> Rule:
    """A rule of which only the condition matters; an assertion where it is wrong."""
    mistakes = Mistakes("made.yml")
    made = parse(rule_text(when, name, **more), name, mistakes)
    assert not list(mistakes), list(mistakes)
    assert made is not None
    return made


def finding(
    severity: str = "high",
    confidence: str = "high",
    status: str = "stable",
    *,
    convicts: bool = False,
    name: str = "exfil/made",
    evidence: tuple[Behaviour, ...] = (),
    title: str = "Does something",
) -> Finding:
    evidence = evidence or behaviours("canary.read ssh-key @ import#1")
    category = name.partition("/")[0]
    return Finding(
        name,
        title,
        Level(severity),
        Level(confidence),
        status,
        ("T1041",),
        WHY,
        category,
        evidence,
        convicts,
    )
