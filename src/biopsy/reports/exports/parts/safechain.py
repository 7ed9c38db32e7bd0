"""`safe-chain/`: the lists of Aikido's safe-chain (`SAFE_CHAIN_MALWARE_LIST_BASE_URL`).

An entry names a package and a version, `*` for every one. The lists of new packages, by which the client
holds back young versions, are there and empty: reports know nothing of releases.
"""

import msgspec

from biopsy.reports.exports.extents import listed
from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree

FILES = {"npm": "safe-chain/malware_predictions.json", "PyPI": "safe-chain/malware_pypi.json"}
NEW = ("npm", "npm_48h", "pypi", "pypi_48h")


def begin(tree: Tree, state: State) -> "SafeChain":  # noqa: ARG001 - as all parts begin
    """Start with empty lists."""
    return SafeChain(tree)


class SafeChain:
    """Keeps a row for each version of each package."""

    def __init__(self, tree: Tree) -> None:
        """Start with empty lists."""
        self._tree = tree
        self._rows: dict[str, set[tuple[str, str]]] = {folder: set() for folder in FILES}

    def take(self, one: One) -> None:
        """Keep the rows of a report."""
        rows = self._rows.get(one.key.folder)
        if rows is None:
            return
        for name, versions in listed(one):
            rows.update((name, version) for version in (("*",) if versions is None else versions))

    def finish(self) -> None:
        """Write the lists."""
        for folder, path in FILES.items():
            made = b",".join(
                msgspec.json.encode({"package_name": name, "version": version, "reason": "MALWARE"})
                for name, version in sorted(self._rows.pop(folder))
            )
            self._tree.put(path, b"[" + made + b"]")
        for name in NEW:
            self._tree.put(f"safe-chain/releases/{name}.json", b"[]")
