"""Keep every dossier, as long as there is disk: rules are replayed over what is here, nothing is run again.

    BIOPSY_HOME/dossiers/<ecosystem>/<name>/<version>/<run id>.json.gz     where a dossier lands
    BIOPSY_HOME/warehouse/<table>/ecosystem=<ecosystem>/day=<day>/         where it is packed

A dossier is written once and never changed; a second analysis of the same release stands beside the first.
What was made of it by rules is kept beside it, each judgement as it was made (docs/warehouse.md).
"""

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Analysis, Call, Dossier
from biopsy.model.regex import regex
from biopsy.model.release import Release
from biopsy.warehouse import landing, parts
from biopsy.warehouse.judgement import Judgement, judgement
from biopsy.warehouse.landing import MAX_DOSSIER
from biopsy.warehouse.packed import Store
from biopsy.warehouse.parts import Part, Unreadable
from biopsy.warehouse.wire import Stored, restore, store

if TYPE_CHECKING:
    from biopsy.warehouse.pack import Packed, Progress

__all__ = ["MAX_DOSSIER", "Judgement", "Part", "Stored", "Unreadable", "Warehouse", "judgement", "restore"]

_RUN_ID = regex(r"[a-z0-9][a-z0-9-]{3,63}")


class Warehouse:
    """The dossiers below one BIOPSY_HOME, and what was made of them."""

    def __init__(self, home: Path) -> None:
        """Use the folders below `home`; none need exist yet."""
        self.home = home
        self._root = home / "dossiers"
        self._judgements = home / "judgements"
        self._store = Store(home / "warehouse")

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

    def pack(self, progress: "Progress | None" = None) -> "Packed":
        """Pack all that has landed into Parquet, whatever kills us meanwhile. Needs DuckDB."""
        from biopsy.warehouse.pack import Packer  # noqa: PLC0415 - slow to import, and readers do without

        return Packer(self.home, progress).pack()

    def latest(self, run_ids: Iterable[str] | None = None) -> dict[str, Judgement]:
        """The judgement that holds for each of these dossiers (None: of all), by run id.

        Of what is packed the findings are left out: they are rows of the table `findings`.
        """
        wanted = None if run_ids is None else set(run_ids)
        new = [one for one in self._unpacked() if wanted is None or one.run_id in wanted]
        found = self._store.latest(wanted)
        for one in new:
            if one.run_id not in found or one.at >= found[one.run_id].at:
                found[one.run_id] = one
        return found

    def calls(self) -> dict[str, Call]:
        """The verdict that holds, by the sha256 of the artifact: that of the last judgement on it."""
        new = sorted(self._unpacked(), key=lambda one: one.at)
        return self._store.calls() | {one.sha256: one.call for one in new}

    def _unpacked(self) -> Iterator[Judgement]:
        for path in sorted(self._judgements.glob("*/*.jsonl.gz")):
            try:
                yield from landing.judgements(path)
            except UsageError:
                if path.exists():  # else it was packed at this moment
                    raise

    def get(self, run_id: str) -> Dossier:
        """Read one dossier back; UsageError where there is none of that id."""
        if _RUN_ID.fullmatch(run_id):
            for path in self._root.glob(f"*/*/*/{run_id}.json.gz"):
                if path.exists():
                    return _read(path)
            if stored := self._store.get(run_id):
                return restore(stored)
        raise _missing(run_id)

    def near(self, run_id: str, of: Release, *, whole: bool = True) -> Dossier:
        """Read the dossier of an id where one of that release, begun when the id says, has to be.

        Spares a look into all that is kept. Unless the `whole` is asked for, what no rule reads may be left
        out. UsageError as `get` raises it.
        """
        if _RUN_ID.fullmatch(run_id):
            path = landing.folder_of(self._root, of) / f"{run_id}.json.gz"
            if path.exists():
                return _read(path)
            if stored := self._store.near(run_id, of, whole=whole):
                return restore(stored)
        raise _missing(run_id)

    def facts(self, run_id: str, of: Release, family: str) -> tuple[Behaviour, ...]:
        """The behaviours of a family (`pkg`) in such a dossier, by their text; the rest stays unread."""
        path = landing.folder_of(self._root, of) / f"{run_id}.json.gz"
        if path.exists():
            return tuple(b for b in self.near(run_id, of).behaviours if b.kind.family == family)
        return tuple(map(Behaviour.parse, self._store.facts(run_id, of, family)))

    def several(self, wanted: Mapping[str, Release]) -> dict[str, Stored]:
        """The dossiers of these ids, as far as rules read them; each is one of a version of its package.

        What is not there, or cannot be read, is left out.
        """
        found: dict[str, Stored] = {}
        for run_id, release in wanted.items():
            folder = landing.folder_of(self._root, release).parent
            for path in folder.glob(f"*/{run_id}.json.gz") if _RUN_ID.fullmatch(run_id) else ():
                with contextlib.suppress(UsageError):
                    found[run_id] = landing.read(path)
        packed = wanted.keys() - found.keys()
        return self._store.several(packed) | found if packed else found

    def of_several(self, releases: Collection[Release]) -> dict[Release, list[Stored]]:
        """The dossiers of each of these releases, the newest first, as far as rules read them.

        One that cannot be read is passed over.
        """
        found: dict[Release, dict[str, Stored]] = {release: {} for release in releases}
        for release, held in found.items():
            folder = landing.folder_of(self._root, release)
            for path in sorted(folder.glob("*.json.gz"), key=_written, reverse=True):
                with contextlib.suppress(UsageError):
                    stored = landing.read(path)
                    held[stored.run_id] = stored
        for stored in self._store.of_several(releases):
            found[stored.release].setdefault(stored.run_id, stored)
        return {release: list(held.values()) for release, held in found.items()}

    def versioned(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Of each package of which several versions are kept, by ecosystem and name, those versions."""
        every: dict[tuple[str, str], set[str]] = {}
        landed = (path.relative_to(self._root).parts for path in self._root.glob("*/*/*"))
        names = (tuple(map(unquote, parts)) for parts in landed)
        for ecosystem, name, version in (*names, *self._store.names()):
            every.setdefault((ecosystem, name), set()).add(version)
        return {package: tuple(sorted(some)) for package, some in every.items() if len(some) > 1}

    def recent(self, limit: int = 20) -> tuple[Dossier, ...]:
        """The newest dossiers, newest first."""
        paths = sorted(self._root.glob("*/*/*/*.json.gz"), key=_written, reverse=True)
        landed = [_read(path) for path in paths[:limit]]
        packed = map(restore, self._store.recent(limit))
        every = {one.run_id: one for one in (*landed, *packed)}
        # What landed stands in the order in which it was written: seconds are too coarse to tell.
        return tuple(sorted(every.values(), key=lambda one: one.created, reverse=True))[:limit]

    def versions(self, release: Release) -> tuple[str, ...]:
        """Every version of a package that something is kept of, in no order."""
        folder = landing.folder_of(self._root, release).parent
        landed = [unquote(path.name) for path in folder.iterdir()] if folder.is_dir() else []
        return tuple(dict.fromkeys((*landed, *self._store.versions(release))))

    def of(self, release: Release) -> Iterator[Dossier]:
        """Every dossier of a release, the newest first; one that cannot be read is passed over."""
        given = set()
        paths = landing.folder_of(self._root, release).glob("*.json.gz")
        for path in sorted(paths, key=_written, reverse=True):
            try:
                dossier = _read(path)
            except UsageError:
                continue
            given.add(dossier.run_id)
            yield dossier
        yield from (restore(one) for one in self._store.of(release) if one.run_id not in given)

    def parts(self, ecosystem: str = "", since: str = "") -> tuple[Part, ...]:
        """Every dossier there is, in parts that different processes can read at the same time.

        `since` (RFC 3339) leaves out those made on an earlier day, as far as this can be told unread.
        """
        landed = tuple(parts.landed(self._root, ecosystem, since))
        return (*landed, *self._store.parts(ecosystem, since))

    def stored(self, part: Part, *, whole: bool = False) -> Iterator[Stored | Unreadable]:
        """Read the dossiers of a part in their stored form: behaviours are text, `restore` makes a dossier.

        One that cannot be read is said to be so in its place. Unless the `whole` is asked for, what no rule
        reads (processes, exchanges, code evaluated) may be left out.
        """
        if part.start >= 0:
            yield from self._store.stored(part, whole=whole)
            return
        for one in parts.stored(part.paths):
            if isinstance(one, Unreadable) and not Path(one.path).exists():  # packed meanwhile
                yield self._store.get(Path(one.path).name.partition(".")[0]) or one
            else:
                yield one

    def packs(self, after: str = "") -> tuple[str, ...]:
        """The packs there are, in the order of their names, which for one machine is that of time."""
        return self._store.packs(after)

    def rows(self, pack: str, table: str) -> Iterator[dict[str, Any]]:
        """The rows of one table that came with a pack: to load them elsewhere, once a pack."""
        return self._store.rows(pack, table)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0  # packed at this moment


def _missing(run_id: str) -> UsageError:
    return UsageError(f"no analysis {run_id!r} is kept here; `biopsy show` lists those that are")


def _read(path: Path) -> Dossier:
    try:
        return restore(landing.read(path))
    except ValueError as err:
        raise UsageError(f"{path} is not a dossier that this version reads: {err}") from err
