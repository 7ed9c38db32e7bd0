"""A report drafted from an analysis: what was found, in plain sentences, with the evidence as data.

The draft names exactly the version and file that was analysed, nothing wider. It is the record of the source
`biopsy`, and counts once a person approved it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from biopsy.errors import UsageError
from biopsy.model.dossier import Analysis, Call, Classification, Finding, Ioc, IocType, Level
from biopsy.reports import naming
from biopsy.reports.claim import Package
from biopsy.reports.record import Report

SOURCE = "biopsy"
"""The id of our own analyses as a source."""

SCHEMA = "1.7.4"
MAX_EVIDENCE = 20  # behaviours of one finding
MAX_IOCS = 500  # indicators of one draft
MAX_WORDS = 160  # characters of what a package says, in a sentence

_CATEGORIES = (
    ({"research"}, "pentest"),
    ({"spam"}, "spam"),
    ({"protestware", "wiper"}, "protest"),
    ({"unwanted", "telemetry"}, "unwanted"),
)
_HARM = ("malware", "pentest", "spam", "protest", "unwanted")
_SEVERITY = {"pentest": "high", "spam": "medium", "unwanted": "medium"}
_MARKUP = re.compile(r"[\x00-\x1f\x7f`\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b-\u200f]+")


def draft(analysis: Analysis) -> Report:
    """The record of an analysis; raises UsageError unless its verdict is malicious."""
    dossier, release = analysis.dossier, analysis.dossier.release
    if analysis.verdict.call is not Call.MALICIOUS:
        call = analysis.verdict.call.value
        raise UsageError(f"{dossier.run_id}: the verdict is {call}; only what is malicious is reported")
    about = package(analysis)
    ecosystem = about.ecosystem
    return {
        "schema_version": SCHEMA,
        "modified": dossier.created,
        "summary": f"Malicious code in {about.name} ({ecosystem})",
        "details": " ".join(sentences(analysis, ecosystem)),
        "affected": [
            {
                "package": {
                    "ecosystem": ecosystem,
                    "name": about.name,
                    "purl": release.purl.rpartition("@")[0],
                },
                "versions": [naming.version(ecosystem, release.version)],
                "database_specific": {"cwes": [{"cweId": "CWE-506", "name": "Embedded Malicious Code"}]},
            }
        ],
        "credits": [{"name": "biopsy", "type": "TOOL"}],
        "database_specific": {"malware": _malware(analysis)},
    }


def package(analysis: Analysis) -> Package:
    """The package that a report on an analysis is on; raises UsageError where nothing says which."""
    dossier, release = analysis.dossier, analysis.dossier.release
    ecosystem = naming.known(release.ecosystem)
    if ecosystem is None or not release.version:
        raise UsageError(f"{dossier.run_id}: neither a registry nor a version says what was analysed")
    return Package(ecosystem, naming.published(ecosystem, release.name))


def key(analysis: Analysis) -> str:
    """What our record on a release is called: a later analysis of the same one corrects it."""
    return analysis.dossier.release.purl


def _malware(analysis: Analysis) -> dict[str, Any]:
    dossier, artifact = analysis.dossier, analysis.dossier.artifact
    kind = category(analysis.classes)
    found = _weighty(analysis)
    made: dict[str, Any] = {
        "category": kind,
        "confidence": max((f.confidence for f in found if f.convicts), key=_rank, default=Level.LOW).value,
        "severity": _SEVERITY.get(kind, "critical"),
        "classes": [one.name for one in analysis.classes],
        "techniques": sorted({word for f in found for word in f.attack if word.startswith("T")}),
        "behaviours": [_behaviour(finding, analysis) for finding in found],
        "artifacts": [
            {
                "version": dossier.release.version,
                "filename": artifact.filename,
                "kind": artifact.kind,
                "size": artifact.size,
                "sha256": artifact.sha256,
                "verified": artifact.verified,
            }
        ],
        "iocs": list(_iocs(analysis.iocs)),
        "analyses": [
            {
                "run": dossier.run_id,
                "version": dossier.release.version,
                "created": dossier.created,
                "tool": dossier.tool.biopsy,
                "rules": dossier.tool.rules,
                "ran": not dossier.static_only,
                "verdict": plain(analysis.verdict.reason, 1000),
            }
        ],
    }
    return {name: value for name, value in made.items() if value not in ([], "")}


def category(classes: Iterable[Classification]) -> str:
    """What sort of thing a release is, in the words of schema/report-1.json.

    What is something worse beside is that: a spam package with a stealer in it is malware.
    """
    names = {one.name for one in classes if one.accuses}
    if not names:
        return "malware"
    said = set()
    for name in names:
        words = set(name.split("-"))
        said.add(next((kind for some, kind in _CATEGORIES if words & some), "malware"))
    if names <= {"dependency-confusion", "research-probe", "research"} and "pentest" in said:
        return "confusion" if "dependency-confusion" in names else "pentest"
    return next(kind for kind in _HARM if kind in said)


def sentences(analysis: Analysis, ecosystem: str) -> Iterator[str]:
    """Two to four plain sentences: what it does, where that shows, whom it talks to, how that is known."""
    dossier, release = analysis.dossier, analysis.dossier.release
    found = [f for f in _weighty(analysis) if f.convicts] or list(_weighty(analysis))
    name = f"{plain(release.version)} of {plain(release.name)} ({ecosystem})"
    does = "; ".join(_lower(plain(f.title)) for f in found[:3]) or "does harm"
    yield f"Version {name} was found to be malicious: {does}."
    if shown := _shown(found):
        yield f"Evidence is at {shown}."
    hosts = [ioc for ioc in analysis.iocs if _accusing(ioc) and ioc.type in {IocType.DOMAIN, IocType.ADDRESS}]
    if hosts:
        more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
        named = _listed([_code(ioc.value) for ioc in hosts[:3]], bare=bool(more))
        yield f"It names or contacts {named}{more}."
    how = "read, and not run" if dossier.static_only else "read, and run in a sandbox"
    yield f"The file {_code(dossier.artifact.filename)} was {how}, on {dossier.created[:10]}."


def plain(text: str, limit: int = MAX_WORDS) -> str:
    """Words of a package as words: one line, no markup that could pass for ours, cut to a length."""
    words = " ".join(_MARKUP.sub(" ", text).split())
    return words if len(words) <= limit else f"{words[: limit - 1]}…"


def _weighty(analysis: Analysis) -> tuple[Finding, ...]:
    """The findings that the verdict stands on, in its order, then what else is at least of medium weight."""
    order = {rule: number for number, rule in enumerate(analysis.verdict.because)}
    stable = [
        f
        for f in analysis.findings
        if f.status == "stable" and (f.rule in order or f.severity is not Level.LOW)
    ]
    return tuple(sorted(stable, key=lambda f: (order.get(f.rule, len(order)), -_rank(f.severity), f.rule)))


def _behaviour(finding: Finding, analysis: Analysis) -> dict[str, Any]:
    commands = {p.id: " ".join(p.argv) for p in analysis.dossier.processes}
    shown = finding.evidence[:MAX_EVIDENCE]
    evidence = []
    for one in shown:
        said = {"what": plain(f"{one.kind.value} {one.value}", 500), "where": plain(str(one.where), 500)}
        if command := commands.get(one.process if one.process is not None else -1, ""):
            said["process"] = plain(command, 500)
        evidence.append(said)
    more = finding.more + len(finding.evidence) - len(shown)
    made: dict[str, Any] = {
        "rule": finding.rule,
        "title": plain(finding.title),
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "techniques": list(finding.attack),
        "evidence": evidence,
    }
    return made | ({"more": more} if more else {})


def _iocs(found: Sequence[Ioc]) -> Iterator[dict[str, Any]]:
    """Indicators as schema/report-1.json has them, sorted; what stands for nobody is left out."""
    kept = [ioc for ioc in found if not ioc.reserved and ioc.type is not IocType.HASH][:MAX_IOCS]
    kept += [ioc for ioc in found if ioc.type is IocType.HASH][: MAX_IOCS - len(kept)]
    for ioc in sorted(kept, key=lambda i: (i.type.tells, i.value)):
        kind = "artifact" if ioc.type is IocType.HASH and "artifact" in ioc.where else ioc.type.tells
        made: dict[str, Any] = {"type": kind, "value": ioc.value, "sources": [SOURCE]}
        if ioc.type is IocType.HASH:
            made["digests"] = {"sha256": ioc.value}
        made["where"] = [plain(place, 500) for place in ioc.where[:5]]
        yield made | ({"shared": ioc.shared} if ioc.shared else {})


def _accusing(ioc: Ioc) -> bool:
    return not ioc.reserved and not ioc.shared


def _shown(found: Sequence[Finding]) -> str:
    places = dict.fromkeys(plain(str(b.where), 100) for f in found[:3] for b in f.evidence[:2])
    return _listed([_code(place) for place in list(places)[:3]])


def _code(text: str) -> str:
    return f"`{plain(text)}`"


def _listed(words: Sequence[str], *, bare: bool = False) -> str:
    if bare or len(words) < 2:
        return ", ".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _lower(title: str) -> str:
    first = title.split(" ", 1)[0]
    return title if first.isupper() and len(first) > 1 else f"{title[:1].lower()}{title[1:]}"


def _rank(level: Level) -> int:
    return list(Level).index(level)
