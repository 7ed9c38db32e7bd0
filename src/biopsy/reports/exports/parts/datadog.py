"""`datadog/samples/<ecosystem>/manifest.json`: as Datadog's set of malicious packages lists them.

A name has the versions that are malicious, or null: every one.
"""

import msgspec

from biopsy.reports.exports.extents import listed
from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree

FOLDERS = {"npm": "npm", "PyPI": "pypi"}


def begin(tree: Tree, state: State) -> "Manifests":  # noqa: ARG001 - as all parts begin
    """Start with empty lists."""
    return Manifests(tree)


class Manifests:
    """Keeps the versions of each package."""

    def __init__(self, tree: Tree) -> None:
        """Start with empty lists."""
        self._tree = tree
        self._names: dict[str, dict[str, tuple[str, ...] | None]] = {folder: {} for folder in FOLDERS}

    def take(self, one: One) -> None:
        """Keep the versions that a report names."""
        names = self._names.get(one.key.folder)
        if names is None:
            return
        for name, versions in listed(one):
            mine = names.get(name, ())
            names[name] = None if versions is None or mine is None else (*mine, *versions)

    def finish(self) -> None:
        """Write the lists."""
        for folder, path in FOLDERS.items():
            held = self._names[folder]
            made = {
                name: sorted({*one}) if (one := held[name]) is not None else None for name in sorted(held)
            }
            self._tree.put(f"datadog/samples/{path}/manifest.json", msgspec.json.encode(made))
