"""`lookup.bin`: the look-up file of `biopsy check --offline`; see `biopsy.reports.offline`."""

from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree
from biopsy.reports.offline import line, write

PATH = "lookup.bin"


def begin(tree: Tree, state: State) -> "Lookup":
    """Start without a line."""
    return Lookup(tree, state)


class Lookup:
    """Keeps a line for each report that stands."""

    def __init__(self, tree: Tree, state: State) -> None:
        """Start without a line."""
        self._tree, self._state = tree, state
        self._lines: list[bytes] = []

    def take(self, one: One) -> None:
        """Keep the line of a report, unless it is withdrawn."""
        if not one.key.withdrawn:
            self._lines.append(line(one.key.package, one.key.id, one.report))

    def finish(self) -> None:
        """Sort the lines, and pack them."""
        state = self._state
        about = {"lineage": state.lineage, "sequence": state.sequence, "modified": state.modified}
        file = self._tree.open(PATH)
        write(file, self._lines, {**about, "reports": len(self._lines)})
        file.close()
