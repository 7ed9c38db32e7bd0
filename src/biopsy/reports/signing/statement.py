"""Verdicts as in-toto statements (attestation framework 1.0): what is said, of which file, by its hash.

The predicate is documented by schema/verdict-1.json. A statement is about bytes: what is known by its name
only cannot be attested.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from biopsy.errors import UsageError
from biopsy.model.dossier import Analysis
from biopsy.reports.content import indicators
from biopsy.reports.record import Json, Report

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://github.com/biopsy-dev/biopsy/verdict/v1"
MAX_SUBJECTS = 10_000  # of one report

_SHA256 = re.compile(r"[0-9a-f]{64}")
Statement = dict[str, Any]


def of_analysis(analysis: Analysis) -> Statement:
    """What biopsy found of one artifact; raises UsageError where its hash is not known."""
    dossier, verdict = analysis.dossier, analysis.verdict
    artifact, release = dossier.artifact, dossier.release
    if not _SHA256.fullmatch(artifact.sha256):
        raise UsageError(f"{dossier.run_id}: a folder has no hash, and a statement is about one")
    predicate = {
        "verdict": verdict.call.value,
        "reason": verdict.reason,
        "package": release.purl,
        "categories": sorted(verdict.categories),
        "findings": sorted(verdict.because),
        "classes": sorted({one.name for one in analysis.classes}),
        "analysis": {
            "run": dossier.run_id,
            "created": dossier.created,
            "tool": dossier.tool.biopsy,
            "rules": dossier.tool.rules,
            "ran": not dossier.static_only,
        },
    }
    return _statement([(artifact.filename, artifact.sha256)], predicate)


def of_report(report: Report) -> Statement | None:
    """What a published report says of the artifacts it names; None where it names none by SHA-256."""
    subjects = sorted(set(_artifacts(report)))[:MAX_SUBJECTS]
    if not subjects:
        return None
    withdrawn = _text(report.get("withdrawn"))
    affected = report.get("affected")
    about = affected[0].get("package") if isinstance(affected, list) and affected else None
    malware = _object(_object(report.get("database_specific")).get("malware"))
    predicate = {
        "verdict": "withdrawn" if withdrawn else "malicious",
        "reason": _text(report.get("summary")),
        "package": _text(_object(about).get("purl")),
        "categories": [one for one in (_text(malware.get("category")),) if one],
        "report": {
            "id": _text(report.get("id")),
            "published": _text(report.get("published")),
            "modified": _text(report.get("modified")),
            "withdrawn": withdrawn,
        },
    }
    return _statement(subjects, predicate)


def encode(said: Statement) -> bytes:
    """A statement as bytes: the same statement gives the same."""
    return msgspec.json.encode(said, order="sorted")


def _statement(subjects: list[tuple[str, str]], predicate: dict[str, Any]) -> Statement:
    return {
        "_type": STATEMENT,
        "subject": [{"name": name or sha256, "digest": {"sha256": sha256}} for name, sha256 in subjects],
        "predicateType": PREDICATE,
        "predicate": _kept(predicate),
    }


def _kept(held: dict[str, Any]) -> dict[str, Any]:
    """What says something: empty parts are left out."""
    made = {name: _kept(value) if isinstance(value, dict) else value for name, value in held.items()}
    return {name: value for name, value in made.items() if value not in ("", [], {})}


def _artifacts(report: Report) -> Iterator[tuple[str, str]]:
    listed = _object(_object(report.get("database_specific")).get("malware")).get("artifacts")
    for one in listed if isinstance(listed, list) else ():
        sha256 = _text(_object(one).get("sha256")).lower()
        if _SHA256.fullmatch(sha256):
            yield _text(_object(one).get("filename")), sha256
    for found in indicators([("", report)]):
        sha256 = found.digests.get("sha256", "")
        if found.type == "artifact" and _SHA256.fullmatch(sha256):
            yield min(found.paths, default=""), sha256


def _object(held: Json) -> dict[str, Json]:
    return held if isinstance(held, dict) else {}


def _text(held: Json) -> str:
    return held if isinstance(held, str) else ""
