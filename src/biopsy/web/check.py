"""Verdicts: on a package, on many, and on a whole lock file or SBOM in one request."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import QueryParameter

from biopsy import guard
from biopsy.model.check import PURL, Checked, Verdict
from biopsy.model.check import Entry as Used
from biopsy.reports import naming
from biopsy.reports.query import QueryError
from biopsy.reports.reader import Reader
from biopsy.reports.verdict import judged
from biopsy.web import body, wire
from biopsy.web.answers import encoded, told
from biopsy.web.own import Ecosystem, Name, Purl, Version
from biopsy.web.store import Asked, Given

_ACTIONS = {
    Verdict.MALICIOUS: "block", Verdict.POSSIBLE: "review",
    Verdict.UNCHECKED: "review", Verdict.UNREPORTED: "allow",
}  # fmt: skip


class Found(msgspec.Struct):
    """A package of a lock file with its verdict; `line` counts from 1, and is 0 where it is not known."""

    ecosystem: str
    name: str
    version: str
    line: int
    verdict: str
    action: str
    reason: str
    reports: list[wire.Cited]


class Checkup(msgspec.Struct):
    """A lock file: its form, how many packages have which verdict, and those that a report may cover."""

    form: str
    counts: dict[str, int]
    entries: list[Found]


class Check(Controller):
    """`/api/v1`: verdicts. Nothing that is sent is kept."""

    path = "/api/v1"
    tags = ("verdicts",)

    @get("/verdict", summary="What is known of a package", opt=told(wire.Judged))
    async def verdict(
        self, stores: Given, *, ecosystem: Ecosystem = None, name: Name = "", version: Version = "",
        purl: Purl = "",
        hash: Annotated[  # noqa: A002 - it is what clients write
            list[str] | None, QueryParameter(max_items=wire.MAX_HASHES, description="of its files")
        ] = None,
    ) -> Response[Any]:  # fmt: skip
        """A verdict, the reason for it, and the reports that it rests on."""
        entry = _entry(wire.Entry(purl, ecosystem or "", name, version, hash or []))
        return encoded(await stores.run(lambda reader: _judged(judged(entry, reader))))

    @post(
        "/verdicts", status_code=200, summary="What is known of many packages",
        opt=told(wire.Verdicts, body=wire.Entries),
    )  # fmt: skip
    async def verdicts(self, request: Asked, stores: Given) -> Response[Any]:
        """In the order in which they were asked for."""
        sent = typed(await body.read(request), wire.Entries)
        entries = [_entry(one) for one in sent.entries]

        def ask(reader: Reader) -> list[wire.Judged]:
            return [_judged(judged(entry, reader)) for entry in entries]

        return encoded(wire.Verdicts(await stores.run(ask)))

    @post(
        "/check", status_code=200, summary="A whole lock file or SBOM",
        opt=told(Checkup, body=bytes, media="application/octet-stream"),
    )  # fmt: skip
    async def check(
        self, request: Asked, stores: Given, *,
        filename: Annotated[
            str, QueryParameter(max_length=255, description="what it is called: `uv.lock`")
        ] = "",
        every: Annotated[bool, QueryParameter(description="every package, not only what was found")] = False,
    ) -> Response[Any]:  # fmt: skip
        """The body is the file as it is. Files that it names are not followed."""
        data = await body.raw(request)
        return encoded(await stores.run(lambda reader: _checkup(reader, filename, data, every=every)))


def typed(sent: Any, shape: type[Any]) -> Any:
    """JSON as a type; raises QueryError that says where it is none."""
    try:
        return msgspec.convert(sent, shape)
    except msgspec.ValidationError as error:
        raise QueryError(str(error)) from error


def _entry(one: wire.Entry) -> Used:
    if one.purl:
        if one.ecosystem or one.name:
            raise QueryError("either a purl, or an ecosystem and a name")
        return Used(PURL, one.purl, one.version, hashes=tuple(one.hashes))
    known = naming.known(one.ecosystem)
    if known is None or not one.name:
        raise QueryError("a purl, or an ecosystem of OSV and a name")
    return Used(known, one.name, one.version, hashes=tuple(one.hashes))


def _judged(one: Checked) -> wire.Judged:
    entry = one.entry
    whole = entry.ecosystem == PURL
    purl, ecosystem, name = (entry.name, "", "") if whole else ("", entry.ecosystem, entry.name)
    return wire.Judged(purl, ecosystem, name, entry.version, *said(one))


def said(one: Checked) -> tuple[str, str, str, list[wire.Cited]]:
    """A verdict, what to do, why, and the reports that it rests on."""
    cited = [wire.Cited(r.id, r.summary, r.sources, r.link) for r in one.reports]
    return one.verdict.value, _ACTIONS[one.verdict], one.reason, cited


def _checkup(reader: Reader, filename: str, data: bytes, *, every: bool) -> Checkup:
    name = filename.rpartition("/")[2] or "-"
    chosen = guard.choose(name, data)
    if chosen is None:
        raise QueryError(guard.unread(name, data))
    checked = [judged(entry, reader) for entry in guard.read(chosen, guard.Given(name, data))]
    counts = {verdict.value: 0 for verdict in Verdict}
    listed = []
    for one in checked:
        counts[one.verdict.value] += 1
        if every or one.verdict in {Verdict.MALICIOUS, Verdict.POSSIBLE}:
            at = one.entry
            listed.append(Found(at.ecosystem, at.name, at.version, at.line, *said(one)))
    return Checkup(chosen.FORM, counts, listed)
