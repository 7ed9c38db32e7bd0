"""An analysis: what was seen of one artifact, what rules make of it, and everything raw."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from biopsy import formats
from biopsy.formats.page.limits import MAX_PAGE, Limits
from biopsy.formats.page.view import page as worked_out
from biopsy.formats.wire import document
from biopsy.formats.wire.analysis import AnalysisDocument
from biopsy.model.behaviour import InTrace
from biopsy.model.dossier import Dossier
from biopsy.warehouse.wire import store
from biopsy.web.site import judging
from biopsy.web.site.index.answers import Seen
from biopsy.web.site.index.reading import Index
from biopsy.web.site.judging import Judged, Machine
from biopsy.web.site.paging import Missing, Shown, page, written
from biopsy.web.site.peeled import Pair, peeled
from biopsy.web.site.place import GivenSite, Site
from biopsy.web.store import Asked

OTHERS = 8  # analyses of the same package that are offered to compare with
MAX_EVENTS = 200_000  # lines of a downloaded trace


class Replayed(Struct, frozen=True):
    """The kept dossier judged by the rules of today, beside the judgement on record.

    `then` is that verdict, made at `at`; both are empty where none is on record.
    `new` and `gone` are rules that match only now, or no longer.
    """

    rules: str
    seconds: float
    call: str
    then: str = ""
    at: str = ""
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


class AnalysisPage(Struct, frozen=True):
    """One analysis. `analysis` is what `schema/analysis-1.json` describes, by the rules of today."""

    run_id: str
    ecosystem: str
    name: str
    version: str
    replayed: Replayed
    report: str
    machines: tuple[Machine, ...]
    peeled: tuple[Pair, ...]
    peeled_in_all: int
    others: tuple[Seen, ...]
    forms: tuple[str, ...]
    analysis: AnalysisDocument


@page("/analysis/{run_id:str}", "analysis.j2", AnalysisPage)
async def analysis(request: Asked, site: GivenSite, *, run_id: FromPath[str]) -> Shown:
    """One analysis: findings with evidence, what was run, contacted, changed and evaluated."""
    seen, others, report = await site.ask(lambda index: _known(index, run_id))
    return await site.heavy(lambda: _shown(request, site, run_id, seen, others, report))


def _known(index: Index, run_id: str) -> tuple[Seen | None, tuple[Seen, ...], str]:
    seen = index.analysis(run_id)
    if seen is None:
        return None, (), ""
    every = index.analyses(ecosystem=seen.ecosystem, name=seen.name, limit=OTHERS + 1).rows
    reports = [one.id for one in index.reports_on(seen.ecosystem, seen.name) if not one.withdrawn]
    return seen, tuple(one for one in every if one.run_id != run_id)[:OTHERS], "".join(reports[:1])


def _shown(
    request: Asked, site: Site, run_id: str, seen: Seen | None, others: tuple[Seen, ...], report: str
) -> Shown:
    held = judging.judged(site, run_id)
    dossier = held.analysis.dossier
    pairs, in_all = peeled(dossier)
    release = dossier.release
    view = AnalysisPage(
        run_id, release.ecosystem, release.name, release.version, _replayed(held, seen), report,
        tuple(judging.machines(dossier)), pairs, in_all, others, formats.names(), document(held.analysis),
    )  # fmt: skip
    limits = Limits()
    while True:  # a page that a browser opens at once, as the report of a file is
        shown = Shown(view, {"page": worked_out(held.analysis, 1, limits)})
        body = written(request, "analysis.j2", shown)
        if len(body) <= MAX_PAGE or limits == limits.halved():
            return Shown(view, body=body)
        limits = limits.halved()


def _replayed(held: Judged, seen: Seen | None) -> Replayed:
    now = {one.rule for one in held.analysis.findings}
    call = held.analysis.verdict.call.value
    if seen is None or not seen.call:
        return Replayed(held.rules, held.seconds, call)
    then = set(seen.rules)
    return Replayed(
        held.rules, held.seconds, call, seen.call, seen.judged,
        tuple(sorted(now - then)), tuple(sorted(then - now)),
    )  # fmt: skip


@get(
    "/analysis/{run_id:str}/as/{form:str}", tags=["site"], operation_id="analysis_as",
    summary="An analysis in another form: text, SARIF, indicators …", include_in_schema=False,
)  # fmt: skip
async def analysis_as(site: GivenSite, run_id: FromPath[str], form: FromPath[str]) -> Response[Any]:
    """What `biopsy analyze --format` writes."""
    if form not in formats.names():
        raise Missing(detail=f"no such form; there are {', '.join(formats.names())}")
    maker = formats.by_name(form)
    text = await site.heavy(lambda: maker.render(judging.judged(site, run_id).analysis))
    return _download(text.encode("utf-8", "backslashreplace"), f"{run_id}{maker.ENDING}")


@get("/analysis/{run_id:str}/dossier.json", include_in_schema=False)
async def raw(site: GivenSite, run_id: FromPath[str]) -> Response[Any]:
    """The dossier as it is kept: all that was seen, nothing judged."""
    held = await site.heavy(lambda: judging.dossier(site.warehouse, run_id))
    return _download(_line(msgspec.to_builtins(store(held))), f"{run_id}.dossier.json")


@get("/analysis/{run_id:str}/trace.jsonl", include_in_schema=False)
async def trace(site: GivenSite, run_id: FromPath[str]) -> Response[Any]:
    """Everything that was recorded while it ran, an event a line, in the order of time."""
    held = await site.heavy(lambda: judging.dossier(site.warehouse, run_id))
    lines = await site.heavy(lambda: b"".join(_line(one) for one in _events(held)))
    return _download(lines, f"{run_id}.trace.jsonl")


def _events(held: Dossier) -> Iterator[dict[str, Any]]:
    every: list[tuple[str, float, dict[str, Any]]] = []
    for name, listed, when in (
        ("process", held.processes, "start"), ("exchange", held.exchanges, "time"),
        ("change", held.changes, ""), ("evaluated", held.evaluated, ""),
    ):  # fmt: skip
        for one in listed:
            time = float(getattr(one, when, 0.0) or 0.0) if when else float("inf")
            every.append((one.profile, time, {"event": name, **msgspec.to_builtins(one)}))
    for one in held.behaviours:
        if isinstance(one.where, InTrace):
            made = {
                "event": "behaviour", "time": one.time, "text": str(one), "process": one.process,
                "by": one.by.value, "owner": one.owner, "detail": one.detail,
            }  # fmt: skip
            every.append((one.where.profile, one.time or 0.0, made))
    every.sort(key=lambda one: (one[0], one[1]))
    for _, _, made in every[:MAX_EVENTS]:
        yield made


def _line(made: Any) -> bytes:
    try:
        return msgspec.json.encode(made) + b"\n"
    except (ValueError, OverflowError):  # half a surrogate pair: bytes that are no UTF-8
        return json.dumps(made, ensure_ascii=True).encode() + b"\n"


def _download(data: bytes, name: str) -> Response[Any]:
    kind = "application/json" if name.endswith((".json", ".sarif", ".jsonl")) else "text/plain; charset=utf-8"
    kind = "application/octet-stream" if name.endswith(".html") else kind  # to keep, never to run here
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "private, max-age=60",
    }
    return Response(data, media_type=kind, headers=headers)


HANDLERS = [analysis, analysis_as, raw, trace]
