"""From a comparison with an earlier release to the wire."""

from biopsy.formats.wire import since as wire
from biopsy.formats.wire.scalar import count, purl, text, texts
from biopsy.model.comparison import Comparison, Difference, Side


def since(comparison: Comparison) -> wire.SinceDocument:
    """The whole of it."""
    return wire.SinceDocument(
        before=_side(comparison.before),
        identical=comparison.identical,
        new=tuple(map(_difference, comparison.new)),
        gone=tuple(map(_difference, comparison.gone)),
        changed=tuple(map(_difference, comparison.changed)),
        untold=texts(comparison.untold),
        note=text(comparison.note),
    )


def _side(side: Side) -> wire.SideDocument:
    return wire.SideDocument(
        purl=purl(side.release),
        run_id=text(side.run_id),
        filename=text(side.filename),
        sha256=text(side.sha256),
        static_only=side.static_only,
    )


def _difference(difference: Difference) -> wire.DifferenceDocument:
    return wire.DifferenceDocument(
        facet=difference.facet.value,
        what=text(difference.what),
        now=text(difference.now),
        was=text(difference.was),
        unasked=difference.unasked,
        evidence=texts(tuple(map(str, difference.evidence))),
        more_evidence=count(difference.more),
    )
