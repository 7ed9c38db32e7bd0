"""Which Parquet files make up the warehouse: a log of commits, each one file, written whole or not at all.

    warehouse/log/<id>.json
    warehouse/<table>/ecosystem=<ecosystem>/day=<day>/<id>.parquet

A commit only ever adds files. Every file says of which packs it is made (`leaves`); one that is made of more
of them stands for those that are made of fewer. So what counts follows from the set of commits alone, in
whatever order they are read: several machines may write, and compact, without asking each other.
"""

import os
import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from biopsy.errors import UsageError
from biopsy.model.regex import regex

MAX_COMMIT = 256 * 1024**2
"""Bytes of one commit that we read."""

LOG = "log"

_PATH = regex(
    r"(?P<table>[a-z]{1,40})/ecosystem=(?P<ecosystem>[a-z0-9][a-z0-9.+-]{0,63})"
    r"/day=(?P<day>\d{4}-\d\d-\d\d)/[a-z0-9][a-z0-9-]{0,80}\.parquet"
)
_ID = regex(r"[a-z0-9][a-z0-9-]{0,80}")


class File(msgspec.Struct, frozen=True):
    """A Parquet file below the root of the warehouse."""

    path: str
    rows: int
    size: int
    sha256: str
    leaves: tuple[str, ...]
    shape: str = ""  # names its columns: `tables.shape`

    @property
    def table(self) -> str:
        """The table that it is of."""
        return self.path.partition("/")[0]

    @property
    def partition(self) -> str:
        """The folder in which it stands: a table, an ecosystem and a day."""
        return self.path.rpartition("/")[0]

    @property
    def ecosystem(self) -> str:
        """The ecosystem of all its rows."""
        return self.path.split("/")[1].partition("=")[2]

    @property
    def day(self) -> str:
        """The day of all its rows."""
        return self.path.split("/")[2].partition("=")[2]


class Commit(msgspec.Struct, frozen=True):
    """Files that came to the warehouse together; the `stamp` orders the commits of one machine."""

    id: str
    stamp: int  # nanoseconds since 1970
    files: tuple[File, ...]


class Read(msgspec.Struct, frozen=True):
    """What was read of a log: the commits that were there, and the files that count, also by partition."""

    names: tuple[str, ...]
    files: tuple[File, ...]
    partitions: dict[str, tuple[File, ...]]


_KNOWN: dict[Path, Read] = {}
"""What was read of each log last: a commit never changes."""


class Ledger:
    """The log of one warehouse."""

    def __init__(self, root: Path) -> None:
        """Use the log below `root`, the folder of the warehouse; it need not exist yet."""
        self.root = root
        self.log = root / LOG

    def commits(self) -> tuple[Commit, ...]:
        """Every commit, by name; UsageError where one cannot be read."""
        return tuple(read(path) for path in sorted(self.log.glob("*.json")))

    def live(self) -> tuple[File, ...]:
        """The files that count, by path; what was read once is not read again."""
        return self._read().files

    def within(self, table: str, ecosystem: str, day: str) -> tuple[File, ...]:
        """Those of them in one partition."""
        return self._read().partitions.get(f"{table}/ecosystem={ecosystem}/day={day}", ())

    def _read(self) -> Read:
        try:
            names = tuple(
                sorted(
                    path.name for path in self.log.iterdir() if path.suffix == ".json" and path.name[0] != "."
                )
            )
        except FileNotFoundError:
            return Read((), (), {})
        known = _KNOWN.get(self.log)
        if known is None or known.names != names:
            files = live(f for commit in self.commits() for f in commit.files)
            parts = {part: tuple(some) for part, some in groupby(files, lambda f: f.partition)}
            _KNOWN[self.log] = known = Read(names, files, parts)
        return known

    def machine(self) -> str:
        """The name of this machine in the names of what it writes; made up when it is first asked for."""
        path = self.root / "machine"
        try:
            name = path.read_text("ascii")
        except FileNotFoundError:
            name = os.urandom(5).hex()
            self.root.mkdir(parents=True, exist_ok=True)
            path.write_text(name, "ascii")
        except (OSError, UnicodeDecodeError) as err:
            raise UsageError(f"{path} cannot be read: {err}") from err
        if not _ID.fullmatch(name):
            raise UsageError(f"{path} does not hold a name: remove it, and another is made up")
        return name

    def new_id(self) -> str:
        """Name a commit or a pack, like nobody else does; to be asked for by who holds the lock."""
        return f"{self.stamp():016x}-{self.machine()}"

    def owns(self, file: File) -> bool:
        """Whether this machine packed all that is in a file."""
        return all(leaf.endswith(f"-{self.machine()}") for leaf in file.leaves)

    def stamp(self) -> int:
        """A stamp later than all of this log."""
        last = max((commit.stamp for commit in self.commits()), default=0)
        return max(time.time_ns(), last + 1)

    def write(self, commit: Commit) -> None:
        """Write a commit: before it returns, the files are there for everybody and for good."""
        self.log.mkdir(parents=True, exist_ok=True)
        partial = self.log / f".{commit.id}.partial"
        with partial.open("wb") as file:
            file.write(msgspec.json.encode(commit))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.log / f"{commit.id}.json")
        settle(self.log)


def settle(path: Path) -> None:
    """Make a file, or what was renamed in a folder, last through a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> Commit:
    """Read a commit; UsageError where it is none, or names a file that is none of ours."""
    try:
        if path.stat().st_size > MAX_COMMIT:
            raise UsageError(f"{path} is larger than a commit may be ({MAX_COMMIT} bytes)")
        return checked(path.read_bytes(), str(path))
    except OSError as err:
        raise UsageError(f"{path} cannot be read: {err.strerror or err}") from err


def checked(data: bytes, where: str) -> Commit:
    """Read a commit from its bytes; UsageError as `read` raises it. The log may be shared with others."""
    try:
        commit = msgspec.json.decode(data, type=Commit)
    except (msgspec.DecodeError, ValueError, RecursionError) as err:
        raise UsageError(f"{where} is not a commit that this version reads: {err}") from err
    odd = [
        f.path for f in commit.files if not _PATH.fullmatch(f.path) or not all(map(_ID.fullmatch, f.leaves))
    ]
    if odd or not _ID.fullmatch(commit.id):
        raise UsageError(f"{where} names what is no file of a warehouse: {(odd or [commit.id])[0]!r}")
    return commit


def live(files: Iterable[File]) -> tuple[File, ...]:
    """Of all files those that count: in each partition the ones made of most packs, no pack twice."""
    ordered = sorted({f.path: f for f in files}.values(), key=lambda f: (f.partition, -len(f.leaves), f.path))
    found: list[File] = []
    for _, some in groupby(ordered, lambda f: f.partition):
        found += _chosen(tuple(some))
    return tuple(sorted(found, key=lambda f: f.path))


def _chosen(files: Sequence[File]) -> list[File]:
    taken: set[str] = set()
    chosen = []
    for file in files:
        if taken.isdisjoint(file.leaves):
            taken.update(file.leaves)
            chosen.append(file)
    return chosen
