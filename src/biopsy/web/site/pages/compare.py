"""Compare: two analyses, or one analysis under two profiles; what is new, changed and gone."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from biopsy import detect
from biopsy.formats.page import beside
from biopsy.formats.page.limits import Limits
from biopsy.formats.wire import ComparisonDocument
from biopsy.formats.wire import comparison as written_out
from biopsy.model.comparison import Comparison
from biopsy.model.dossier import Analysis, Dossier
from biopsy.web.answers import encoded
from biopsy.web.site import judging
from biopsy.web.site.asking import Run, Text, Whole
from biopsy.web.site.differing import Differing, differing
from biopsy.web.site.glance import fitted
from biopsy.web.site.index.answers import Seen
from biopsy.web.site.index.reading import Index
from biopsy.web.site.paging import Missing, Refused, Shown, page, plainly, written
from biopsy.web.site.place import GivenSite, Site
from biopsy.web.site.viewer import viewer
from biopsy.web.store import Asked

OFFERED = 100  # analyses of a package to choose from


class ComparePage(Struct, frozen=True):
    """Two analyses beside each other, as `schema/comparison-1.json` describes it; null while none are chosen.

    `choices` are what may be chosen from: analyses of the package asked for, or the profiles of one; `files`
    differ in what was left in them.
    """

    before: str
    after: str
    run: str
    choices: tuple[Seen, ...]
    profiles: tuple[str, ...]
    files: tuple[Differing, ...]
    comparison: ComparisonDocument | None


@page("/compare", "compare_site.j2", ComparePage)
async def compare(
    request: Asked,
    site: GivenSite,
    *,
    before: Run = "",
    after: Run = "",
    ecosystem: Text = "",
    name: Text = "",
    whole: Whole = False,
) -> Shown:
    """Two analyses, by their ids: what the later one does that the earlier did not."""

    def ask(index: Index) -> tuple[Seen, ...]:
        if not (ecosystem and name):
            seen = index.analysis(after or before) if after or before else None
            return index.versions(seen.ecosystem, seen.name, OFFERED) if seen else ()
        return index.versions(ecosystem, name, OFFERED)

    choices = await site.ask(ask)
    if not (before and after):
        return Shown(ComparePage(before, after, "", choices, (), (), None), {"page": None})
    parts = ("compare", before, after, choices)
    return await _made(request, site, parts, whole, lambda: _two(site, before, after, choices))


@page("/compare/profiles", "compare_site.j2", ComparePage)
async def compare_profiles(
    request: Asked, site: GivenSite, *, run: Run, one: Text = "", other: Text = "", whole: Whole = False
) -> Shown:
    """One analysis under two profiles: what it does on one machine and not on the other."""
    parts = ("profiles", run, one, other)
    return await _made(request, site, parts, whole, lambda: _machines(site, run, one, other))


class Two(Struct, frozen=True):
    """Two analyses, judged, the later with how they compare; and the page of them without what is long."""

    then: Analysis
    now: Analysis
    view: ComparePage


async def _made(
    request: Asked,
    site: Site,
    parts: tuple[object, ...],
    whole: bool,  # noqa: FBT001 - the same word as in addresses
    work: Callable[[], Two],
) -> Shown:
    """What `work` gives as JSON, or as a page: that is kept by what it depends on, which is `parts`."""
    if plainly(request):
        return await site.heavy(lambda: _plain(work()))
    name = "" if viewer(request).name else await site.ask(lambda _: site.shelved(*parts, whole))
    body = await site.ask(lambda _: site.shelf.get(name)) if name else None
    if body is None:
        body = await site.heavy(lambda: _page(request, work(), whole=whole))
        if name:
            await site.ask(lambda _: site.shelf.keep(name, body))
    return Shown(ComparePage("", "", "", (), (), (), None), body=body)


def _two(site: Site, before: str, after: str, choices: tuple[Seen, ...]) -> Two:
    first, second = (judging.dossier(site, run) for run in (before, after))
    then = judging.judge(site, first, None).analysis
    now = judging.judge(site, second, first).analysis
    if first.artifact.sha256 == second.artifact.sha256:  # the runs are compared: they may well differ
        now = replace(now, comparison=_runs(first, second))
    return Two(then, now, ComparePage(before, after, "", choices, (), (), None))


def _machines(site: Site, run: str, one: str, other: str) -> Two:
    held = judging.dossier(site, run)
    known = judging.profiles(held)
    if len(known) < 2:
        raise Missing(detail="that analysis has one profile at most: there is nothing to compare")
    one, other = one or known[0], other or known[1]
    if one not in known or other not in known:
        raise Refused(detail=f"profiles of that analysis: {', '.join(known)}")
    first, second = judging.under(held, one), judging.under(held, other)
    then = judging.judge(site, first, None).analysis
    # phases are compared under the profile that both have: the earlier side is called like the later
    found = _runs(judging.called(first, other), second)
    gone = tuple(replace(d, evidence=tuple(judging.moved(b, one) for b in d.evidence)) for d in found.gone)
    now = replace(judging.judge(site, second, None).analysis, comparison=replace(found, gone=gone))
    return Two(then, now, ComparePage(one, other, run, (), known, (), None))


def _runs(first: Dossier, second: Dossier) -> Comparison:
    """Two runs of the same bytes beside each other, which `detect.compare` takes for the same thing."""
    other = replace(first, artifact=replace(first.artifact, sha256=""))
    found = detect.compare(other, second)
    return replace(found, before=replace(found.before, sha256=first.artifact.sha256))


def _sides(made: beside.Beside, view: ComparePage) -> beside.Beside:
    """Of two profiles, these are what the sides are called by: package and version are the same."""
    if not view.profiles:
        return made
    sides = {
        name: replace(side, version=profile, purl=f"{side.purl} on {profile}")
        for name, side, profile in (("before", made.before, view.before), ("after", made.after, view.after))
    }
    return replace(made, **sides)


def _plain(two: Two) -> Shown:
    then, now = two.then, two.now
    told = written_out(then, now, judging.worrying(then, now))
    view = replace(two.view, files=differing(then.dossier, now.dossier), comparison=told)
    return Shown(view, body=encoded(view).content)


def _page(request: Asked, two: Two, *, whole: bool) -> bytes:
    then, now = two.then, two.now
    worrying = judging.worrying(then, now)
    view = replace(two.view, files=differing(then.dossier, now.dossier))

    def write(limits: Limits) -> bytes:
        beside_ = {"page": _sides(beside.page(then, now, worrying, limits), view)}
        return written(request, "compare_site.j2", Shown(view, beside_, whole=whole))

    return fitted(whole, write)


HANDLERS = [compare, compare_profiles]
