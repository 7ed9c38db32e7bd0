"""An analysis: what was seen of one artifact, what rules make of it, and everything raw."""

from litestar.params import FromPath
from msgspec import Struct

from biopsy import formats
from biopsy.formats.page.limits import MAX_PAGE, Limits
from biopsy.formats.page.view import page as worked_out
from biopsy.formats.wire import document
from biopsy.formats.wire.analysis import AnalysisDocument
from biopsy.web.site import judging
from biopsy.web.site.index.answers import Seen
from biopsy.web.site.index.reading import Index
from biopsy.web.site.judging import Judged, Machine
from biopsy.web.site.paging import Shown, page, written
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
    known = await site.ask(lambda index: _known(index, run_id))
    return await site.heavy(lambda: _shown(request, site, run_id, known))


class Known(Struct, frozen=True):
    """What the index has of it: its row, other analyses of the package, and a report on that."""

    seen: Seen | None = None
    others: tuple[Seen, ...] = ()
    report: str = ""


def _known(index: Index, run_id: str) -> Known:
    seen = index.analysis(run_id)
    if seen is None:
        return Known()
    every = index.analyses(ecosystem=seen.ecosystem, name=seen.name, limit=OTHERS + 1).rows
    reports = [one.id for one in index.reports_on(seen.ecosystem, seen.name) if not one.withdrawn]
    return Known(seen, tuple(one for one in every if one.run_id != run_id)[:OTHERS], "".join(reports[:1]))


def _shown(request: Asked, site: Site, run_id: str, known: Known) -> Shown:
    held = judging.judged(site, run_id)
    dossier = held.analysis.dossier
    pairs, in_all = peeled(dossier)
    release = dossier.release
    view = AnalysisPage(
        run_id, release.ecosystem, release.name, release.version, _replayed(held, known.seen),
        known.report,
        tuple(judging.machines(dossier)), pairs, in_all, known.others, formats.names(),
        document(held.analysis),
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


HANDLERS = [analysis]
