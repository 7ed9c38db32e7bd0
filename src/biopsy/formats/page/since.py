"""The comparison with the release before, as the page shows it."""

from msgspec import Struct

from biopsy.formats.page.limits import Limits, Listed, listed
from biopsy.formats.views import since
from biopsy.formats.wire.scalar import purl
from biopsy.model.dossier import Analysis


class Since(Struct, frozen=True):
    """What it is compared with, how many differences, and each of them."""

    name: str
    purl: str
    summary: str
    lines: Listed[since.Line]
    untold: tuple[str, ...]


def shown(analysis: Analysis, limits: Limits) -> Since | None:
    """The comparison of an analysis, where there is one."""
    comparison = analysis.comparison
    if comparison is None:
        return None
    return Since(
        since.name(comparison, analysis.dossier.release),
        purl(comparison.before.release),
        since.summary(comparison),
        listed(since.lines(comparison), limits.differences),
        comparison.untold[: limits.differences],
    )
