"""`iocs/`: the indicators of all reports, as a table (CSV) and as a STIX 2.1 bundle."""

from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree
from biopsy.reports.feeds import rows, stix
from biopsy.reports.feeds.observed import Gathered

_NAMED = (b'"iocs":', b'"indicators":', b'"artifacts":')


def begin(tree: Tree, state: State) -> "Iocs":  # noqa: ARG001 - as all parts begin
    """Start with none."""
    return Iocs(tree)


class Iocs:
    """Gathers the indicators of reports, withdrawn ones too: what a bundle said once it takes back."""

    def __init__(self, tree: Tree) -> None:
        """Start with none."""
        self._tree, self._found = tree, Gathered()

    def take(self, one: One) -> None:
        """Take those of a report."""
        if any(word in one.data for word in _NAMED):
            self._found.add(one.key.package, one.report)

    def finish(self) -> None:
        """Write both files."""
        found = self._found.all()
        self._tree.put("iocs/iocs.csv", rows.table(found))
        self._tree.put("iocs/stix.json", stix.bundle(found))
