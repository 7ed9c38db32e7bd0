"""`renovate/<ecosystem>.nedb`: Renovate's offline database (`OSV_OFFLINE_ROOT_DIR`).

A line is a report with an `_id`, without which the client empties the file, and with packages that have just
the three fields by which it looks them up. Left out are withdrawn reports, and what only we say
(`database_specific`, but for the severity): the client reads all of it into memory.
"""

from typing import Any
from urllib.parse import quote

from biopsy.reports import naming
from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree, Writer
from biopsy.reports.record import compact

FOLDERS = ("Go", "Hex", "Maven", "NuGet", "Packagist", "PyPI", "RubyGems", "crates.io", "npm")
EMPTY = ("Hackage", "Pub")  # the client opens these, too
_SAFE = "-_.!~*'()"  # what JavaScript's encodeURIComponent leaves


def begin(tree: Tree, state: State) -> "Renovate":  # noqa: ARG001 - as all parts begin
    """Open a file for each ecosystem."""
    return Renovate(tree)


class Renovate:
    """Writes a line for each report that stands."""

    def __init__(self, tree: Tree) -> None:
        """Open a file for each ecosystem."""
        self._files: dict[str, Writer] = {
            name: tree.open(f"renovate/{name.lower()}.nedb") for name in (*FOLDERS, *EMPTY)
        }

    def take(self, one: One) -> None:
        """Write the line of a report."""
        file = self._files.get(one.key.folder)
        if file is None or one.key.withdrawn:
            return
        specific = {k: v for k, v in one.report["database_specific"].items() if k == "severity"}
        abouts = [_about(about, one) for about in one.report.get("affected") or () if isinstance(about, dict)]
        made = {**one.report, "_id": one.key.id, "affected": abouts, "database_specific": specific}
        file.write(compact(made) + b"\n")

    def finish(self) -> None:
        """End the files."""
        for file in self._files.values():
            file.close()


def _about(about: dict[str, Any], one: One) -> dict[str, Any]:
    name = str((about.get("package") or {}).get("name") or one.key.package.name)
    path = name.replace(":", "/", 1) if one.key.folder == "Maven" else name
    purl = (
        f"pkg:{naming.RULES[one.key.folder].purl}/{'/'.join(quote(p, safe=_SAFE) for p in path.split('/'))}"
    )
    package = {"name": name, "ecosystem": one.key.folder, "purl": purl}
    return {**{k: v for k, v in about.items() if k != "database_specific"}, "package": package}
