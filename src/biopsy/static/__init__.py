"""Static reading: what the files of a tree say that they do.

A reader is a module of `biopsy.static.readers` with `NAME`, `wants(source)` and `read(source)`; it is found
by being there. Readers give behaviours and layers (code that was hidden in a file), which are read in turn.
"""

import gc
import importlib
import pkgutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Protocol, cast

from biopsy.model.behaviour import Behaviour, Kind, When
from biopsy.model.release import Tree, TreeFile
from biopsy.static import concealed, readers
from biopsy.static.budget import MAX_STEPS, Budget
from biopsy.static.sight import Layer, Package, Part, Sight, Source

MAX_FILE = 64 * 1024**2  # bytes of one file that any reader looks at
MAX_BYTES = 512 * 1024**2  # bytes of a tree that are read
MAX_SECONDS = 60.0  # of processor time, for a whole tree: for what counting steps missed
MAX_DEPTH = 120  # layers inside layers: packers that squeeze again and again leave a hundred
DEEP = 20  # layers inside layers from which it is told that they were not all read
MAX_LAYERS = 200  # of one file
MAX_NESTED = 3  # files inside files
MAX_PARTS = 1000  # files inside one file, in all
MAX_PART_BYTES = 128 * 1024**2  # of those
MAX_PART_STEPS = MAX_STEPS // 2  # for those
MAX_BEHAVIOURS = 50_000  # of a tree
MAX_STACK = 10_000  # frames of the interpreter while reading
MAX_WASTE = 1_200_000  # blocks of memory taken since all garbage was last collected, until it is again
YOUNG_WASTE = 100_000  # of those, taken since any was
COUNTED = 256 * 1024  # bytes of files that are read between two counts of blocks, which take long
UNSIZED = 64 * 1024  # bytes that a file which is read late counts for
CHECKED = 256 * 1024  # bytes of files that are read between two looks at the clock, which is slow to tell
LARGE = 1024**2  # bytes of a file that waits until the smaller ones of its moment were read

_CODE = (".py", ".pyw", ".js", ".cjs", ".mjs", ".ts", ".jsx", ".tsx")
_PLAIN = {Kind.NET_URL: 2, Kind.FILE_READ: 1, Kind.FILE_WRITE: 1, Kind.ENV_READ: 1, Kind.CODE_IMPORT: 1}
"""Kinds that go first where there are too many."""

_ORDER = (When.INSTALL, When.START, When.IMPORT, When.CALL, When.UNKNOWN, When.TEST, When.DOCS)


class Reader(Protocol):
    """One language or format."""

    NAME: str

    def wants(self, source: Source) -> bool:
        """Whether this reader knows what to do with a file."""

    def read(self, source: Source) -> Iterator[Sight]:
        """Yield what the file says. Never raises for what is in it."""


@cache
def discover() -> tuple[Reader, ...]:
    """All readers, in order of their names."""
    names = sorted(m.name for m in pkgutil.iter_modules(readers.__path__))
    return tuple(cast("Reader", importlib.import_module(f"{readers.__name__}.{name}")) for name in names)


def read(
    tree: Tree, moments: Mapping[str, When], clock: Callable[[], float] = time.process_time
) -> Iterator[Behaviour]:
    """Yield every behaviour that the files of a tree show, each once, at its earliest moment.

    `moments` says when the code of a file runs; code that only runs when somebody calls it is `call`,
    whatever its file. Files whose code runs by itself come first, and of those the small ones. What is
    skipped because of a limit is a `pkg.malformed`; limits are each file's own, so that none can take the
    room of another.
    """
    with _stack():
        reading = _Reading(tree, moments, clock)
        late = reading.all()
    yield from _shared_out(reading.found)
    if late:
        late.sort(key=lambda path: _ORDER.index(moments.get(path, When.UNKNOWN)))
        first = Source(late[0], b"", moments.get(late[0], When.UNKNOWN))
        yield first.see(Kind.PKG_MALFORMED, f"{first.path} and {len(late) - 1} more not read: out-of-time")


@contextmanager
def _stack() -> Iterator[None]:
    """Room for code that is nested as deep as `code.state` lets it be, and no collector of garbage.

    Syntax trees are many small objects, and the collector would walk them all again and again: it took more
    than half of the time. `_read` calls it between files instead, when memory grew.
    """
    before, collects = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(before, MAX_STACK))
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setrecursionlimit(before)
        if collects:
            gc.enable()


_Key = tuple[Kind, str, str, int]


class _Reading:
    """The reading of one tree: what was found, and what there was no budget for."""

    def __init__(self, tree: Tree, moments: Mapping[str, When], clock: Callable[[], float]) -> None:
        self._tree, self._clock, self.package = tree, clock, _package(tree, moments)
        self.found: dict[_Key, Behaviour] = {}
        self._end, self._bytes, self._unchecked = clock() + MAX_SECONDS, 0, 0
        self._waste = _Waste()

    def all(self) -> list[str]:
        """Read everything; gives the files that were left out."""
        budget, late = self.package.budget, []
        for file in sorted(self._tree.files, key=lambda f: _turn(f, self.package.moments)):
            if not budget.spent and self._in_time(file.size) and self._bytes + file.size <= MAX_BYTES:
                self._bytes += file.size
                budget.read(file.size)
                self._keep(_file(self.package, file.path), file.size)
            else:
                late.append(file.path)
        for path, reader in budget.last():
            self._keep(_file(self.package, path, reader))
        return [*budget.waiting, *late]

    def _keep(self, behaviours: list[Behaviour], size: int = UNSIZED) -> None:
        for behaviour in behaviours:
            _keep(self.found, behaviour)
        self._waste.collect(size)

    def _in_time(self, size: int) -> bool:
        self._unchecked += size + CHECKED // 16
        if self._unchecked > CHECKED:
            self._unchecked, self._end = 0, self._end if self._clock() <= self._end else 0.0
        return bool(self._end)


class _Waste:
    """Garbage, which is collected between files: the young often, all of it when there is twice as much."""

    def __init__(self) -> None:
        self._young = self._old = sys.getallocatedblocks()
        self._most, self._uncounted = self._old + MAX_WASTE, 0

    def collect(self, size: int) -> None:
        """Collect what there is, where there may be enough after so many bytes more."""
        self._uncounted += size + COUNTED // 256
        if self._uncounted < COUNTED:
            return
        self._uncounted = 0
        blocks = sys.getallocatedblocks()
        if blocks > self._most:
            gc.collect()
            self._young = sys.getallocatedblocks()
            self._most = self._young + max(MAX_WASTE, self._young - self._old)
        elif blocks - self._young > YOUNG_WASTE:
            gc.collect(0)
            self._young = sys.getallocatedblocks()


def _turn(file: TreeFile, moments: Mapping[str, When]) -> tuple[int, bool, str]:
    return _ORDER.index(moments.get(file.path, When.UNKNOWN)), file.size > LARGE, file.path


def _package(tree: Tree, moments: Mapping[str, When]) -> Package:
    sizes = {f.path: f.size for f in tree.files}

    def load(path: str) -> bytes | None:
        if sizes.get(path, MAX_FILE + 1) > MAX_FILE:
            return None
        with open(f"{tree.root}/{path}", "rb") as file:  # noqa: PTH123 - for thousands of files
            return file.read()

    code = sum(size for path, size in sizes.items() if path.endswith(_CODE))
    return Package(frozenset(sizes), moments, load, size=code, budget=Budget())


def _keep(found: dict[_Key, Behaviour], behaviour: Behaviour) -> None:
    where = behaviour.where
    key = (behaviour.kind, behaviour.value, getattr(where, "path", ""), getattr(where, "line", 0))
    if key not in found or _rank(behaviour) < _rank(found[key]):
        found[key] = behaviour


def _shared_out(found: Mapping[_Key, Behaviour]) -> Iterator[Behaviour]:
    """Yield all, or where that is too much, from each file as much as leaves room for the others."""
    if len(found) <= MAX_BEHAVIOURS:
        yield from found.values()
        return
    files: dict[str, list[Behaviour]] = {}
    for key, behaviour in found.items():
        files.setdefault(key[2], []).append(behaviour)
    left, waiting = MAX_BEHAVIOURS, len(files)
    for path, held in sorted(files.items(), key=lambda f: len(f[1])):
        held.sort(key=lambda b: (_PLAIN.get(b.kind, 0), _rank(b)))
        room = left // waiting
        yield from held[:room]
        if len(held) > room:
            yield Source(path, b"", When.UNKNOWN).see(Kind.PKG_MALFORMED, f"{path} too-many behaviours")
        left, waiting = left - min(len(held), room), waiting - 1


class _Room:
    """What the files inside one file may take, all together, so that none takes what later files need."""

    def __init__(self, budget: Budget) -> None:
        self.parts, self.bytes = MAX_PARTS, MAX_PART_BYTES
        self._budget, self._least = budget, max(budget.left - MAX_PART_STEPS, 0)

    def takes(self, part: Part, outer: Source) -> bool:
        if outer.nested >= MAX_NESTED or not self.parts or len(part.data) > self.bytes:
            return False
        if self._budget.left < self._least:
            return False
        self.parts -= 1
        self.bytes -= len(part.data)
        self._budget.read(len(part.data))
        return True


def _file(package: Package, path: str, reader: str = "") -> list[Behaviour]:
    source = package.source(path)
    if source is None:
        when = package.moments.get(path, When.UNKNOWN)
        return [Source(path, b"", when).see(Kind.PKG_MALFORMED, f"{path} too-large")]
    return _one(source, _Room(package.budget), reader)


def _one(source: Source, room: _Room, reader: str = "") -> list[Behaviour]:
    best: dict[_Key, Behaviour] = {}
    waiting, layers, seen = [source], 0, set()
    while waiting:
        current = waiting.pop(0)
        for sight in _sights(current, reader if current is source else ""):
            if isinstance(sight, Layer):
                if (sight.text, sight.when) in seen:
                    continue
                if current.depth >= MAX_DEPTH or layers >= MAX_LAYERS:
                    if current.depth >= DEEP:
                        _keep(
                            best, current.see(Kind.PKG_MALFORMED, f"{current.path} not read: too-many layers")
                        )
                    continue
                layers += 1
                seen.add((sight.text, sight.when))
                waiting.append(_layer(current, sight))
                continue
            if isinstance(sight, Part):
                inner = _part(current, sight)
                found = _one(inner, room) if room.takes(sight, current) else [_skipped(inner)]
            else:
                found = [sight, *concealed.told(current, sight)]
            for behaviour in found:
                _keep(best, behaviour)
    return list(best.values())


def _layer(outer: Source, layer: Layer) -> Source:
    data = layer.text.encode("utf-8", "surrogatepass")
    line = outer.line or layer.line
    return Source(
        outer.path, data, layer.when, language=layer.language, depth=outer.depth + 1, line=line,
        nested=outer.nested, package=outer.package, hidden=outer.hidden or layer.hidden,
    )  # fmt: skip


def _part(outer: Source, part: Part) -> Source:
    package = Package(part.beside, budget=outer.package.budget)
    path = f"{outer.path}!/{part.path}"
    return Source(path, part.data, part.when, nested=outer.nested + 1, package=package)


def _skipped(part: Source) -> Behaviour:
    return part.see(Kind.PKG_MALFORMED, f"{part.path} not read: too-much")


def _sights(source: Source, only: str = "") -> Iterator[Sight]:
    for reader in discover():
        try:
            if only in ("", reader.NAME) and reader.wants(source):
                yield from reader.read(source)
        except (RecursionError, MemoryError) as error:
            yield source.see(Kind.PKG_MALFORMED, f"{source.path} {type(error).__name__}")


def _rank(behaviour: Behaviour) -> int:
    return _ORDER.index(getattr(behaviour.where, "when", When.UNKNOWN))


__all__ = ["Reader", "discover", "read"]
