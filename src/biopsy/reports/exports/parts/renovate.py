"""`renovate/<ecosystem>.nedb`: Renovate's offline database (`OSV_OFFLINE_ROOT_DIR`).

`renovate/osv-offline.zip` has all of them: what newer clients fetch (`OSV_OFFLINE_DATABASE_URL`).

A line is a report with an `_id`, without which the client empties the file, and with packages that have just
the three fields by which it looks them up. Left out are withdrawn reports, and what only we say
(`database_specific`, but for the severity): the client reads all of it into memory.
"""

import re
from typing import Any
from urllib.parse import quote

from biopsy.reports import naming
from biopsy.reports.exports.archive import Archive, Packing
from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree, Writer
from biopsy.reports.record import compact

FOLDERS = ("Go", "Hex", "Maven", "NuGet", "Packagist", "PyPI", "RubyGems", "crates.io", "npm")
EMPTY = ("Hackage", "Pub")  # the client opens these, too
ZIP = "renovate/osv-offline.zip"
FAST = 1  # level: the files are large, and repeat themselves
_PLAIN = re.compile(r"[A-Za-z0-9._/-]*")
_SAFE = "-_.!~*'()"  # what JavaScript's encodeURIComponent leaves


def begin(tree: Tree, state: State) -> "Renovate":
    """Open a file for each ecosystem."""
    return Renovate(tree, state)


class Renovate:
    """Writes a line for each report that stands."""

    def __init__(self, tree: Tree, state: State) -> None:
        """Open a file for each ecosystem."""
        self._tree, self._modified = tree, state.modified
        self._files: dict[str, tuple[Writer, Packing]] = {
            name: (tree.open(f"renovate/{name.lower()}.nedb"), Packing(FAST)) for name in (*FOLDERS, *EMPTY)
        }

    def take(self, one: One) -> None:
        """Write the line of a report."""
        files = self._files.get(one.key.folder)
        if files is None or one.key.withdrawn:
            return
        specific = {k: v for k, v in one.report["database_specific"].items() if k == "severity"}
        abouts = [_about(about, one) for about in one.report.get("affected") or () if isinstance(about, dict)]
        made = {**one.report, "_id": one.key.id, "affected": abouts, "database_specific": specific}
        data = compact(made) + b"\n"
        for file in files:
            file.write(data)

    def finish(self) -> None:
        """End the files, and put them into the archive."""
        whole = self._tree.open(ZIP)
        archive = Archive(whole)
        for name in sorted(self._files):
            file, packing = self._files[name]
            file.close()
            archive.add(packing.member(f"{name.lower()}.nedb", self._modified))
        archive.close()
        whole.close()


def _about(about: dict[str, Any], one: One) -> dict[str, Any]:
    name = str((about.get("package") or {}).get("name") or one.key.package.name)
    path = name.replace(":", "/", 1) if one.key.folder == "Maven" else name
    if not _PLAIN.fullmatch(path):
        path = "/".join(quote(part, safe=_SAFE) for part in path.split("/"))
    purl = f"pkg:{naming.RULES[one.key.folder].purl}/{path}"
    package = {"name": name, "ecosystem": one.key.folder, "purl": purl}
    return {**{k: v for k, v in about.items() if k != "database_specific"}, "package": package}
