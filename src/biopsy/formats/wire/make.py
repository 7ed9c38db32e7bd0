"""From the model to the wire: nothing is judged, cut or left out on the way."""

import math

from biopsy.formats.wire import analysis as wire
from biopsy.model.attack import Attack
from biopsy.model.behaviour import Behaviour, InFile, InTrace
from biopsy.model.dossier import Analysis, Classification, Dossier, Finding, Ioc
from biopsy.model.run import Exchange, FileChange, Outcome, Process, Watch

MAX_INTEGER = 2**53 - 1
"""Largest whole number that every reader of JSON keeps exact."""


def text(raw: str) -> str:
    """`raw` as Unicode text: a lone surrogate is written out, as no UTF-8 can hold it."""
    if raw.isascii():
        return raw
    return raw.encode("utf-8", "backslashreplace").decode()


def _count(raw: int) -> int:
    return min(max(raw, 0), MAX_INTEGER)


def _integer(raw: int | None) -> int | None:
    return None if raw is None else max(min(raw, MAX_INTEGER), -MAX_INTEGER)


def _seconds(raw: float) -> float:
    return round(raw, 6) if math.isfinite(raw) else 0.0


def _moment(raw: float | None) -> float | None:
    return None if raw is None else _seconds(raw)


def _texts(raw: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(text, raw))


def _finding(finding: Finding) -> wire.FindingDocument:
    return wire.FindingDocument(
        rule=text(finding.rule),
        title=text(finding.title),
        severity=finding.severity.value,
        confidence=finding.confidence.value,
        status=text(finding.status),
        attack=_texts(finding.attack),
        category=text(finding.category),
        convicts=finding.convicts,
        why=text(finding.why),
        evidence=tuple(text(str(behaviour)) for behaviour in finding.evidence),
        more_evidence=_count(finding.more),
    )


def _class(given: Classification) -> wire.ClassDocument:
    return wire.ClassDocument(
        name=text(given.name),
        title=text(given.title),
        accuses=given.accuses,
        why=text(given.why),
        evidence=tuple(text(str(behaviour)) for behaviour in given.evidence),
        more_evidence=_count(given.more),
    )


def _ioc(ioc: Ioc) -> wire.IocDocument:
    return wire.IocDocument(
        type=ioc.type.value,
        value=text(ioc.value),
        where=_texts(ioc.where),
        more_where=_count(ioc.more),
        shared=text(ioc.shared),
        reserved=ioc.reserved,
    )


def _phase(outcome: Outcome) -> wire.PhaseDocument:
    steps = tuple(
        wire.StepDocument(
            name=text(step.name),
            status=step.status.value,
            reason=text(step.reason),
            duration_s=_seconds(step.duration_s),
        )
        for step in outcome.steps
    )
    return wire.PhaseDocument(
        profile=text(outcome.profile),
        phase=text(outcome.phase),
        status=outcome.status.value,
        reason=text(outcome.reason),
        duration_s=_seconds(outcome.duration_s),
        steps=steps,
        output=text(outcome.output),
    )


def _behaviour(behaviour: Behaviour, attack: Attack) -> wire.BehaviourDocument:
    file = trace = None
    match behaviour.where:
        case InFile(path, line, when):
            file = wire.FilePlace(path=text(path), line=_count(line), when=when.value)
        case InTrace(phase, seq, profile):
            trace = wire.TracePlace(profile=text(profile), phase=text(phase), seq=_count(seq))
    return wire.BehaviourDocument(
        kind=behaviour.kind.value,
        value=text(behaviour.value),
        where=text(str(behaviour.where)),
        file=file,
        trace=trace,
        process=_integer(behaviour.process),
        time=_moment(behaviour.time),
        attribution=wire.AttributionDocument(by=behaviour.by.value, owner=text(behaviour.owner)),
        detail=text(behaviour.detail),
        attack=attack.of(behaviour),
        text=text(str(behaviour)),
    )


def _process(process: Process) -> wire.ProcessDocument:
    return wire.ProcessDocument(
        id=_integer(process.id) or 0,
        parent=_integer(process.parent),
        profile=text(process.profile),
        phase=text(process.phase),
        argv=_texts(process.argv),
        cwd=text(process.cwd),
        start=_seconds(process.start),
        end=_moment(process.end),
        exit=_integer(process.exit),
        attribution=wire.AttributionDocument(by=process.by.value, owner=text(process.owner)),
    )


def _exchange(exchange: Exchange) -> wire.ExchangeDocument:
    return wire.ExchangeDocument(
        profile=text(exchange.profile),
        phase=text(exchange.phase),
        protocol=text(exchange.protocol),
        host=text(exchange.host),
        port=_count(exchange.port),
        summary=text(exchange.summary),
        request=text(exchange.request),
        response=text(exchange.response),
        sent=_count(exchange.sent),
        received=_count(exchange.received),
        time=_seconds(exchange.time),
        process=_integer(exchange.process),
        by=exchange.by.value,
        gateway=exchange.gateway,
    )


def _change(change: FileChange) -> wire.ChangeDocument:
    return wire.ChangeDocument(
        profile=text(change.profile),
        path=text(change.path),
        change=change.change.value,
        size=_count(change.size),
        sha256=text(change.sha256),
        mode=_count(change.mode),
        excerpt=text(change.excerpt),
        by=change.by.value,
    )


def _watch(watch: Watch) -> wire.WatchDocument:
    return wire.WatchDocument(
        profile=text(watch.profile),
        complete=watch.complete,
        events=_count(watch.events),
        malformed=_count(watch.malformed),
        dropped=_count(watch.dropped),
        truncated=_count(watch.truncated),
        exchanges_dropped=_count(watch.exchanges_dropped),
        changes_dropped=_count(watch.changes_dropped),
        behaviours_dropped=_count(watch.behaviours_dropped),
        files_read=_count(watch.files_read),
        notes=_texts(watch.notes),
    )


def _artifact(dossier: Dossier) -> wire.ArtifactDocument:
    artifact = dossier.artifact
    return wire.ArtifactDocument(
        filename=text(artifact.filename),
        kind=text(artifact.kind),
        size=_count(artifact.size),
        sha256=text(artifact.sha256),
        verified=artifact.verified,
    )


def _tool(dossier: Dossier) -> wire.ToolDocument:
    tool = dossier.tool
    return wire.ToolDocument(
        biopsy=text(tool.biopsy),
        rules=text(tool.rules),
        image=text(tool.image),
        gvisor=text(tool.gvisor),
        platform=text(tool.platform),
    )


def document(analysis: Analysis) -> wire.AnalysisDocument:
    """The whole of an analysis, in the shape of `schema/analysis-1.json`."""
    dossier, verdict = analysis.dossier, analysis.verdict
    return wire.AnalysisDocument(
        schema_version=wire.SCHEMA_VERSION,
        run_id=text(dossier.run_id),
        purl=purl(dossier),
        artifact=_artifact(dossier),
        verdict=verdict.call.value,
        reason=text(verdict.reason),
        because=_texts(verdict.because),
        categories=_texts(verdict.categories),
        static_only=dossier.static_only,
        created=text(dossier.created),
        duration_s=_seconds(dossier.duration_s),
        tool=_tool(dossier),
        findings=tuple(map(_finding, analysis.findings)),
        classes=tuple(map(_class, analysis.classes)),
        iocs=tuple(map(_ioc, analysis.iocs)),
        techniques=tuple(
            wire.TechniqueDocument(id=one.id, name=one.name, tactics=one.tactics)
            for one in analysis.attack.techniques
        ),
        phases=tuple(map(_phase, dossier.outcomes)),
        behaviours=tuple(_behaviour(behaviour, analysis.attack) for behaviour in dossier.behaviours),
        processes=tuple(map(_process, dossier.processes)),
        exchanges=tuple(map(_exchange, dossier.exchanges)),
        changes=tuple(map(_change, dossier.changes)),
        watches=tuple(map(_watch, dossier.watches)),
    )


def purl(dossier: Dossier) -> str:
    """The release's purl; where its name or version is none that a purl can hold, as near as can be."""
    release = dossier.release
    try:
        return text(release.purl)
    except (ValueError, TypeError):  # how the library says that it cannot
        return text(f"pkg:{release.ecosystem}/{release.name}@{release.version}")
