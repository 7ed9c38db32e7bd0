"""From the model to the wire: nothing is judged, cut or left out on the way."""

from biopsy.formats.wire import analysis as wire
from biopsy.formats.wire.comparison import ComparisonDocument, JudgedDocument
from biopsy.formats.wire.evaluated import evaluated
from biopsy.formats.wire.make_since import since
from biopsy.formats.wire.scalar import count, integer, moment, purl, seconds, text, texts
from biopsy.model.attack import Attack
from biopsy.model.behaviour import Behaviour, InFile, InTrace
from biopsy.model.coverage import Coverage, Reach, coverage
from biopsy.model.dossier import Analysis, Classification, Dossier, Finding, Ioc
from biopsy.model.run import Exchange, FileChange, Outcome, Process, Watch


def _finding(finding: Finding) -> wire.FindingDocument:
    return wire.FindingDocument(
        rule=text(finding.rule),
        title=text(finding.title),
        severity=finding.severity.value,
        confidence=finding.confidence.value,
        status=text(finding.status),
        attack=texts(finding.attack),
        category=text(finding.category),
        convicts=finding.convicts,
        why=text(finding.why),
        evidence=tuple(text(str(behaviour)) for behaviour in finding.evidence),
        more_evidence=count(finding.more),
    )


def _class(given: Classification) -> wire.ClassDocument:
    return wire.ClassDocument(
        name=text(given.name),
        title=text(given.title),
        accuses=given.accuses,
        why=text(given.why),
        evidence=tuple(text(str(behaviour)) for behaviour in given.evidence),
        more_evidence=count(given.more),
    )


def _ioc(ioc: Ioc) -> wire.IocDocument:
    return wire.IocDocument(
        type=ioc.type.value,
        value=text(ioc.value),
        where=texts(ioc.where),
        more_where=count(ioc.more),
        shared=text(ioc.shared),
        reserved=ioc.reserved,
    )


def _phase(outcome: Outcome) -> wire.PhaseDocument:
    steps = tuple(
        wire.StepDocument(
            name=text(step.name),
            status=step.status.value,
            reason=text(step.reason),
            duration_s=seconds(step.duration_s),
        )
        for step in outcome.steps
    )
    return wire.PhaseDocument(
        profile=text(outcome.profile),
        phase=text(outcome.phase),
        status=outcome.status.value,
        reason=text(outcome.reason),
        duration_s=seconds(outcome.duration_s),
        steps=steps,
        output=text(outcome.output),
    )


def _behaviour(behaviour: Behaviour, attack: Attack) -> wire.BehaviourDocument:
    file = trace = None
    match behaviour.where:
        case InFile(path, line, when) as where:
            file = wire.FilePlace(path=text(path), line=count(line), when=when.value, vendored=where.vendored)
        case InTrace(phase, seq, profile):
            trace = wire.TracePlace(profile=text(profile), phase=text(phase), seq=count(seq))
    return wire.BehaviourDocument(
        kind=behaviour.kind.value,
        value=text(behaviour.value),
        where=text(str(behaviour.where)),
        file=file,
        trace=trace,
        process=integer(behaviour.process),
        time=moment(behaviour.time),
        attribution=wire.AttributionDocument(by=behaviour.by.value, owner=text(behaviour.owner)),
        detail=text(behaviour.detail),
        attack=attack.of(behaviour),
        text=text(str(behaviour)),
    )


def _process(process: Process) -> wire.ProcessDocument:
    return wire.ProcessDocument(
        id=integer(process.id) or 0,
        parent=integer(process.parent),
        profile=text(process.profile),
        phase=text(process.phase),
        argv=texts(process.argv),
        cwd=text(process.cwd),
        start=seconds(process.start),
        end=moment(process.end),
        exit=integer(process.exit),
        attribution=wire.AttributionDocument(by=process.by.value, owner=text(process.owner)),
    )


def _exchange(exchange: Exchange) -> wire.ExchangeDocument:
    return wire.ExchangeDocument(
        profile=text(exchange.profile),
        phase=text(exchange.phase),
        protocol=text(exchange.protocol),
        host=text(exchange.host),
        port=count(exchange.port),
        summary=text(exchange.summary),
        request=text(exchange.request),
        response=text(exchange.response),
        sent=count(exchange.sent),
        received=count(exchange.received),
        time=seconds(exchange.time),
        process=integer(exchange.process),
        by=exchange.by.value,
        gateway=exchange.gateway,
    )


def _change(change: FileChange) -> wire.ChangeDocument:
    return wire.ChangeDocument(
        profile=text(change.profile),
        path=text(change.path),
        change=change.change.value,
        size=count(change.size),
        sha256=text(change.sha256),
        mode=count(change.mode),
        excerpt=text(change.excerpt),
        by=change.by.value,
    )


def _watch(watch: Watch) -> wire.WatchDocument:
    return wire.WatchDocument(
        profile=text(watch.profile),
        complete=watch.complete,
        events=count(watch.events),
        malformed=count(watch.malformed),
        dropped=count(watch.dropped),
        truncated=count(watch.truncated),
        exchanges_dropped=count(watch.exchanges_dropped),
        changes_dropped=count(watch.changes_dropped),
        behaviours_dropped=count(watch.behaviours_dropped),
        files_read=count(watch.files_read),
        notes=texts(watch.notes),
    )


def _coverage(seen: Coverage) -> wire.CoverageDocument:
    return wire.CoverageDocument(
        profile=text(seen.profile),
        modules=_reach(seen.modules),
        functions=_reach(seen.functions),
        commands=_reach(seen.commands),
        scripts=_reach(seen.scripts),
        lines=_reach(seen.lines),
    )


def _reach(seen: Reach) -> wire.ReachDocument:
    return wire.ReachDocument(of=seen.of, done=seen.done, why={text(code): many for code, many in seen.why})


def _artifact(dossier: Dossier) -> wire.ArtifactDocument:
    artifact = dossier.artifact
    return wire.ArtifactDocument(
        filename=text(artifact.filename),
        kind=text(artifact.kind),
        size=count(artifact.size),
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
        purl=purl(dossier.release),
        artifact=_artifact(dossier),
        verdict=verdict.call.value,
        reason=text(verdict.reason),
        because=texts(verdict.because),
        categories=texts(verdict.categories),
        static_only=dossier.static_only,
        created=text(dossier.created),
        duration_s=seconds(dossier.duration_s),
        tool=_tool(dossier),
        findings=tuple(map(_finding, analysis.findings)),
        classes=tuple(map(_class, analysis.classes)),
        iocs=tuple(map(_ioc, analysis.iocs)),
        comparison=since(analysis.comparison) if analysis.comparison else None,
        techniques=tuple(
            wire.TechniqueDocument(id=one.id, name=one.name, tactics=one.tactics)
            for one in analysis.attack.techniques
        ),
        phases=tuple(map(_phase, dossier.outcomes)),
        coverage=tuple(map(_coverage, coverage(dossier))),
        behaviours=tuple(_behaviour(behaviour, analysis.attack) for behaviour in dossier.behaviours),
        processes=tuple(map(_process, dossier.processes)),
        exchanges=tuple(map(_exchange, dossier.exchanges)),
        changes=tuple(map(_change, dossier.changes)),
        evaluated=tuple(map(evaluated, dossier.evaluated)),
        watches=tuple(map(_watch, dossier.watches)),
    )


def judged(analysis: Analysis) -> JudgedDocument:
    """An analysis as one side of a comparison."""
    dossier, verdict = analysis.dossier, analysis.verdict
    return JudgedDocument(
        purl=purl(dossier.release),
        run_id=text(dossier.run_id),
        artifact=_artifact(dossier),
        verdict=verdict.call.value,
        reason=text(verdict.reason),
        static_only=dossier.static_only,
        created=text(dossier.created),
        tool=_tool(dossier),
    )


def comparison(before: Analysis, after: Analysis, worrying: tuple[Finding, ...]) -> ComparisonDocument:
    """Two releases beside each other, in the shape of `schema/comparison-1.json`."""
    then, now = ({f.rule for f in one.findings} for one in (before, after))
    assert after.comparison is not None, "the later analysis holds the comparison"
    return ComparisonDocument(
        schema_version=wire.SCHEMA_VERSION,
        before=judged(before),
        after=judged(after),
        comparison=since(after.comparison),
        worrying=tuple(text(finding.rule) for finding in worrying),
        findings_new=tuple(_finding(f) for f in after.findings if f.rule not in then),
        findings_gone=tuple(_finding(f) for f in before.findings if f.rule not in now),
    )
