"""Keep every dossier, as long as there is disk: rules are replayed over what is here, nothing is run again.

    BIOPSY_HOME/dossiers/<ecosystem>/<name>/<version>/<run id>.json.gz

A dossier is written once and never changed; a second analysis of the same release stands beside the first.
The columnar store that answers questions over all of them is built from these files (docs/architecture.md).
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from biopsy.errors import UsageError
from biopsy.model.dossier import Dossier
from biopsy.model.regex import regex
from biopsy.model.release import Release
from biopsy.warehouse.wire import Stored, restore, store

MAX_DOSSIER = 512 * 1024**2
"""Bytes of one dossier, unpacked, that we read back; the folder may be shared with people we do not know."""

_RUN_ID = regex(r"[a-z0-9][a-z0-9-]{3,63}")


class Warehouse:
    """The dossiers below one BIOPSY_HOME."""

    def __init__(self, home: Path) -> None:
        """Use the folder `home/dossiers`; it need not exist yet."""
        self._root = home / "dossiers"

    def add(self, dossier: Dossier) -> Path:
        """Write a dossier, whole or not at all; return where."""
        folder = self._folder(dossier.release)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{dossier.run_id}.json.gz"
        partial = path.with_suffix(".partial")
        partial.write_bytes(gzip.compress(msgspec.json.encode(store(dossier)), compresslevel=5, mtime=0))
        partial.replace(path)
        return path

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
        folder = self._folder(release).parent
        return tuple(unquote(path.name) for path in folder.iterdir()) if folder.is_dir() else ()

    def of(self, release: Release) -> Iterator[Dossier]:
        """Every dossier of a release, the newest first; one that cannot be read is passed over."""
        paths = self._folder(release).glob("*.json.gz")
        for path in sorted(paths, key=lambda p: p.stat().st_mtime, reverse=True):
            try:
                yield _read(path)
            except UsageError:
                continue

    def _folder(self, release: Release) -> Path:
        parts = (quote(part, safe="") for part in (release.ecosystem, release.name, release.version))
        # "." and ".." are the only names that quoting leaves dangerous.
        return self._root.joinpath(*(f"{part}_" if part.strip(".") == "" else part for part in parts))


def _read(path: Path) -> Dossier:
    try:
        with gzip.open(path) as file:
            data = file.read(MAX_DOSSIER + 1)
        if len(data) > MAX_DOSSIER:
            raise UsageError(f"{path} is larger than a dossier may be ({MAX_DOSSIER} bytes)")
        return restore(msgspec.json.decode(data, type=Stored))
    except (OSError, EOFError, zlib.error, msgspec.DecodeError, ValueError) as err:
        raise UsageError(f"{path} is not a dossier that this version reads: {err}") from err
