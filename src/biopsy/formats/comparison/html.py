"""For a person: the two releases side by side on one self-contained page, in the frame of the report's."""

from biopsy.formats.page import beside
from biopsy.formats.page.frame import bounded, fill
from biopsy.model.dossier import Analysis, Finding

ENDING = ".html"


def render(before: Analysis, after: Analysis, worrying: tuple[Finding, ...]) -> str:
    """The page."""
    return bounded(
        lambda limits: fill("compare.html.j2", limits, page=beside.page(before, after, worrying, limits))
    )
