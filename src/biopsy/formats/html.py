"""For a person: one self-contained page to look at, to search and to send on.

It asks nothing of any network and runs no script but its own: styles and script stand in it, and its
Content-Security-Policy names them by hash, so that a word of a package that slipped through would still be
inert. Every such word is escaped by Jinja and made visible by `page.marks`. Its size is bounded by
`page.limits.MAX_PAGE`: what does not fit is counted on the page.
"""

from biopsy.formats.page.frame import bounded, fill
from biopsy.formats.page.view import page
from biopsy.model.dossier import Analysis

ENDING = ".html"


def render(first: Analysis, *more: Analysis) -> str:
    """The page; several analyses stand in it side by side, one shown at a time."""
    return bounded(
        lambda limits: fill(
            "report.html.j2",
            limits,
            pages=[page(analysis, number, limits) for number, analysis in enumerate((first, *more), 1)],
        )
    )
