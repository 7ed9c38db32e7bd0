"""What OSV's API has no words for: by hash, by indicator, by likeness, verdicts, lists, the log."""

from typing import Annotated, Any

from litestar import Controller, Response, get
from litestar.params import FromPath, QueryParameter

from biopsy import __version__
from biopsy.reports import marks, naming, query
from biopsy.reports.claim import Package
from biopsy.reports.reader import Reader
from biopsy.web import wire
from biopsy.web.answers import NOT_FOUND, after, encoded, told
from biopsy.web.errors import refuse
from biopsy.web.store import Given

MAX_PAGE = 1000  # rows of one page
MAX_MARKED = 1000  # reports that one hash or indicator leads to
MAX_SIMILAR = 256  # characters of a name that is compared

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="rows of a page")]
Cursor = Annotated[
    str, QueryParameter(pattern="^[0-9]{0,18}$", description="`next_page_token` of the page before")
]
_SPELLED = "|".join(sorted({*naming.KNOWN, *naming.LOOSE} - {"git"})).replace(".", r"\.")
_HOW = "as OSV spells it, or in small letters"
_FORM = f"^({_SPELLED})(:.{{1,150}})?$"
OneEcosystem = Annotated[str, QueryParameter(pattern=_FORM, description=_HOW)]
Ecosystem = Annotated[str | None, QueryParameter(pattern=_FORM, description=_HOW)]
Name = Annotated[str, QueryParameter(max_length=query.MAX_TEXT, description="the name of a package")]
Version = Annotated[str, QueryParameter(max_length=query.MAX_TEXT, description="one version of it")]
Purl = Annotated[str, QueryParameter(max_length=query.MAX_TEXT, description="a package URL instead")]
Withdrawn = Annotated[bool, QueryParameter(description="give withdrawn reports, too")]
Value = Annotated[
    str, QueryParameter(min_length=1, max_length=4096, description="as it is, or made harmless: `x[.]io`")
]


class Own(Controller):
    """`/api/v1`: for reading; nothing here needs a token."""

    path = "/api/v1"
    tags = ("biopsy",)

    @get("/reports", summary="All reports, those that changed first first", opt=told(wire.Listing))
    async def reports(
        self, stores: Given, *, ecosystem: Ecosystem = None, page_token: Cursor = "", limit: Limit = 100,
        include_withdrawn: Withdrawn = False,
    ) -> Response[Any]:  # fmt: skip
        """The last token stays good: asked again later, it gives what changed since."""
        start, known = after(page_token), _known(ecosystem) if ecosystem else ""
        rows = await stores.run(
            lambda reader: reader.listed(
                ecosystem=known, withdrawn=include_withdrawn, after=start, limit=limit
            )
        )
        listed = [
            wire.Listed(r.change, r.id, *_named(r.package), r.state, r.published, r.modified, r.withdrawn)
            for r in rows
        ]
        return encoded(wire.Listing(listed, str(rows[-1].change) if rows else page_token))

    @get("/reports/{word:str}", summary="One report by its id", opt=told(wire.Report, NOT_FOUND))
    async def report(self, word: FromPath[str], stores: Given) -> Response[Any]:
        """By its own id, or by an alias that no other report has."""

        def ask(reader: Reader) -> tuple[Any, list[str]]:
            if (held := reader.report(word)) is not None:
                return held, []
            known = reader.known_as(word)
            return (reader.report(known[0]), []) if len(known) == 1 else (None, known)

        found, known = await stores.run(ask)
        if found is None:
            return refuse(f"several have it: {' '.join(known[:20])}" if known else "no such report", 404)
        return encoded(stores.shown(found))

    @get("/packages", summary="Reports on a package", opt=told(wire.Reports))
    async def package(
        self, stores: Given, *, ecosystem: Ecosystem = None, name: Name = "", version: Version = "",
        purl: Purl = "", include_withdrawn: Withdrawn = False,
    ) -> Response[Any]:  # fmt: skip
        """Like `/v1/query`; `include_withdrawn` gives what was withdrawn, which says when and why."""
        about = {"ecosystem": _known(ecosystem) if ecosystem else "", "name": name, "purl": purl}
        asked = query.parse({"package": about, "version": version})

        def ask(reader: Reader) -> list[Any]:
            found, _ = query.answer(_All(reader) if include_withdrawn else reader, asked)
            return [stores.shown(report) for report in found]

        return encoded(wire.Reports(await stores.run(ask), warning=asked.warning))

    @get("/hashes", summary="Reports that name the hash of a file", opt=told(wire.Marked))
    async def hashes(self, stores: Given, value: Value) -> Response[Any]:
        """MD5, SHA-1, SHA-256, SHA-512: in hexadecimal, as `sha256:…`, or as `sha512-…` of npm."""
        return await _marked(stores, value, {"file", "artifact", "digest", "hash"})

    @get("/iocs", summary="Reports that name an indicator", opt=told(wire.Marked))
    async def iocs(self, stores: Given, value: Value) -> Response[Any]:
        """A domain, an address, a URL, a wallet …; a host finds the URLs on it, too."""
        return await _marked(stores, value, set())

    @get("/similar", summary="Reported names that are like a name", opt=told(wire.Similar))
    async def similar(
        self, stores: Given, ecosystem: OneEcosystem,
        name: Annotated[str, QueryParameter(min_length=1, max_length=MAX_SIMILAR)],
    ) -> Response[Any]:  # fmt: skip
        """By letters that look the same, and by at most two letters' difference."""
        known = _known(ecosystem)
        found = await stores.run(lambda reader: stores.names.like(reader, known, name))
        listed = [wire.Alike(*_named(one.package), one.report, one.distance) for one in found]
        return encoded(wire.Similar(listed))

    @get("/log", summary="Who changed what, when and why", opt=told(wire.Changes))
    async def log(
        self, stores: Given, *,
        report: Annotated[str, QueryParameter(max_length=100, description="only of the one of this id")] = "",
        page_token: Cursor = "", limit: Limit = 100,
    ) -> Response[Any]:  # fmt: skip
        """Of reports that are out; the oldest first. The last token stays good."""
        start = after(page_token)
        rows = await stores.run(lambda reader: reader.changes(report=report, after=start, limit=limit))
        listed = [
            wire.Changed(r.seq, r.at, r.actor, r.action, *_named(r.package), r.report, r.reason, r.evidence)
            for r in rows
        ]
        return encoded(wire.Changes(listed, str(rows[-1].seq) if rows else page_token))

    @get("/stats", summary="How many reports there are", opt=told(wire.Counts))
    async def stats(self, stores: Given) -> Response[Any]:
        """By ecosystem and state."""
        last, rows = await stores.run(lambda reader: (reader.last(), reader.counts()))
        return encoded(wire.Counts(last, [wire.Count(*row) for row in rows]))

    @get("/health", summary="Whether the server answers", opt=told(wire.Health))
    async def health(self, stores: Given) -> Response[Any]:
        """It reads the database, so that what is broken shows."""
        last = await stores.run(lambda reader: reader.last())
        return encoded(wire.Health("ok", __version__, last))


class _All:
    """A reader that gives withdrawn reports, too."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def on(self, package: Package) -> Any:
        """The reports on a package."""
        return self._reader.on(package, withdrawn=True)


async def _marked(stores: Given, value: str, kinds: set[str]) -> Response[Any]:
    mark = marks.mark(value)
    found = await stores.marked(lambda reader: reader.marked(mark, MAX_MARKED))
    listed = [
        wire.Mark(kind, stores.shown(report))
        for kind, report in found
        if not kinds or kinds & {*kind.split(",")}
    ]
    return encoded(wire.Marked(mark, listed))


def _known(ecosystem: str) -> str:
    known = naming.known(ecosystem)
    if known is None:
        raise query.QueryError("invalid ecosystem")
    return known


def _named(package: Package) -> tuple[str, str]:
    return package.ecosystem, package.name
