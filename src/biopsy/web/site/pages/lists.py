"""Lists of analyses and of reports: what stands behind every bar and line of a chart."""

from typing import Annotated

from litestar.params import QueryParameter
from msgspec import Struct

from biopsy.web.site.asking import Cursor, Day, Limit, Text, sane
from biopsy.web.site.index.answers import ReportedPage, SeenPage
from biopsy.web.site.index.reading import Index
from biopsy.web.site.looks import query
from biopsy.web.site.paging import page
from biopsy.web.site.place import GivenSite
from biopsy.web.store import Asked

ROWS = 50


class AnalysesPage(Struct, frozen=True):
    """Analyses to which all that was asked for applies, the newest first; `next` goes on with them."""

    asked: dict[str, str]
    analyses: SeenPage
    next: str


class ReportsPage(Struct, frozen=True):
    """Reports to which all that was asked for applies, those published last first; `next` goes on."""

    asked: dict[str, str]
    reports: ReportedPage
    next: str


@page("/analyses", "analyses.j2", AnalysesPage)
async def analyses(
    request: Asked, site: GivenSite, *, verdict: Text = "", ecosystem: Text = "", name: Text = "",
    version: Text = "", category: Text = "", technique: Text = "", trigger: Text = "", rule: Text = "",
    sort: Annotated[str, QueryParameter(max_length=200, name="class", description="of `classes`")] = "",
    host: Text = "", sha256: Text = "", since: Day = "", until: Day = "", cursor: Cursor = "",
    limit: Limit = ROWS,
) -> AnalysesPage:  # fmt: skip
    """Analyses, the newest first, by verdict, ecosystem, rule, technique, host, day."""
    asked = {
        "verdict": verdict, "ecosystem": ecosystem, "name": name, "version": version, "category": category,
        "technique": technique, "trigger": trigger, "rule": rule, "class": sort, "host": host,
        "sha256": sha256, "since": since, "until": until,
    }  # fmt: skip

    def ask(index: Index) -> SeenPage:
        return index.analyses(
            call=verdict, ecosystem=ecosystem, name=name, version=version, category=category,
            technique=technique, trigger=trigger, rule=rule, class_=sort, host=host, sha256=sha256,
            since=since, until=until, cursor=cursor, limit=limit,
        )  # fmt: skip

    try:
        found = await site.ask(ask)
    except ValueError as error:
        raise sane(error) from error
    return AnalysesPage(_given(asked), found, _next("/analyses", asked, found.cursor))


@page("/reports", "reports.j2", ReportsPage)
async def reports(
    request: Asked, site: GivenSite, *, ecosystem: Text = "", source: Text = "",
    stands: Annotated[str, QueryParameter(pattern="^(|published|withdrawn)$", name="state")] = "",
    since: Day = "", until: Day = "", cursor: Cursor = "", limit: Limit = ROWS,
) -> ReportsPage:  # fmt: skip
    """Reports, those published last first, by ecosystem, source, state, day."""
    asked = {"ecosystem": ecosystem, "source": source, "state": stands, "since": since, "until": until}

    def ask(index: Index) -> ReportedPage:
        return index.reports(**asked, cursor=cursor, limit=limit)

    try:
        found = await site.ask(ask)
    except ValueError as error:
        raise sane(error) from error
    return ReportsPage(_given(asked), found, _next("/reports", asked, found.cursor))


def _given(asked: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if value}


def _next(path: str, asked: dict[str, str], cursor: str) -> str:
    return f"{path}?{query(**asked, cursor=cursor)}" if cursor else ""


HANDLERS = [analyses, reports]
