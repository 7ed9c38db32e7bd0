"""How much of an analysis a page of the site shows at first, and when everything is asked for.

The report of a file has to hold all that a reader may want. A page has the first of everything, says how much
is left, and links to itself as a whole: so that the page of the largest package opens as quickly as others.
"""

from collections.abc import Callable

from biopsy.formats.page.limits import MAX_PAGE, Limits

FIRST = Limits(
    evidence=12,
    differences=100,
    hosts=20,
    iocs=60,
    exchanges=6,
    body=3_000,
    processes=80,
    own=6,
    changes=40,
    excerpt=2_000,
    reads=60,
    steps=40,
    output=2_000,
    evaluated=12,
    code_files=20,
    code_lines=15,
    behaviours=120,
    marks=100,
    words=400_000,
)
"""What a page shows at first."""

PAIRS = 6
"""Texts beside what they came to that a page shows at first."""


def limits(*, whole: bool) -> Limits:
    """How much a page shows."""
    return Limits() if whole else FIRST


def fitted(whole: bool, write: Callable[[Limits], bytes]) -> bytes:  # noqa: FBT001 - the same word as in addresses
    """A page that a browser opens at once: half as much of everything, until it is small enough."""
    allowed = limits(whole=whole)
    while True:
        body = write(allowed)
        if len(body) <= MAX_PAGE or allowed == allowed.halved():
            return body
        allowed = allowed.halved()
