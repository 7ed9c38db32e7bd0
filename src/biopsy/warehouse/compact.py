"""Compact: the many small files of a day become one; what no longer counts goes, some time later.

The new file is named after the packs it is made of, and says so in the log: whoever still reads the old files
goes on reading them. Only what this machine packed is compacted here.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from biopsy.warehouse import parquet
from biopsy.warehouse.engine import connect, listed
from biopsy.warehouse.ledger import Commit, File, Ledger
from biopsy.warehouse.pack import alone

FEW = 4
"""Files of one partition that are left as they are."""

SHARE = 4
"""How many times as large as all smaller ones together a file may be, to be made one with them."""

MAX_FILE = 512 * 1024**2
"""Bytes of a file that is large enough; it is not made larger."""

MAX_LOG = 64
"""Commits that are left as they are; where there are more they become one."""

GRACE = 86_400.0
"""Seconds that a file stays after it stopped to count: a question, or a long replay, may be reading it."""

MEMORY = "2GB"

Progress = Callable[[str, float | None], None]


class Compacted(msgspec.Struct, frozen=True):
    """What compacting did."""

    files: int = 0  # that were made
    of: int = 0  # files, that they were made of
    removed: int = 0  # files and commits that did not count any more


class Compactor:
    """Compacts one warehouse."""

    def __init__(self, root: Path, progress: Progress | None = None) -> None:
        """Compact below `root`; `progress` is told how far it is."""
        self.ledger = Ledger(root)
        self._progress = progress or (lambda _text, _done: None)

    def compact(self, few: int = FEW, grace: float = GRACE) -> Compacted:
        """Make one file of the files of a partition where there are more than `few`; clear up."""
        with alone(self.ledger.root):
            todo = [some for every in self._partitions() if (some := due(every, few))]
            for number, some in enumerate(todo):
                self._progress(f"compacting {some[0].partition}", number / len(todo))
                file = self._one(some)
                self.ledger.write(Commit(self.ledger.new_id(), self.ledger.stamp(), (file,)))
            removed = self._clear(grace)
            return Compacted(len(todo), sum(map(len, todo)), removed + self._shorten(grace))

    def _partitions(self) -> list[list[File]]:
        small = [file for file in self.ledger.live() if file.size < MAX_FILE and self.ledger.owns(file)]
        return [list(some) for _, some in groupby(small, lambda file: file.partition)]

    def _one(self, files: Sequence[File]) -> File:
        leaves = tuple(sorted({leaf for file in files for leaf in file.leaves}))
        name = hashlib.sha256("\n".join(leaves).encode()).hexdigest()[:32]
        paths = listed(str(self.ledger.root / file.path) for file in files)
        con = connect(memory=MEMORY)
        try:
            con.execute("SET temp_directory = ?", [str(self.ledger.root / "spill")])
            return parquet.write(
                con,
                f"FROM read_parquet({paths}, union_by_name=true)",
                self.ledger.root,
                f"{files[0].partition}/{name}.parquet",
                leaves,
                level=parquet.COMPACT_LEVEL,
            )
        finally:
            con.close()

    def _clear(self, grace: float) -> int:
        """Remove Parquet files that do not count, once nobody can be reading them any more."""
        counting, old = {file.path for file in self.ledger.live()}, time.time() - grace
        removed = 0
        for path in self.ledger.root.glob("*/ecosystem=*/day=*/*"):
            if str(path.relative_to(self.ledger.root)) not in counting and path.stat().st_mtime < old:
                path.unlink()
                removed += 1
        return removed

    def _shorten(self, grace: float) -> int:
        """Make one commit of many; those it replaces go when they are old."""
        before = time.time() - grace
        paths = [self.ledger.log / f"{one.id}.json" for one in self.ledger.commits()]
        old = [path for path in paths if path.stat().st_mtime < before]
        if len(old) <= MAX_LOG:
            return 0
        stamp = self.ledger.stamp()
        self.ledger.write(Commit(self.ledger.new_id(), stamp, self.ledger.live()))
        for path in old:
            path.unlink()
        return len(old)


def due(files: Sequence[File], few: int = FEW) -> list[File]:
    """Of the files of a partition those to make one of: the small ones, and larger ones that they outgrew.

    So every row is written anew a few times only, however often somebody packs.
    """
    some: list[File] = []
    total = 0
    for file in sorted(files, key=lambda file: (file.size, file.path)):
        if some and file.size > total * SHARE:
            break
        some.append(file)
        total += file.size
    return some if len(some) > max(few, 1) else []
