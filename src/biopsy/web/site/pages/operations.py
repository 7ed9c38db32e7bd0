"""Operations: feeds and their lag, what waits, who works, what failed and why; what operators do about it."""

from typing import Any

from litestar import Response, get
from msgspec import Struct

from biopsy.errors import BiopsyError
from biopsy.reports.database import Database
from biopsy.web.site.accounts.office import SESSION, GivenOffice
from biopsy.web.site.index.answers import Counts, Freshness
from biopsy.web.site.operating.deciding import decide
from biopsy.web.site.operating.metrics import written as metrics_of
from biopsy.web.site.operating.window import QueueSeen
from biopsy.web.site.paging import Away, Refused, Shown, page
from biopsy.web.site.place import GivenSite
from biopsy.web.store import Asked, Given

MAX_IDS = 500
MAX_WAITING = 200
ON_JOBS = {"retry": "retry", "park": "park", "cancel": "cancel"}
ON_FEEDS = ("pause", "resume")


class Waiting(Struct, frozen=True):
    """A claim that waits until it is due, or for a person."""

    ecosystem: str
    name: str
    state: str
    due: str
    reason: str
    source: str
    report: str


class OpenDispute(Struct, frozen=True):
    """An objection that nobody answered yet."""

    number: int
    ecosystem: str
    name: str
    opened: str
    due: str
    actor: str
    reason: str
    proof: str
    versions: tuple[str, ...]


class Source(Struct, frozen=True):
    """A source of reports: when it was read, what went wrong, how many of its claims wait."""

    source: str
    tried: str
    heard: str
    error: str
    fails: int
    waiting: int


class OperationsPage(Struct, frozen=True):
    """How it all fares. `no_queue` says why there is no queue; `queue` is then empty."""

    counts: Counts
    index: Freshness
    queue: QueueSeen
    no_queue: str
    sources: tuple[Source, ...]
    waiting: tuple[Waiting, ...]  # for operators: others see none
    disputes: tuple[OpenDispute, ...]  # the same
    may: tuple[str, ...]


@page("/operations", "operations.j2", OperationsPage, live=True)
async def operations(request: Asked, site: GivenSite, stores: Given, office: GivenOffice) -> Any:
    """Feeds, lanes, workers, failures, sources of reports, the index."""
    session = request.scope.get(SESSION)
    may: tuple[str, ...] = getattr(session, "scopes", ())
    window = request.app.state.window
    why, seen = window.absent(), QueueSeen()
    if not why:
        try:
            seen = await window.look()
        except BiopsyError as error:
            why = (
                f"The queue cannot be looked at now: {error}."
                if may
                else "The queue cannot be looked at now."
            )
    if not may:
        seen = _public(seen)
    sources, waiting, disputes = (
        await stores.write(_reading) if may else (await stores.write(_sources), (), ())
    )
    counts, fresh = await site.ask(lambda index: (index.counts(), index.fresh()))
    return OperationsPage(counts, fresh, seen, why, sources, waiting, disputes, may)


def _public(seen: QueueSeen) -> QueueSeen:
    """Without what names machines of ours or repeats words of errors."""
    from msgspec.structs import replace  # noqa: PLC0415

    return replace(
        seen,
        workers=tuple(replace(one, host="", name=one.name.partition(".")[0]) for one in seen.workers),
        feeds=tuple(replace(one, detail="") for one in seen.feeds),
        parked=tuple(replace(one, detail="") for one in seen.parked),
    )


def _sources(database: Database) -> tuple[Source, ...]:
    return tuple(
        Source(s["source"], s["tried"], s["heard"], s["error"], s["fails"], s["waiting"])
        for s in database.sources()
    )


def _reading(database: Database) -> tuple[tuple[Source, ...], tuple[Waiting, ...], tuple[OpenDispute, ...]]:
    waiting = tuple(
        Waiting(
            w["ecosystem"],
            w["name"],
            w["state"],
            w["due"] or "",
            w["reason"] or "",
            w["source"],
            w["report"] or "",
        )
        for w in database.waiting(MAX_WAITING)
    )
    disputes = tuple(
        OpenDispute(
            d.number,
            d.package.ecosystem,
            d.package.name,
            d.opened,
            d.due,
            d.actor,
            d.reason,
            d.proof,
            d.versions,
        )
        for d in database.disputes(state="open")[:MAX_WAITING]
    )
    return _sources(database), waiting, disputes


class Did(Struct, frozen=True):
    """What an action came to."""

    action: str
    about: str
    result: str
    back: str


@page(
    "/act/queue",
    "did.j2",
    Did,
    401,
    403,
    method="POST",
    media="application/x-www-form-urlencoded",
    body=bytes,
)
async def on_queue(request: Asked, office: GivenOffice) -> Any:
    """Retry, park or cancel jobs; pause or resume a feed, a lane or an ecosystem. For operators."""
    _session, sent = await office.act(request, "operate")
    action, what = sent.get("do", ""), sent.get("what", "")[:200]
    window = request.app.state.window
    ids = [int(word) for word in sent.get("ids", "").replace(",", " ").split()[:MAX_IDS] if word.isdecimal()]
    reason = sent.get("reason", "")[:200]

    async def body(q: Any) -> str:
        if action in ON_JOBS:
            chosen = ids or [one.id for one in await q.parked(reason=reason, limit=MAX_IDS)]
            return f"{await getattr(q, ON_JOBS[action])(chosen)} jobs: {action}"
        if "/" in what:
            await q.pause_feed(what, paused=action == "pause")
        else:
            await (q.pause(what) if action == "pause" else q.resume(what))
        return f"{what}: {action}d"

    about = what or (f"jobs {', '.join(map(str, ids[:20]))}" if ids else f"parked for {reason or 'anything'}")
    if action not in ON_JOBS and (action not in ON_FEEDS or not what):
        raise Refused(detail="do: retry, park or cancel jobs; pause or resume a feed, lane or ecosystem")
    try:
        result = await window.do(body)
    except BiopsyError as error:
        office.note(request, action, about, result="failed", detail=str(error))
        raise
    window.forget()
    office.note(request, action, about, detail=result)
    return Away("/operations") if not _wants_words(request) else Did(action, about, result, "/operations")


@page(
    "/act/report",
    "did.j2",
    Did,
    401,
    403,
    method="POST",
    media="application/x-www-form-urlencoded",
    body=bytes,
)
async def on_report(request: Asked, stores: Given, office: GivenOffice) -> Any:
    """Withdraw, reinstate, dispute, approve or reject a report, or answer a dispute. For operators."""
    return await decide(request, stores, office, Did)


def _wants_words(request: Asked) -> bool:
    from biopsy.web.site.paging import wants_json  # noqa: PLC0415

    return wants_json(request)


@get("/metrics", include_in_schema=False)
async def metrics(request: Asked, site: GivenSite) -> Response[Any]:
    """Numbers for Prometheus."""
    window = request.app.state.window
    raw = None
    if not window.absent():
        try:
            raw = await window.raw()
        except BiopsyError:
            raw = None
    text, kind = await site.ask(lambda index: metrics_of(index, raw))
    return Response(text, media_type=kind)


HANDLERS = [operations, on_queue, on_report, metrics]
__all__ = ["HANDLERS", "Shown"]
