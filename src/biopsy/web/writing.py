"""Changing the database over HTTP: reports are sent in, and decided on. Every request needs a token."""

from collections.abc import Callable
from typing import Any

from anyio import to_thread
from litestar import Controller, Response, post
from litestar.di import NamedDependency

from biopsy.reports import ledger
from biopsy.reports.claim import Package
from biopsy.reports.database import Act, Database, now
from biopsy.reports.policy import Policy
from biopsy.reports.tokens import Token, TokenError, Tokens
from biopsy.web import body, wire
from biopsy.web.answers import encoded, told
from biopsy.web.check import typed
from biopsy.web.errors import refuse
from biopsy.web.shield import WRITES
from biopsy.web.store import Asked, Given

MAX_REPORT = 1024**2  # bytes of a report that is sent in
MAX_TOKEN = 200  # characters

Kept = NamedDependency[Tokens | None]
Decide = Callable[[Database, list[tuple[int, Package]], Act, wire.Decision], object]


class Writing(Controller):
    """`/api/v1/write`: with `Authorization: Bearer …`; `biopsy tokens create` makes such a token."""

    path = WRITES.rstrip("/")
    tags = ("writing",)

    @post(
        "/submit", status_code=202, summary="Send a report",
        opt=told(wire.Submitted, 401, 403, body=wire.Report, scope="submit"),
    )  # fmt: skip
    async def submit(self, request: Asked, stores: Given, tokens: Kept) -> Response[Any]:
        """A report by the OSV schema: it is a claim of the token's source, and counts once approved.

        A token that may `publish` has what it sends count at once. The same sent again changes nothing.
        """
        try:
            token = await _admitted(request, tokens, "submit")
            trust = "publish" if "publish" in token.scopes else "approve"
        except TokenError as error:
            if error.status != 403:
                raise
            token, trust = await _admitted(request, tokens, "publish"), "publish"
        data = await body.raw(request)
        if len(data) > MAX_REPORT:
            return refuse(f"more than {MAX_REPORT:,} bytes", 413)
        policy, at = Policy(trust, ids=False), now()
        (made,) = await stores.write(
            lambda database: database.take(token.source, [(f"token:{token.id}", data)], at, policy)
        )
        if made.code:
            return refuse(f"{made.code}: {made.reason}")
        return encoded(wire.Submitted(token.source, made.new, made.waiting, made.echoes), 202)

    @post(
        "/approve", status_code=200, summary="Approve what waits, or reject it",
        opt=told(wire.Decided, 401, 403, body=wire.Decision, scope="approve"),
    )  # fmt: skip
    async def approve(self, request: Asked, stores: Given, tokens: Kept) -> Response[Any]:
        """It counts from now on, and gets its id; with `reject` it never counts, and is kept."""
        return await _decided(request, stores, tokens, "approve", _approve)

    @post(
        "/withdraw", status_code=200, summary="Withdraw a report, or versions of it",
        opt=told(wire.Decided, 401, 403, body=wire.Decision, scope="withdraw"),
    )  # fmt: skip
    async def withdraw(self, request: Asked, stores: Given, tokens: Kept) -> Response[Any]:
        """The reason begins with false-positive, test, duplicate, name-reuse, upstream-withdrawn or other."""
        return await _decided(
            request,
            stores,
            tokens,
            "withdraw",
            lambda db, found, act, d: ledger.withdraw(db, found, act, d.versions),
        )

    @post(
        "/reinstate", status_code=200, summary="Take back a withdrawal",
        opt=told(wire.Decided, 401, 403, body=wire.Decision, scope="withdraw"),
    )  # fmt: skip
    async def reinstate(self, request: Asked, stores: Given, tokens: Kept) -> Response[Any]:
        """The report stands again, with all its versions."""
        return await _decided(
            request, stores, tokens, "withdraw", lambda db, found, act, _: ledger.reinstate(db, found, act)
        )

    @post(
        "/dispute", status_code=200, summary="Object to a report",
        opt=told(wire.Decided, 401, 403, body=wire.Decision, scope="dispute"),
    )  # fmt: skip
    async def dispute(self, request: Asked, stores: Given, tokens: Kept) -> Response[Any]:
        """The report stands, and shows the dispute until a person answered it."""
        return await _decided(request, stores, tokens, "dispute", _dispute)


def _approve(database: Database, found: list[tuple[int, Package]], act: Act, said: wire.Decision) -> None:
    if said.reject:
        ledger.reject(database, found, act)
    else:
        ledger.publish(database, found, act)


def _dispute(database: Database, found: list[tuple[int, Package]], act: Act, said: wire.Decision) -> None:
    for which in found:
        ledger.dispute(database, which, act, said.versions, said.proof)


async def _admitted(request: Asked, tokens: Tokens | None, scope: str) -> Token:
    """The token of a request; raises TokenError."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if tokens is None:
        raise TokenError("this server takes nothing in: it was started without tokens", 403)
    if kind.lower() != "bearer" or not 0 < len(given.strip()) <= MAX_TOKEN:
        raise TokenError("this needs a token: Authorization: Bearer …", 401)
    return await to_thread.run_sync(tokens.admit, given.strip(), scope)


async def _decided(
    request: Asked, stores: Given, tokens: Tokens | None, scope: str, decide: Decide
) -> Response[Any]:
    token = await _admitted(request, tokens, scope)
    said: wire.Decision = typed(await body.read(request), wire.Decision)
    act = ledger.act(f"token:{token.name}", said.reason, said.evidence)

    def change(database: Database) -> list[str]:
        found = ledger.find(database, [said.report])
        if not said.dry_run:
            decide(database, found, act, said)
        return [f"{package.ecosystem}/{package.name}" for _, package in found]

    made = await stores.write(change)
    return encoded(wire.Decided(made, "" if said.dry_run else act.batch, said.dry_run))
