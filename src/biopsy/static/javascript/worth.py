"""Which scripts are worth running. Apart from what runs them, which most small packages have no need of."""

from biopsy.static.code.interest import ALL, Interest, Look
from biopsy.static.javascript import strong
from biopsy.static.javascript.modules import CODE, links
from biopsy.static.javascript.names import telling
from biopsy.static.sight import SCRIPTS, Package, Source


def interest(package: Package) -> Interest:
    """What of a package is worth running, looked at once."""
    return package.kept(
        "javascript interest", Interest, lambda: Interest(package, _scan, "javascript", strong.stands)
    )


def _scan(source: Source) -> Look:
    if source.language not in SCRIPTS:
        return Look()
    named = tuple(dict.fromkeys(links(source)))
    odd = any(not t.path.endswith((*CODE, ".json")) for t in named)  # Node runs it as JavaScript
    says = odd or telling(source.data)
    return Look(says, frozenset({ALL} if says else ()), named, None)
