"""What this biopsy's own analyses came to, as the site's index has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biopsy.formats.views.visible import visible
from biopsy.guard.ruling import Known
from biopsy.web.guard.known import MAX_WORDS

MOST = 2000
"""Analyses of one package that are looked at, the newest first."""

ANALYSIS = "/analysis/"
"""Where the site has analyses, by their ids."""

LOOKED = ("malicious", "suspicious", "benign")
"""What somebody has looked at comes to one of these; of all else nobody knows."""


@dataclass(slots=True)
class Analysed:
    """The index below a home. Where there is none, nothing is known."""

    home: Path
    site: str = ""
    _index: Any = None

    def _open(self) -> Any:
        if self._index is None:
            from biopsy.web.site.index import Index  # noqa: PLC0415 - not everybody has analyses

            self._index = Index(self.home)
        return self._index

    def of(self, ecosystem: str, name: str) -> Mapping[str, Known]:
        """By version: the worst of what the newest analyses of its files came to."""
        found: dict[str, Known] = {}
        for seen in self._open().versions(ecosystem, name, MOST):
            if seen.call not in LOOKED:
                continue
            link = f"{self.site}{ANALYSIS}{seen.run_id}" if self.site else ""
            said = visible(f"biopsy found it {seen.call}: {seen.reason}", limit=MAX_WORDS)
            known = Known(seen.call, said, "", link, frozenset({seen.sha256}))
            found[seen.version] = known.joined(found.get(seen.version))
        return found

    def change(self) -> object:
        """The state of the index."""
        return self._open().state
