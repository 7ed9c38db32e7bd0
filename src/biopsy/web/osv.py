"""OSV's API: what its clients ask by changing a URL (documentation of OSV's API, version 1)."""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from biopsy.reports import query
from biopsy.reports.reader import Reader
from biopsy.web import body, wire
from biopsy.web.answers import NOT_FOUND, encoded, told
from biopsy.web.errors import refuse
from biopsy.web.store import Asked, Given

MAX_ID = 100  # characters


class Osv(Controller):
    """`/v1`: reports by package, by package in batches, and by id."""

    path = "/v1"
    tags = ("OSV",)

    @post(
        "/query", status_code=200, summary="Reports on a package, perhaps at a version",
        opt=told(wire.Reports, body=wire.Question),
    )  # fmt: skip
    async def query(self, request: Asked, stores: Given) -> Response[Any]:
        """Whole reports. Withdrawn ones are not among them; no report is an empty object."""
        asked = query.parse(await body.read(request))

        def answered(reader: Reader) -> tuple[list[Any], str]:
            found, token = query.answer(reader, asked)
            return [stores.shown(report) for report in found], token

        found, token = stores.at_once(answered)
        return encoded(_page(found, token, asked.warning))

    @post(
        "/querybatch", status_code=200, summary="The same for up to 1,000 packages: ids and dates",
        opt=told(wire.Batch, body=wire.Questions),
    )  # fmt: skip
    async def batch(self, request: Asked, stores: Given) -> Response[Any]:
        """Answers stand in the order of the queries; one query that makes no sense fails all."""
        queries = _queries(await body.read(request))

        def answers(reader: Reader) -> list[dict[str, Any]]:
            held = reader.brief(one.package for one in queries if one.package)
            pages = (query.answer(held, one, query.MAX_BATCHED) for one in queries)
            return [_page([query.brief(r) for r in found], token, "") for found, token in pages]

        return encoded({"results": await stores.run(answers)})

    @get("/vulns/{word:str}", summary="One report by its id", opt=told(wire.Report, NOT_FOUND))
    async def one(self, word: FromPath[str], stores: Given) -> Response[Any]:
        """A withdrawn report is given, too: its `withdrawn` says since when."""
        if len(word) > MAX_ID:
            return refuse("ID is too long")
        found = stores.at_once(lambda reader: reader.report(word))
        if found is not None:
            return encoded(stores.shown(found))
        known = stores.at_once(lambda reader: reader.known_as(word))
        hint = f", but the following aliases were: {' '.join(known)}" if known else ""
        return refuse(f"Vulnerability not found{hint}", 404)


def _queries(sent: Any) -> list[query.Query]:
    asked = sent.get("queries") if isinstance(sent, dict) else None
    if not isinstance(asked, list):
        raise query.QueryError("no queries provided")
    if len(asked) > query.MAX_QUERIES:
        raise query.QueryError("too many queries")
    return [_indexed(at, one) for at, one in enumerate(asked)]


def _indexed(at: int, one: Any) -> query.Query:
    try:
        return query.parse(one)
    except query.QueryError as error:
        raise query.QueryError(f"error in query at index {at}: {error}") from error


def _page(found: list[Any], token: str, warning: str) -> dict[str, Any]:
    page: dict[str, Any] = {"vulns": found} if found else {}
    if token:
        page["next_page_token"] = token
    if warning:
        page["warning"] = warning
    return page
