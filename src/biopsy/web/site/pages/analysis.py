"""An analysis: what was seen of one artifact, what rules make of it, and everything raw."""

from litestar.params import FromPath
from msgspec import Struct
from msgspec.structs import astuple

from biopsy import formats
from biopsy.formats.page.limits import Limits
from biopsy.formats.page.view import page as worked_out
from biopsy.formats.wire import document
from biopsy.formats.wire.analysis import AnalysisDocument
from biopsy.web.answers import encoded
from biopsy.web.site import judging
from biopsy.web.site.asking import Whole
from biopsy.web.site.glance import PAIRS, fitted
from biopsy.web.site.index.answers import Seen
from biopsy.web.site.index.reading import Index
from biopsy.web.site.judging import Judged, Machine
from biopsy.web.site.paging import Shown, page, plainly, written
from biopsy.web.site.peeled import MAX_PAIRS, Pair, peeled
from biopsy.web.site.place import GivenSite, Site
from biopsy.web.site.viewer import viewer
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


class Framed(Struct, frozen=True):
    """One analysis but for what `schema/analysis-1.json` describes: all that its page needs beside it."""

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


class AnalysisPage(Framed, frozen=True):
    """One analysis. `analysis` is what `schema/analysis-1.json` describes, by the rules of today."""

    analysis: AnalysisDocument


@page("/analysis/{run_id:str}", "analysis.j2", AnalysisPage)
async def analysis(request: Asked, site: GivenSite, *, run_id: FromPath[str], whole: Whole = False) -> Shown:
    """One analysis: findings with evidence, what was run, contacted, changed and evaluated.

    As a page it has the first of everything, and with `whole` as much as a browser opens; as JSON, all of it.
    """
    plain = plainly(request)

    def ask(index: Index) -> tuple[Known, str, bytes | None]:
        known = _known(index, run_id)
        name = "" if plain or viewer(request).name else site.shelved("analysis", run_id, known, whole)
        return known, name, site.shelf.get(name) if name else None

    known, name, body = await site.ask(ask)
    if plain:
        return await site.heavy(lambda: _whole(site, run_id, known))
    if body is None:
        body = await site.heavy(lambda: _page(request, site, run_id, known, whole=whole))
        if name:
            await site.ask(lambda _: site.shelf.keep(name, body))
    return Shown(known, body=body)


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


def _framed(held: Judged, known: Known) -> Framed:
    dossier = held.analysis.dossier
    pairs, in_all = peeled(dossier)
    release = dossier.release
    return Framed(
        dossier.run_id, release.ecosystem, release.name, release.version, _replayed(held, known.seen),
        known.report, tuple(judging.machines(dossier)), pairs, in_all, known.others, formats.names(),
    )  # fmt: skip


def _whole(site: Site, run_id: str, known: Known) -> Shown:
    """All of it, as JSON."""
    held = judging.judged(site, run_id)
    view = AnalysisPage(*astuple(_framed(held, known)), document(held.analysis))  # type: ignore[call-arg]
    return Shown(view, body=encoded(view).content)


def _page(request: Asked, site: Site, run_id: str, known: Known, *, whole: bool) -> bytes:
    held = judging.judged(site, run_id)
    view = _framed(held, known)

    def write(limits: Limits) -> bytes:
        beside = {"page": worked_out(held.analysis, 1, limits), "pairs": MAX_PAIRS if whole else PAIRS}
        return written(request, "analysis.j2", Shown(view, beside, whole=whole))

    return fitted(whole, write)


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
