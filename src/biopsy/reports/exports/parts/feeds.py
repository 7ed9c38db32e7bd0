"""`feeds/`: the last events of each ecosystem, and of all, as Atom and as JSON Feed."""

from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree
from biopsy.reports.feeds import MAX_ENTRIES, files


def begin(tree: Tree, state: State) -> "News":
    """Keep what happened."""
    return News(tree, state)


class News:
    """Events come from the log, not from reports."""

    def __init__(self, tree: Tree, state: State) -> None:
        """Keep what happened."""
        self._tree, self._state = tree, state

    def take(self, one: One) -> None:
        """A report by itself is no news."""

    def finish(self) -> None:
        """Write the feeds."""
        entries = min(self._state.asked.feeds.entries, MAX_ENTRIES)
        for path, data in files(self._state.latest(entries), self._state.asked.feeds):
            self._tree.put(path, data)
