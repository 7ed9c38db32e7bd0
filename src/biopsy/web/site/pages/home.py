"""Home: ask, what is new, and what sorts of malice there are now."""

from collections.abc import Sequence

from msgspec import Struct

from biopsy.web.site.asking import Day, Span, Text, sane
from biopsy.web.site.index.answers import Chart, Counts, Freshness, Line, Reported, Seen, Wait
from biopsy.web.site.index.reading import Index
from biopsy.web.site.paging import page
from biopsy.web.site.place import GivenSite
from biopsy.web.store import Asked

NEW = 8  # rows of each list
TOP = 6  # lines of a chart; the rest is added up


class HomePage(Struct, frozen=True):
    """The newest, and how much of what there was on each of the last days."""

    counts: Counts
    fresh: Freshness
    accused: tuple[Seen, ...]
    analyses: tuple[Seen, ...]
    reports: tuple[Reported, ...]
    days: int
    ecosystem: str
    until: str
    charts: dict[str, Chart]
    times: tuple[Wait, ...]


@page("/", "home.j2", HomePage)
async def home(
    request: Asked, site: GivenSite, *, days: Span = 30, ecosystem: Text = "", until: Day = ""
) -> HomePage:
    """What is new, and trends: verdicts, ecosystems, categories, techniques, triggers, sources, times."""

    def ask(index: Index) -> HomePage:
        charts = {
            dim: index.days(dim, days, until=until, ecosystem=ecosystem, top=TOP)
            for dim in ("verdict", "ecosystem", "report", "source")
        }
        for dim in ("category", "technique", "trigger"):
            charts[dim] = accused(index, dim, days, until, ecosystem)
        return HomePage(
            index.counts(), index.fresh(), index.newest("malicious", NEW), index.newest(limit=NEW),
            index.reports(limit=NEW).rows, days, ecosystem, until, charts,
            index.times(days, until=until, ecosystem=ecosystem),
        )  # fmt: skip

    try:
        return await site.ask(ask)
    except ValueError as error:
        raise sane(error) from error


def accused(index: Index, dim: str, days: int, until: str, ecosystem: str) -> Chart:
    """A dimension of malicious and suspicious analyses alone: what benign ones do is no trend of malice."""
    parts = [
        index.days(dim, days, until=until, ecosystem=ecosystem, call=call, top=1000)
        for call in ("malicious", "suspicious")
    ]
    found: dict[str, tuple[int, ...]] = {}
    for chart in parts:
        for line in chart.lines:
            found[line.value] = _added(found.get(line.value), line.by_day)
    lines = sorted((Line(v, by, sum(by)) for v, by in found.items()), key=lambda one: (-one.total, one.value))
    rest = lines[TOP:]
    if rest:
        by: tuple[int, ...] | None = None
        for line in rest:
            by = _added(by, line.by_day)
        lines = [*lines[:TOP], Line("others", by or (), sum(by or ()))]
    return Chart(dim, parts[0].days, tuple(lines))


def _added(one: Sequence[int] | None, other: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(sum, zip(one, other, strict=True))) if one else tuple(other)


HANDLERS = [home]
