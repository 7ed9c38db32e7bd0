"""Everything that the page of two releases shows, worked out; the template only lays it out."""

from msgspec import Struct

from biopsy.formats.page.limits import Limits, Listed, listed
from biopsy.formats.views import since
from biopsy.formats.views.measure import many
from biopsy.formats.wire.scalar import purl
from biopsy.model.comparison import Comparison
from biopsy.model.dossier import Analysis, Call, Finding

TITLES = {"new": "New", "changed": "Changed", "gone": "Gone"}
NOTHING = "Nothing, as far as could be compared."


class Side(Struct, frozen=True):
    """One release as it was judged."""

    purl: str
    name: str
    version: str
    call: Call
    reason: str
    filename: str
    size: int
    sha256: str
    run_id: str
    created: str
    static_only: bool


class Beside(Struct, frozen=True):
    """The page; `key` begins the names of its places, and there is no list of behaviours to link into."""

    before: Side
    after: Side
    title: str
    reason: str
    call: str
    classes: tuple[tuple[str, str, int], ...]
    tiles: tuple[tuple[str, str, str, bool], ...]
    turns: tuple[tuple[str, str, Listed[since.Line]], ...]
    fresh: tuple[Finding, ...]
    dropped: tuple[Finding, ...]
    worrying: frozenset[str]
    untold: tuple[str, ...]
    maker: str
    limits: Limits
    key: str = "c-"
    anchors: None = None
    nothing: str = NOTHING


def page(before: Analysis, after: Analysis, worrying: tuple[Finding, ...], limits: Limits) -> Beside:
    """Work out the page of two releases; the later analysis holds the comparison."""
    comparison = after.comparison
    assert comparison is not None, "the later analysis holds the comparison"
    every = since.lines(comparison)
    turns = tuple(
        (turn, title, listed((line for line in every if line.turn == turn), limits.differences))
        for turn, title in TITLES.items()
    )
    (_, fresh), (_, dropped) = since.findings(before, after)
    return Beside(
        _side(before),
        _side(after),
        "Worrying" if worrying else "Nothing new" if comparison.empty else "Changed",
        since.headline(comparison, worrying),
        _colour(comparison, worrying, every).value,
        tuple(since.classes(comparison)),
        tuple(_tiles(turns, worrying)),
        turns,
        fresh[: limits.findings],
        dropped[: limits.findings],
        frozenset(finding.rule for finding in worrying),
        comparison.untold[: limits.differences],
        after.dossier.tool.biopsy,
        limits,
    )


def _colour(comparison: Comparison, worrying: tuple[Finding, ...], every: tuple[since.Line, ...]) -> Call:
    """The colour of the page is that of a verdict: red, amber, violet where not all was compared, green."""
    if worrying:
        return Call.MALICIOUS
    if any(line.tone == "bad" for line in every):
        return Call.SUSPICIOUS
    return Call.UNKNOWN if comparison.untold else Call.BENIGN


def _tiles(
    turns: tuple[tuple[str, str, Listed[since.Line]], ...], worrying: tuple[Finding, ...]
) -> list[tuple[str, str, str, bool]]:
    tiles = [
        (f"{lines.total:,}", turn, turn, any(line.tone == "bad" for line in lines.items))
        for turn, _, lines in turns
    ]
    number, _, words = many(len(worrying), "worrying finding").partition(" ")
    return [*tiles, (number, words, "findings", bool(worrying))]


def _side(analysis: Analysis) -> Side:
    dossier, release = analysis.dossier, analysis.dossier.release
    return Side(
        purl(release),
        release.name,
        release.version or "unknown version",
        analysis.verdict.call,
        analysis.verdict.reason,
        dossier.artifact.filename,
        dossier.artifact.size,
        dossier.artifact.sha256,
        dossier.run_id,
        dossier.created,
        dossier.static_only,
    )
