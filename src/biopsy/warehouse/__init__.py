"""Keep every dossier, as long as there is disk: rules are replayed over what is here, nothing is run again.

    BIOPSY_HOME/dossiers/<ecosystem>/<name>/<version>/<run id>.json.gz

A dossier is written once and never changed; a second analysis of the same release stands beside the first.
What was made of it by rules is kept beside it, each judgement as it was made (docs/warehouse.md).
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import msgspec

from biopsy.errors import UsageError
from biopsy.model.dossier import Analysis, Dossier
from biopsy.model.regex import regex
from biopsy.model.release import Release
from biopsy.warehouse import landing, parts
from biopsy.warehouse.judgement import Judgement, judgement
from biopsy.warehouse.landing import MAX_DOSSIER
from biopsy.warehouse.parts import Part, Unreadable
from biopsy.warehouse.wire import Stored, restore, store

__all__ = ["MAX_DOSSIER", "Judgement", "Part", "Stored", "Unreadable", "Warehouse", "judgement", "restore"]

_RUN_ID = regex(r"[a-z0-9][a-z0-9-]{3,63}")


class Warehouse:
    """The dossiers below one BIOPSY_HOME, and what was made of them."""

    def __init__(self, home: Path) -> None:
        """Use the folders below `home`; none need exist yet."""
        self._root = home / "dossiers"
        self._judgements = home / "judgements"

    def add(self, dossier: Dossier) -> Path:
        """Write a dossier, whole or not at all; return where."""
        path = landing.folder_of(self._root, dossier.release) / f"{dossier.run_id}.json.gz"
        landing.write(path, [msgspec.json.encode(store(dossier))])
        return path

    def judged(self, analysis: Analysis, at: str, *, rules: str = "", published: str = "") -> None:
        """Keep what rules made of a dossier, `at` (RFC 3339, UTC); what was made of it before stays.

        `rules` is the digest of the rules that judged, by default that of those it was made with;
        `published` when the registry says that the release came out: time to a verdict counts from there.
        """
        self.judge([judgement(analysis, at, rules, published)])

    def judge(self, judgements: Iterable[Judgement]) -> int:
        """Keep many judgements at once, all or none of them; return how many."""
        lines = [msgspec.json.encode(one) for one in judgements]
        if lines:
            at = msgspec.json.decode(lines[0], type=Judgement).at
            day, stamp = at[:10], "".join(c for c in at if c.isdecimal())
            landing.write(self._judgements / day / f"{stamp}-{os.urandom(6).hex()}.jsonl.gz", lines)
        return len(lines)

    def latest(self, run_ids: Iterable[str]) -> dict[str, Judgement]:
        """The judgement that holds for each of these dossiers, of those that were ever judged."""
        wanted, found = set(run_ids), dict[str, Judgement]()
        for path in sorted(self._judgements.glob("*/*.jsonl.gz")):
            for one in landing.judgements(path):
                if one.run_id in wanted and one.at >= (found[one.run_id].at if one.run_id in found else ""):
                    found[one.run_id] = one
        return found

    def get(self, run_id: str) -> Dossier:
        """Read one dossier back; UsageError where there is none of that id."""
        if _RUN_ID.fullmatch(run_id):
            for path in self._root.glob(f"*/*/*/{run_id}.json.gz"):
                return _read(path)
        raise UsageError(f"no analysis {run_id!r} is kept here; `biopsy show` lists those that are")

    def recent(self, limit: int = 20) -> tuple[Dossier, ...]:
        """The newest dossiers, newest first."""
        paths = sorted(self._root.glob("*/*/*/*.json.gz"), key=lambda p: p.stat().st_mtime, reverse=True)
        return tuple(_read(path) for path in paths[:limit])

    def versions(self, release: Release) -> tuple[str, ...]:
        """Every version of a package that something is kept of, in no order."""
        folder = landing.folder_of(self._root, release).parent
        return tuple(unquote(path.name) for path in folder.iterdir()) if folder.is_dir() else ()

    def of(self, release: Release) -> Iterator[Dossier]:
        """Every dossier of a release, the newest first; one that cannot be read is passed over."""
        paths = landing.folder_of(self._root, release).glob("*.json.gz")
        for path in sorted(paths, key=lambda p: p.stat().st_mtime, reverse=True):
            try:
                yield _read(path)
            except UsageError:
                continue

    def parts(self, ecosystem: str = "", since: str = "") -> tuple[Part, ...]:
        """Every dossier there is, in parts that different processes can read at the same time.

        `since` (RFC 3339) leaves out those made on an earlier day, as far as this can be told unread.
        """
        return tuple(parts.landed(self._root, ecosystem, since))

    def stored(self, part: Part) -> Iterator[Stored | Unreadable]:
        """Read the dossiers of a part in their stored form: behaviours are text, `restore` makes a dossier.

        One that cannot be read is said to be so in its place.
        """
        return parts.stored(part.paths)


def _read(path: Path) -> Dossier:
    try:
        return restore(landing.read(path))
    except ValueError as err:
        raise UsageError(f"{path} is not a dossier that this version reads: {err}") from err
