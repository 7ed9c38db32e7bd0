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
from biopsy.static.sight import Layer, Package, Part, Sight, Source

MAX_FILE = 64 * 1024**2  # bytes of one file that any reader looks at
MAX_BYTES = 512 * 1024**2  # bytes of a tree that are read
MAX_SECONDS = 12.0  # of processor time, for a whole tree
MAX_DEPTH = 5  # layers inside layers
MAX_LAYERS = 200  # of one file
MAX_NESTED = 3  # files inside files
MAX_PARTS = 1000  # files inside one file, in all
MAX_PART_BYTES = 128 * 1024**2  # of those
MAX_PART_SECONDS = 6.0  # of processor time, for those
MAX_BEHAVIOURS = 50_000  # of a tree
MAX_STACK = 10_000  # frames of the interpreter while reading
MAX_WASTE = 700_000  # blocks of memory taken since garbage was last collected, until it is again
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
        found, late = _read(tree, moments, clock)
    yield from _shared_out(found)
    if late:
        first = Source(late[0].path, b"", moments.get(late[0].path, When.UNKNOWN))
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


def _read(
    tree: Tree, moments: Mapping[str, When], clock: Callable[[], float]
) -> "tuple[dict[_Key, Behaviour], list[TreeFile]]":
    end, total, unchecked, blocks = clock() + MAX_SECONDS, 0, 0, sys.getallocatedblocks()
    package = _package(tree, moments)
    found: dict[_Key, Behaviour] = {}
    late: list[TreeFile] = []
    for file in sorted(tree.files, key=lambda f: _turn(f, moments)):
        unchecked += file.size + CHECKED // 16
        if unchecked > CHECKED:
            unchecked, end = 0, end if clock() <= end else 0.0
        if not end or total + file.size > MAX_BYTES:
            late.append(file)
            continue
        total += file.size
        if sys.getallocatedblocks() - blocks > MAX_WASTE:
            gc.collect()
            blocks = sys.getallocatedblocks()
        for behaviour in _file(package, file):
            _keep(found, behaviour)
    return found, late


_Key = tuple[Kind, str, str, int]


def _turn(file: TreeFile, moments: Mapping[str, When]) -> tuple[int, bool, str]:
    return _ORDER.index(moments.get(file.path, When.UNKNOWN)), file.size > LARGE, file.path


def _package(tree: Tree, moments: Mapping[str, When]) -> Package:
    sizes = {f.path: f.size for f in tree.files}

    def load(path: str) -> bytes | None:
        return (tree.root / path).read_bytes() if sizes.get(path, MAX_FILE + 1) <= MAX_FILE else None

    code = sum(size for path, size in sizes.items() if path.endswith(_CODE))
    return Package(frozenset(sizes), moments, load, size=code)


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

    def __init__(self) -> None:
        self.parts, self.bytes = MAX_PARTS, MAX_PART_BYTES
        self.end = 0.0  # the first part starts the clock

    def takes(self, part: Part, outer: Source) -> bool:
        if outer.nested >= MAX_NESTED or not self.parts or len(part.data) > self.bytes:
            return False
        now = time.process_time()
        self.end = self.end or now + MAX_PART_SECONDS
        if now > self.end:
            return False
        self.parts -= 1
        self.bytes -= len(part.data)
        return True


def _file(package: Package, file: TreeFile) -> list[Behaviour]:
    source = package.source(file.path)
    if source is None:
        when = package.moments.get(file.path, When.UNKNOWN)
        return [Source(file.path, b"", when).see(Kind.PKG_MALFORMED, f"{file.path} too-large")]
    return _one(source, _Room())


def _one(source: Source, room: _Room) -> list[Behaviour]:
    best: dict[_Key, Behaviour] = {}
    waiting, layers, seen = [source], 0, set()
    while waiting:
        current = waiting.pop(0)
        for sight in _sights(current):
            if isinstance(sight, Layer):
                if current.depth >= MAX_DEPTH or layers >= MAX_LAYERS or (sight.text, sight.when) in seen:
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
    return Source(
        f"{outer.path}!/{part.path}", part.data, part.when, paths=part.beside, nested=outer.nested + 1
    )


def _skipped(part: Source) -> Behaviour:
    return part.see(Kind.PKG_MALFORMED, f"{part.path} not read: too-much")


def _sights(source: Source) -> Iterator[Sight]:
    for reader in discover():
        try:
            if reader.wants(source):
                yield from reader.read(source)
        except (RecursionError, MemoryError) as error:
            yield source.see(Kind.PKG_MALFORMED, f"{source.path} {type(error).__name__}")


def _rank(behaviour: Behaviour) -> int:
    return _ORDER.index(getattr(behaviour.where, "when", When.UNKNOWN))


__all__ = ["Reader", "discover", "read"]
