"""The files that osv.dev publishes, of malicious packages alone, and where osv-scanner looks offline.

`<ecosystem>/all.zip` and `all.zip` hold `<id>.json` for each report, withdrawn ones too: those say so
(`withdrawn`). `modified_id.csv` has a line for each, those that changed last first: of an ecosystem
`<modified>,<id>`, of all `<modified>,<ecosystem>/<id>`.
"""

from datetime import UTC, datetime

from biopsy.reports.exports.archive import Archive, packed
from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree, Writer

SCANNERS = ("osv-scanner", "osv-scalibr")
"""Folders below `OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY`: of older versions, of 2.7 and later."""


def begin(tree: Tree, state: State) -> "Osv":
    """Start with an empty archive of all."""
    return Osv(tree, state)


class Osv:
    """Writes an archive of all beside one of each ecosystem: a report is packed once, for both."""

    def __init__(self, tree: Tree, state: State) -> None:
        """Open the archive of all."""
        self._tree, self._state = tree, state
        self._file = tree.open("all.zip")
        self._all = Archive(self._file)
        self._folder = ""
        self._part: tuple[Writer, Archive] | None = None
        self._folders: list[str] = []

    def take(self, one: One) -> None:
        """Put a report into both archives."""
        if one.key.folder != self._folder:
            self._next(one.key.folder)
        member = packed(f"{one.key.id}.json", one.data, one.key.modified)
        self._all.add(member)
        if self._part:
            self._part[1].add(member)

    def _next(self, folder: str) -> None:
        if self._part:
            self._part[1].close()
            self._part[0].close()
            for scanner in SCANNERS:
                self._tree.link(f"{scanner}/{self._folder}/all.zip", f"{self._folder}/all.zip")
        self._folder, self._part = folder, None
        if folder:
            self._folders.append(folder)
            file = self._tree.open(f"{folder}/all.zip")
            self._part = (file, Archive(file))

    def finish(self) -> None:
        """End the archives, and write the lists."""
        self._next("")
        self._all.close()
        self._file.close()
        rows = [(_time(key.modified), key.folder, key.id) for key in self._state.keys]
        rows.sort(key=lambda row: row[0][:-1], reverse=True)  # the rest is in order, and stays so
        self._tree.put("modified_id.csv", "".join(f"{at},{f}/{own}\n" for at, f, own in rows).encode())
        for name in self._folders:
            lines = (f"{at},{own}\n" for at, folder, own in rows if folder == name)
            self._tree.put(f"{name}/modified_id.csv", "".join(lines).encode())
        self._tree.put("ecosystems.txt", "".join(f"{name}\n" for name in self._folders).encode())


def _time(modified: str) -> str:
    """A time as Go's RFC3339Nano: in UTC, no zeros at the end of a fraction."""
    if not modified.endswith("Z"):
        try:
            at = datetime.fromisoformat(modified).astimezone(UTC)
        except ValueError:
            return modified
        modified = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    whole, dot, fraction = modified[:-1].partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}{dot if fraction else ''}{fraction}Z"
