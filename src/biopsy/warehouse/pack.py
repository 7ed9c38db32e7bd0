"""Pack: what has landed becomes Parquet, in batches, whole or not at all, at whatever moment we are killed.

A batch is written as Parquet files first; then one commit makes all of them count at once; only then do the
files go that had landed. What is to go is noted before the commit (`warehouse/packing.json`), so that a
packer that comes after a killed one knows whether they were packed. One process at a time packs a home.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from biopsy.errors import UsageError
from biopsy.warehouse import landing, rows
from biopsy.warehouse.ledger import Commit, File, Ledger
from biopsy.warehouse.parquet import Writer
from biopsy.warehouse.tables import Row

if TYPE_CHECKING:
    from biopsy.warehouse.judgement import Judgement

BATCH = 2000
"""Most landed files in one batch."""

BATCH_BYTES = 48 * 1024**2
"""Bytes of landed files, as they lie there, after which a batch is full: it is unpacked in memory."""

MAX_PACKED = 32 * 1024**2
"""Bytes of a landed dossier, as it lies there, above which it stays a file."""

Progress = Callable[[str, float | None], None]


class Packed(msgspec.Struct, frozen=True):
    """What packing did. `left` says which files stay as they are, and why."""

    dossiers: int = 0
    judgements: int = 0
    known: int = 0  # dossiers that were there already
    rows: int = 0
    left: tuple[str, ...] = ()


class Noted(msgspec.Struct, frozen=True):
    """What a packer is about to commit, and which landed files go once that is done."""

    commit: str
    sources: tuple[str, ...]


class Packer:
    """Packs what landed below a home into the warehouse below it."""

    def __init__(self, home: Path, progress: Progress | None = None) -> None:
        """Pack below `home`; `progress` is told how far it is."""
        self.home = home
        self.ledger = Ledger(home / "warehouse")
        self._note = home / "warehouse" / "packing.json"
        self._progress = progress or (lambda _text, _done: None)

    def pack(self) -> Packed:
        """Pack everything that has landed by now; UsageError where the disk is full, or cannot be written."""
        with alone(self.ledger.root):
            self._recover()
            paths = sorted((self.home / "dossiers").glob("*/*/*/*.json.gz"))
            paths += sorted((self.home / "judgements").glob("*/*.jsonl.gz"))
            done, left = Packed(), [path for path in paths if path.stat().st_size > MAX_PACKED]
            total, seen = len(paths), 0
            for batch in batches([path for path in paths if path not in set(left)]):
                self._progress(f"packing {total} landed files", seen / total)
                done = _sum(done, self._batch(batch))
                seen += len(batch)
            return msgspec.structs.replace(done, left=(*done.left, *(f"{path}: too large" for path in left)))

    def _batch(self, paths: Sequence[Path]) -> Packed:
        """Pack a batch; what cannot be packed stays where it is, and keeps nothing else back."""
        import duckdb  # noqa: PLC0415 - large, and only packing needs it here

        commit = self.ledger.new_id()
        try:
            with Writer(self.ledger.root, commit) as writer:
                took, done = self._load(paths, writer)
                files = writer.finish()
        except (OSError, duckdb.IOException) as err:
            raise UsageError(f"cannot pack, and nothing is lost: {' '.join(str(err).split())}") from err
        except duckdb.Error as err:
            if len(paths) == 1:
                return Packed(left=(f"{paths[0]}: {' '.join(str(err).split())[:300]}",))
            half = len(paths) // 2
            return _sum(self._batch(paths[:half]), self._batch(paths[half:]))
        if took:
            self._put(Commit(commit, self.ledger.stamp(), files), took)
        return done

    def _load(self, paths: Sequence[Path], writer: Writer) -> tuple[list[Path], Packed]:
        """Read a batch; what cannot be read stays where it is."""
        took, left, numbers = (
            list[Path](),
            list[str](),
            {"dossiers": 0, "judgements": 0, "known": 0, "rows": 0},
        )
        known = writer.known({_run_id(path) for path in paths}, self.ledger.live())
        for path in paths:
            try:
                made, what = _rows(path)
                if what != "dossiers" or _run_id(path) not in known:
                    writer.add(made)
            except (UsageError, ValueError) as err:
                left.append(f"{path}: {err}" if str(path) not in str(err) else str(err))
                continue
            took.append(path)
            if what == "dossiers" and _run_id(path) in known:
                numbers["known"] += 1
                continue
            known |= {_run_id(path)}
            numbers[what] += len(made["dossiers" if what == "dossiers" else "verdicts"])
            numbers["rows"] += sum(map(len, made.values()))
        return took, Packed(**numbers, left=tuple(left))

    def _put(self, commit: Commit, sources: Sequence[Path]) -> None:
        noted = Noted(commit.id, tuple(str(path.relative_to(self.home)) for path in sources))
        partial = self._note.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode(noted))
        partial.replace(self._note)
        if commit.files:
            self.ledger.write(commit)
        self._clear(noted)

    def _clear(self, noted: Noted) -> None:
        for source in noted.sources:
            path = self.home / source
            path.unlink(missing_ok=True)
            _prune(path.parent, self.home)
        self._note.unlink(missing_ok=True)

    def _recover(self) -> None:
        """Finish or forget what a packer was doing when it was killed."""
        for folder in self.ledger.root.glob(".staging-*"):
            shutil.rmtree(folder, ignore_errors=True)
        if not self._note.exists():
            return
        try:
            noted = msgspec.json.decode(self._note.read_bytes(), type=Noted)
        except msgspec.DecodeError:
            self._note.unlink()  # never half written: not of this version
            return
        if (self.ledger.log / f"{noted.commit}.json").exists():
            self._clear(noted)
        self._note.unlink(missing_ok=True)


def batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Cut what has landed into batches that fit into memory."""
    batch: list[Path] = []
    size = 0
    for path in paths:
        more = path.stat().st_size
        if batch and (len(batch) >= BATCH or size + more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += more
    if batch:
        yield batch


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the lock of a warehouse: who packs or compacts it does so alone, and waits for others to finish.

    UsageError where the warehouse cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / ".lock").open("a")
    except OSError as err:
        raise UsageError(f"{root} cannot be written: {err.strerror or err}") from err
    with lock as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _rows(path: Path) -> tuple[dict[str, list[Row]], str]:
    if path.name.endswith(".jsonl.gz"):
        return _judged(list(landing.judgements(path))), "judgements"
    stored = landing.read(path)
    if stored.run_id != _run_id(path):
        raise ValueError(f"it says of itself that it is {stored.run_id!r}")
    return rows.of_dossier(stored), "dossiers"


def _judged(judgements: "Sequence[Judgement]") -> dict[str, list[Row]]:
    made: dict[str, list[Row]] = {"findings": [], "verdicts": []}
    for one in judgements:
        for table, some in rows.of_judgement(one).items():
            made[table] += some
    return made


def _run_id(path: Path) -> str:
    return path.name.partition(".")[0]


def _prune(folder: Path, home: Path) -> None:
    """Remove folders that nothing is left in; somebody may be landing there at this moment."""
    while folder.parent not in {home, folder}:
        try:
            os.rmdir(folder)  # noqa: PTH106 - as Path.rmdir, and it is called often
        except OSError:
            return
        folder = folder.parent


def _sum(one: Packed, other: Packed) -> Packed:
    return Packed(
        one.dossiers + other.dossiers,
        one.judgements + other.judgements,
        one.known + other.known,
        one.rows + other.rows,
        one.left + other.left,
    )


__all__ = ["File", "Packed", "Packer", "alone", "batches"]
