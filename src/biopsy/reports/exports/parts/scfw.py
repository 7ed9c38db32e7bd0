"""`scfw/<ecosystem>.yml`: lists of findings for Datadog's Supply-Chain Firewall (`SCFW_HOME/list_verifier/`).

The client reads YAML at some 10,000 packages a second: a list of all there is makes it slow to start.
"""

import json
import re

from biopsy.reports.exports.extents import listed
from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree, Writer

FOLDERS = {"npm": "npm", "PyPI": "pypi"}
_PAIR = re.compile(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}")


def begin(tree: Tree, state: State) -> "Findings":  # noqa: ARG001 - as all parts begin
    """Open the lists."""
    return Findings(tree)


class Findings:
    """Writes a finding for each report that stands."""

    def __init__(self, tree: Tree) -> None:
        """Open the lists."""
        self._files: dict[str, Writer] = {f: tree.open(f"scfw/{name}.yml") for f, name in FOLDERS.items()}
        self._empty = set(FOLDERS)

    def take(self, one: One) -> None:
        """Write the finding of a report."""
        file = self._files.get(one.key.folder)
        if file is None:
            return
        packages = [
            f"      - {{ecosystem: {one.key.folder}, name: {_quoted(name)}"
            + ("" if versions is None else f", versions: [{', '.join(map(_quoted, versions))}]")
            + "}\n"
            for name, versions in listed(one)
        ]
        if not packages:
            return
        if one.key.folder in self._empty:
            self._empty.discard(one.key.folder)
            file.write(b"findings:\n")
        said = f"{one.key.id}: {one.report.get('summary') or 'malicious code'}"
        head = f"  - severity: CRITICAL\n    finding: {_quoted(said)}\n    packages:\n"
        file.write((head + "".join(packages)).encode())

    def finish(self) -> None:
        """End the lists."""
        for folder, file in self._files.items():
            if folder in self._empty:
                file.write(b"findings: []\n")
            file.close()


def _quoted(text: str) -> str:
    """A text in quotes of YAML: as in JSON, but for what lies beyond 16 bits."""
    made = json.dumps(text).replace("\x7f", "\\x7f")
    return _PAIR.sub(_beyond, made) if "\\ud" in made else made


def _beyond(found: re.Match[str]) -> str:
    high, low = int(found[0][2:6], 16), int(found[0][8:12], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + low - 0xDC00:08x}"
