"""`attestations.intoto.jsonl`: a signed statement a line on each report that names artifacts by SHA-256.

It is there only where there is a key to sign with.
"""

from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree, Writer
from biopsy.reports.signing import statement

PATH = "attestations.intoto.jsonl"
_NAMED = (b'"artifacts":', b'"artifact"', b'"package_integrity":')


def begin(tree: Tree, state: State) -> "Attestations":
    """Begin the file, if there is a key."""
    return Attestations(tree, state)


class Attestations:
    """Writes a line as a report comes."""

    def __init__(self, tree: Tree, state: State) -> None:
        """Begin the file, if there is a key."""
        self._attest = state.asked.attest
        self._file: Writer | None = tree.open(PATH) if self._attest else None

    def take(self, one: One) -> None:
        """Attest a report that names artifacts."""
        if not any(word in one.data for word in _NAMED):
            return
        if self._attest and self._file and (said := statement.of_report(one.report)):
            self._file.write(self._attest(statement.encode(said)) + b"\n")

    def finish(self) -> None:
        """End the file."""
        if self._file:
            self._file.close()
