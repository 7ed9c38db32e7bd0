"""For code hosts and dashboards: SARIF 2.1.0 (OASIS standard), one run for each analysis.

A finding is a result. What was read in a file is a physical location, file and line; what was seen in a run
is a logical one, `laptop/install#4`, at the artifact as a whole. Phases that did not finish are notifications
of the invocation, and an `unknown` verdict says that it was not successful: nobody takes silence for health.
"""

from hashlib import sha256
from typing import Any, TypeAlias
from urllib.parse import quote

import msgspec

from biopsy.formats.views import digest
from biopsy.formats.wire.scalar import purl
from biopsy.formats.wire.scalar import text as clean
from biopsy.model.behaviour import Behaviour, InFile
from biopsy.model.comparison import Comparison
from biopsy.model.dossier import Analysis, Call, Dossier, Finding, Level
from biopsy.model.run import Outcome, Status

ENDING = ".sarif"

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_LOCATIONS = 100
"""Most places given for a result; what is beyond is counted in its properties."""

LEVELS = {Level.HIGH: "error", Level.MEDIUM: "warning", Level.LOW: "note"}
SCORES = {Level.HIGH: 8.0, Level.MEDIUM: 5.5, Level.LOW: 2.5}
"""`security-severity`, on the scale of CVSS: what code hosts sort by. A rule that convicts has 9.5."""

Json: TypeAlias = dict[str, Any]


def render(first: Analysis, *more: Analysis) -> str:
    """A SARIF log."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(analysis) for analysis in (first, *more)]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def _run(analysis: Analysis) -> Json:
    dossier = analysis.dossier
    findings = digest.ranked(analysis)
    rules = list({finding.rule: finding for finding in reversed(findings)}.values())[::-1]
    index = {finding.rule: number for number, finding in enumerate(rules)}
    return {
        "tool": {"driver": _driver(dossier, rules)},
        "automationDetails": {"id": f"biopsy/{purl(dossier.release)}/{clean(dossier.run_id)}"},
        "invocations": [_invocation(analysis)],
        "artifacts": [_artifact(dossier)],
        "results": [
            _result(finding, index[finding.rule], dossier, analysis.comparison) for finding in findings
        ],
        "columnKind": "unicodeCodePoints",
        "properties": {
            "purl": purl(dossier.release),
            "verdict": analysis.verdict.call.value,
            "reason": clean(analysis.verdict.reason),
            "staticOnly": dossier.static_only,
        },
    }


def _driver(dossier: Dossier, rules: list[Finding]) -> Json:
    return {
        "name": "biopsy",
        "version": clean(dossier.tool.biopsy),
        "rules": [_rule(finding) for finding in rules],
        "properties": {"rules": clean(dossier.tool.rules), "image": clean(dossier.tool.image)},
    }


def _rule(finding: Finding) -> Json:
    score = 9.5 if finding.convicts else SCORES[finding.severity]
    attack = [f"external/mitre-attack/{clean(technique)}" for technique in finding.attack]
    return {
        "id": clean(finding.rule),
        "shortDescription": {"text": clean(finding.title)},
        "fullDescription": {"text": clean(finding.why or finding.title)},
        "defaultConfiguration": {"level": _level(finding)},
        "properties": {
            "tags": list(dict.fromkeys(["security", clean(finding.category), *attack])),
            "precision": {Level.HIGH: "very-high", Level.MEDIUM: "medium", Level.LOW: "low"}[
                finding.confidence
            ],
            "security-severity": f"{score}",
        },
    }


def _level(finding: Finding) -> str:
    return "note" if finding.status == "draft" else LEVELS[finding.severity]


def _invocation(analysis: Analysis) -> Json:
    unfinished = [o for o in analysis.dossier.outcomes if o.status not in (Status.COMPLETED, Status.SKIPPED)]
    invocation: Json = {
        "executionSuccessful": analysis.verdict.call is not Call.UNKNOWN,
        "toolExecutionNotifications": [_notification(outcome) for outcome in unfinished],
    }
    if analysis.dossier.created:
        invocation["endTimeUtc"] = clean(analysis.dossier.created)
    return invocation


def _notification(outcome: Outcome) -> Json:
    words = f"{outcome.profile}/{outcome.phase}: {outcome.status}"
    return {
        "level": "warning",
        "message": {"text": clean(f"{words}: {outcome.reason}" if outcome.reason else words)},
    }


def _artifact(dossier: Dossier) -> Json:
    return {
        "location": {"uri": _uri(dossier.artifact.filename)},
        "length": dossier.artifact.size,
        "hashes": {"sha-256": clean(dossier.artifact.sha256)},
        "roles": ["analysisTarget"],
    }


def _result(finding: Finding, index: int, dossier: Dossier, since: Comparison | None) -> Json:
    # A reader of code wants a line of code first; what was seen in a run stands beside it.
    evidence = sorted(finding.evidence, key=lambda behaviour: not isinstance(behaviour.where, InFile))
    shown = evidence[:MAX_LOCATIONS]
    text = "\n".join([f"{finding.title}. {finding.why}", *(str(behaviour) for behaviour in shown[:10])])
    result: Json = {
        "ruleId": clean(finding.rule),
        "ruleIndex": index,
        "level": _level(finding),
        "message": {"text": clean(text)},
        "locations": [_location(behaviour, dossier) for behaviour in shown[:1]] or [_whole(dossier)],
        "partialFingerprints": {"biopsyEvidence/v1": _fingerprint(finding, dossier)},
        "properties": {
            "severity": finding.severity.value,
            "confidence": finding.confidence.value,
            "status": clean(finding.status),
            "convicts": finding.convicts,
            "moreEvidence": len(evidence) - len(shown) + finding.more,
        },
    }
    if since and not {b for one in since.new for b in one.evidence}.isdisjoint(finding.evidence):
        result["properties"]["newSince"] = purl(since.before.release)
    if related := shown[1:]:
        places = enumerate(related, 1)
        result["relatedLocations"] = [{"id": number, **_location(b, dossier)} for number, b in places]
    return result


def _location(behaviour: Behaviour, dossier: Dossier) -> Json:
    message = {"text": clean(str(behaviour))}
    if isinstance(behaviour.where, InFile):
        place: Json = {"artifactLocation": {"uri": _uri(behaviour.where.path)}}
        if behaviour.where.line > 0:
            place["region"] = {"startLine": behaviour.where.line}
        location = {"physicalLocation": place, "message": message}
        if context := behaviour.where.context:
            location["properties"] = {"tags": list(context)}
        return location
    name = clean(str(behaviour.where))
    return {**_whole(dossier), "logicalLocations": [{"fullyQualifiedName": name}], "message": message}


def _whole(dossier: Dossier) -> Json:
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(dossier.artifact.filename)}}}


def _uri(path: str) -> str:
    """A path as a relative reference: nothing of it can read as a scheme, a host or a query."""
    return quote(path.lstrip("/"), safe="/-._~", errors="surrogatepass") or "."


def _fingerprint(finding: Finding, dossier: Dossier) -> str:
    """The same for the same finding in the next version: what was seen, not where, when or by whom."""
    facts = sorted({f"{behaviour.kind} {behaviour.value}" for behaviour in finding.evidence})
    words = "\0".join([finding.rule, dossier.release.ecosystem, dossier.release.name, *facts])
    return sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
