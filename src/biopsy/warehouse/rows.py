"""Rows of a dossier and of a judgement: the one place that says how each becomes columns."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from biopsy.model.behaviour import Kind, escape
from biopsy.model.regex import regex
from biopsy.warehouse import tables
from biopsy.warehouse.judgement import Judgement
from biopsy.warehouse.places import host, place
from biopsy.warehouse.tables import MAX_TEXT, Row
from biopsy.warehouse.wire import Stored, StoredBehaviour

REST = ("processes", "exchanges", "evaluated")
"""Fields of a dossier that no rule reads: they are kept apart, so that replaying does not unpack them."""

NO_DAY = "1970-01-01"
"""The day of a dossier that does not say when it was made."""

_KINDS = frozenset(Kind)
_TIME = regex(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|\+00:00)")
_ECOSYSTEM = regex(r"[a-z0-9][a-z0-9.+-]{0,63}")
_ENCODER = msgspec.json.Encoder()


def of_dossier(stored: Stored) -> dict[str, list[Row]]:
    """Every row of a dossier, by table; ValueError where a behaviour or the release is none we know."""
    if not _ECOSYSTEM.fullmatch(stored.release.ecosystem):
        raise ValueError(f"no ecosystem has such a name: {stored.release.ecosystem!r}")
    head = _head(stored)
    return {
        "behaviours": [_behaviour(head, seq, one) for seq, one in enumerate(stored.behaviours)],
        "phases": list(_phases(head, stored)),
        "exchanges": list(_exchanges(head, stored)),
        "files": list(_files(head, stored)),
        "dossiers": [_dossier(head, stored)],
    }


def whole(body: str | bytes, rest: str | bytes) -> Stored:
    """Put a dossier together again from the two columns that hold it."""
    stored = msgspec.json.decode(body, type=Stored)
    return replace(stored, **_restored(rest)) if rest else stored


def _restored(rest: str | bytes) -> dict[str, Any]:
    types = {field.name: field.type for field in msgspec.structs.fields(Stored)}
    parts = msgspec.json.decode(rest, type=dict[str, msgspec.Raw])
    return {name: msgspec.json.decode(raw, type=types[name]) for name, raw in parts.items() if name in REST}


def of_judgement(one: Judgement) -> dict[str, list[Row]]:
    """Every row of a judgement, by table; ValueError where its release is none we know."""
    if not _ECOSYSTEM.fullmatch(one.ecosystem):
        raise ValueError(f"no ecosystem has such a name: {one.ecosystem!r}")
    head: dict[str, Any] = {
        "ecosystem": one.ecosystem,
        "day": day(one.created),
        "run_id": one.run_id,
        "name": escape(one.name),
        "version": escape(one.version),
        "created": moment(one.created),
        "judged": moment(one.at),
        "rules": one.rules,
        "call": one.call.value,
    }
    return {"findings": list(_findings(head, one)), "verdicts": [_verdict(head, one)]}


@lru_cache(maxsize=1 << 12)
def moment(text: str) -> str | None:
    """A time as it may stand in a column of times, else None."""
    if not _TIME.fullmatch(text):
        return None
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None  # the thirtieth of February
    return text


def day(text: str) -> str:
    """The day of a time; `NO_DAY` where it is none."""
    return text[:10] if moment(text) else NO_DAY


def _head(stored: Stored) -> dict[str, Any]:
    return {
        "ecosystem": stored.release.ecosystem,
        "day": day(stored.created),
        "run_id": stored.run_id,
        "name": escape(stored.release.name),
        "version": escape(stored.release.version),
        "created": moment(stored.created),
    }


def _behaviour(head: dict[str, Any], seq: int, one: StoredBehaviour) -> Row:
    kind, space, rest = one.text.partition(" ")
    value, at, text = rest.rpartition(" @ ")
    if not (space and at) or kind not in _KINDS:
        raise ValueError(f"not a behaviour that this version knows: {one.text[:80]!r}")
    where = place(text)
    return tables.BehaviourRow(
        **head,
        seq=seq,
        kind=kind,
        family=kind.partition(".")[0],
        value=value,
        host=host(kind, value),
        place=text,
        source=where.source,
        path=where.path,
        line=where.line,
        moment=where.moment,
        vendored=where.vendored,
        profile=where.profile,
        phase=where.phase,
        position=where.position,
        process=one.process,
        time=one.time,
        actor=one.by.value,
        owner=escape(one.owner) if one.owner else "",
        detail=_cut(one.detail) if one.detail else "",
    )


def _phases(head: dict[str, Any], stored: Stored) -> Iterator[Row]:
    for one in stored.outcomes:
        yield tables.PhaseRow(
            **head,
            profile=one.profile,
            phase=one.phase,
            status=one.status.value,
            code=escape(one.reason.partition(": ")[0]),
            reason=_cut(one.reason),
            duration_s=one.duration_s,
            steps=len(one.steps),
            completed=sum(step.status == "completed" for step in one.steps),
        )


def _exchanges(head: dict[str, Any], stored: Stored) -> Iterator[Row]:
    for one in stored.exchanges:
        yield tables.ExchangeRow(
            **head,
            profile=one.profile,
            phase=one.phase,
            protocol=one.protocol,
            host=escape(one.host.lower()),
            port=one.port,
            summary=_cut(one.summary),
            request=_cut(one.request),
            response=_cut(one.response),
            sent=one.sent,
            received=one.received,
            time=one.time,
            process=one.process,
            actor=one.by.value,
            gateway=one.gateway,
        )


def _files(head: dict[str, Any], stored: Stored) -> Iterator[Row]:
    for one in stored.changes:
        yield tables.FileRow(
            **head,
            profile=one.profile,
            path=escape(one.path),
            change=one.change.value,
            size=one.size,
            sha256=one.sha256,
            mode=one.mode,
            actor=one.by.value,
        )


def _dossier(head: dict[str, Any], stored: Stored) -> Row:
    tool, artifact = stored.tool, stored.artifact
    empty: dict[str, Any] = dict.fromkeys(REST, ())
    return tables.DossierRow(
        **head,
        filename=escape(artifact.filename),
        artifact=artifact.kind,
        size=artifact.size,
        sha256=artifact.sha256,
        verified=artifact.verified,
        duration_s=stored.duration_s,
        static_only=stored.static_only,
        biopsy=tool.biopsy,
        rules=tool.rules,
        image=tool.image,
        gvisor=tool.gvisor,
        platform=tool.platform,
        readers=tool.readers,
        against=stored.against,
        behaviours=len(stored.behaviours),
        phases=len(stored.outcomes),
        complete=all(watch.complete for watch in stored.watches),
        body=_ENCODER.encode(replace(stored, **empty)).decode(),
        rest=_ENCODER.encode({name: getattr(stored, name) for name in REST}).decode(),
    )


def _findings(head: dict[str, Any], one: Judgement) -> Iterator[Row]:
    for found in one.findings:
        yield tables.FindingRow(
            **head,
            rule=found.rule,
            title=found.title,
            category=found.category,
            severity=found.severity.value,
            confidence=found.confidence.value,
            status=found.status,
            convicts=found.convicts,
            attack=found.attack,
            triggers=found.triggers,
            evidence=found.evidence,
            more=found.more,
        )


def _verdict(head: dict[str, Any], one: Judgement) -> Row:
    counted = [found for found in one.findings if found.rule in one.because]
    return tables.VerdictRow(
        **head,
        sha256=one.sha256,
        reason=_cut(one.reason),
        because=one.because,
        categories=one.categories,
        classes=one.classes,
        techniques=_distinct(name for found in counted for name in found.attack),
        triggers=_distinct(name for found in counted for name in found.triggers),
        findings=len(one.findings),
        published=moment(one.published),
        seconds=_seconds(one.published, one.at),
    )


def _distinct(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _seconds(start: str, end: str) -> float | None:
    if moment(start) is None or moment(end) is None:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _cut(text: str) -> str:
    return escape(text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…")
