"""OSV's API: what its clients ask by changing a URL (documentation of OSV's API, version 1)."""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from biopsy.reports import query
from biopsy.web import body
from biopsy.web.store import Asked, Given

INVALID, NOT_FOUND = 3, 5  # codes of gRPC, as the API has them
MAX_ID = 100  # characters


def refuse(message: str, code: int = INVALID, status: int = 400) -> Response[dict[str, Any]]:
    """An error in the API's own form."""
    return Response({"code": code, "message": message}, status_code=status)


class Osv(Controller):
    """`/v1`: reports by package, by package in batches, and by id."""

    path = "/v1"
    tags = ("OSV",)

    @post("/query", status_code=200, summary="Reports on a package, perhaps at a version")
    async def query(self, request: Asked, stores: Given) -> Response[dict[str, Any]]:
        """Whole reports. Withdrawn ones are not among them; no report is an empty object."""
        try:
            asked = query.parse(await body.read(request))
        except (query.QueryError, body.BadBody) as error:
            return refuse(str(error), status=getattr(error, "status", 400))
        found, token = await stores.run(lambda store: query.answer(store, asked))
        return Response(_page(found, token, asked.warning))

    @post("/querybatch", status_code=200, summary="The same for up to 1,000 packages: ids and dates")
    async def batch(self, request: Asked, stores: Given) -> Response[dict[str, Any]]:
        """Answers stand in the order of the queries; one query that makes no sense fails all."""
        try:
            queries = _queries(await body.read(request))
        except (query.QueryError, body.BadBody) as error:
            return refuse(str(error), status=getattr(error, "status", 400))

        def answers(store: query.Store) -> list[dict[str, Any]]:
            pages = (query.answer(store, one, query.MAX_BATCHED) for one in queries)
            return [_page([query.brief(r) for r in found], token, "") for found, token in pages]

        return Response({"results": await stores.run(answers)})

    @get("/vulns/{word:str}", summary="One report by its id")
    async def one(self, word: FromPath[str], stores: Given) -> Response[dict[str, Any]]:
        """A withdrawn report is given, too: its `withdrawn` says since when."""
        if len(word) > MAX_ID:
            return refuse("ID is too long")
        found = await stores.run(lambda store: store.report(word))
        if found is not None:
            return Response(found)
        known = await stores.run(lambda store: store.known_as(word))
        hint = f", but the following aliases were: {' '.join(known)}" if known else ""
        return refuse(f"Vulnerability not found{hint}", NOT_FOUND, 404)


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
