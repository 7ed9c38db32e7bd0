"""SQL: any question to the warehouse, read only, with limits; saved examples, table, chart, files."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from anyio import to_thread
from litestar import Response, get
from litestar.params import QueryParameter
from msgspec import Struct

from biopsy.errors import UsageError
from biopsy.warehouse.catalog import views
from biopsy.warehouse.tables import TABLES, columns
from biopsy.web.site.asking import Text
from biopsy.web.site.paging import Refused, Shown, page, wants_json
from biopsy.web.site.place import GivenSite
from biopsy.web.site.questions import (
    LIMITS,
    MAX_QUESTION,
    MAX_VALUE,
    Bar,
    Busy,
    Curves,
    Questions,
    Table,
    bars,
    lines,
)
from biopsy.web.store import Asked

Question = Annotated[str, QueryParameter(max_length=MAX_QUESTION, description="one SELECT")]
Values = Annotated[
    list[str] | None, QueryParameter(max_items=20, description="what stands for `$name`: `name=value`")
]
_OPTION = re.compile(r" \(--[a-z]+[^)]{0,20}\)")


class Example(Struct, frozen=True):
    """A saved question."""

    name: str
    title: str
    why: str
    sql: str
    values: dict[str, str]


class Relation(Struct, frozen=True):
    """A table or view that can be asked, and its columns, where it is a table."""

    name: str
    says: str
    columns: tuple[str, ...]


class SqlPage(Struct, frozen=True):
    """A question and what came of it; without one, what can be asked."""

    q: str
    name: str
    title: str
    values: dict[str, str]
    table: Table | None
    bars: tuple[Bar, ...]
    lines: Curves | None
    problem: str
    examples: tuple[Example, ...]
    relations: tuple[Relation, ...]
    seconds: float
    memory: str


@page("/sql", "sql.j2", SqlPage)
async def sql(request: Asked, site: GivenSite) -> SqlPage:
    """Saved questions, and the tables and views that can be asked."""
    return _page(_questions(request, site), "", "", {}, None, "")


@page("/sql/answer", "sql.j2", SqlPage)
async def answer(
    request: Asked, site: GivenSite, *, q: Question = "", name: Text = "", v: Values = None
) -> Any:
    """What comes of a question: at most 1,000 rows."""
    questions = _questions(request, site)
    asked, values = _given(questions, q, name, v)
    try:
        table = await to_thread.run_sync(questions.table, _reader(request), asked, values)
    except (UsageError, Busy) as error:
        status = 429 if isinstance(error, Busy) else 400
        if wants_json(request) or request.url.path.endswith(".json"):
            raise Refused(detail=_said(error), status_code=status) from error
        return Shown(_page(questions, asked, name, values, None, _said(error)), status=status)
    return _page(questions, asked, name, values, table, "")


@get("/sql/answer.csv", include_in_schema=False)
async def as_csv(
    request: Asked, site: GivenSite, *, q: Question = "", name: Text = "", v: Values = None
) -> Response[Any]:
    """All rows as CSV, in which nothing is a formula."""
    questions = _questions(request, site)
    return await _file(request, questions.csv, _given(questions, q, name, v), name, "csv", "text/csv")


@get("/sql/answer.parquet", include_in_schema=False)
async def as_parquet(
    request: Asked, site: GivenSite, *, q: Question = "", name: Text = "", v: Values = None
) -> Response[Any]:
    """All rows as Parquet."""
    questions = _questions(request, site)
    kind = "application/vnd.apache.parquet"
    return await _file(request, questions.parquet, _given(questions, q, name, v), name, "parquet", kind)


async def _file(  # noqa: PLR0917
    request: Asked,
    ask: Callable[..., bytes],
    given: tuple[str, dict[str, str]],
    name: str,
    ending: str,
    kind: str,
) -> Response[Any]:
    try:
        data = await to_thread.run_sync(ask, _reader(request), *given)
    except Busy as error:
        raise Refused(detail=str(error), status_code=429) from error
    stem = "".join(c for c in name if c.isascii() and (c.isalnum() or c == "-"))[:60] or "answer"
    headers = {"content-disposition": f'attachment; filename="{stem}.{ending}"', "cache-control": "no-store"}
    return Response(data, media_type=kind, headers=headers)


def _questions(request: Asked, site: GivenSite) -> Questions:
    state = request.app.state
    if "questions" not in state:
        state["questions"] = Questions(site.home)
    found: Questions = state["questions"]
    return found


def _reader(request: Asked) -> str:
    return request.client.host if request.client else ""


def _given(questions: Questions, q: str, name: str, given: list[str] | None) -> tuple[str, dict[str, str]]:
    values = dict(pair.partition("=")[::2] for pair in given or () if "=" in pair and len(pair) <= MAX_VALUE)
    found = next((one for one in questions.known() if one.name == name), None) if name and not q else None
    if name and not q and found is None:
        raise Refused(detail=f"no question is saved as {name[:60]!r}")
    if found:
        return found.sql, {**found.values, **values}
    if not q.strip():
        raise Refused(detail="a question is one SELECT: /sql has examples")
    known = next((one for one in questions.known() if one.name == name), None)
    return q, {**(known.values if known else {}), **values}


def _said(error: Exception) -> str:
    """What went wrong, without the options that the command line has for it."""
    return _OPTION.sub("", str(error))


def _page(  # noqa: PLR0917
    questions: Questions, q: str, name: str, values: dict[str, str], table: Table | None, problem: str
) -> SqlPage:
    known = questions.known()
    title = next((one.title for one in known if one.name == name), "")
    return SqlPage(
        q, name, title, values, table, bars(table) if table else (), lines(table) if table else None, problem,
        tuple(Example(one.name, one.title, one.why, one.sql, one.values) for one in known),
        (
            *(Relation(one, _says(one), tuple(columns(one))) for one in TABLES),
            *(Relation(one.name, one.says, ()) for one in views()),
        ),
        LIMITS.seconds, LIMITS.memory,
    )  # fmt: skip


def _says(table: str) -> str:
    return (TABLES[table].__doc__ or "").partition("\n")[0]


HANDLERS = [sql, answer, as_csv, as_parquet]
