"""What a list that knows only versions can say of a report: every one, or which."""

from collections.abc import Iterator

from biopsy.reports.exports.state import Listed, One
from biopsy.reports.extent import endless


def listed(one: One) -> list[Listed]:
    """Give the spellings of a name, and the versions of it that are malicious; None: every one there is.

    Withdrawn reports give nothing, and neither do ranges with an end: to name a package whole for the sake of
    some versions would accuse the others.
    """
    if one.listed is None:
        one.listed = [] if one.key.withdrawn else list(_listed(one))
    return one.listed


def _listed(one: One) -> Iterator[Listed]:
    for about in one.report.get("affected") or ():
        if not isinstance(about, dict):
            continue
        spans = [r for r in about.get("ranges") or () if isinstance(r, dict)]
        versions = tuple(v for v in about.get("versions") or () if isinstance(v, str))
        every = any(endless(span) for span in spans)
        if every or versions:
            named = about.get("package") or {}
            for name in dict.fromkeys((str(named.get("name") or ""), one.key.package.name)):
                if name:
                    yield name, None if every else versions
