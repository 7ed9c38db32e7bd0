"""Static reading: what the files of a tree say that they do.

A reader is a module of `biopsy.static.readers` with `NAME`, `wants(source)` and `read(source)`; it is found
by being there. Readers give behaviours and layers (code that was hidden in a file), which are read in turn.
"""

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Protocol, cast

from biopsy.model.behaviour import Behaviour, Kind, When
from biopsy.model.release import Tree, TreeFile
from biopsy.static import readers
from biopsy.static.sight import Layer, Part, Sight, Source

MAX_FILE = 64 * 1024**2  # bytes of one file that any reader looks at
MAX_BYTES = 512 * 1024**2  # bytes of a tree that are read
MAX_SECONDS = 60.0  # of processor time, for a whole tree
MAX_DEPTH = 5  # layers inside layers
MAX_LAYERS = 200  # of one file
MAX_NESTED = 3  # files inside files
MAX_PARTS = 1000  # files inside one file, in all
MAX_PART_BYTES = 128 * 1024**2  # of those
MAX_PART_SECONDS = 6.0  # of processor time, for those
MAX_BEHAVIOURS = 50_000  # of a tree

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
    whatever its file. Files whose code runs by itself come first. What is skipped because of a limit is a
    `pkg.malformed`.
    """
    end, total, count = clock() + MAX_SECONDS, 0, 0
    paths = frozenset(f.path for f in tree.files)
    late: list[TreeFile] = []
    for file in sorted(tree.files, key=lambda f: _ORDER.index(moments.get(f.path, When.UNKNOWN))):
        when = moments.get(file.path, When.UNKNOWN)
        if clock() > end or total + file.size > MAX_BYTES:
            late.append(file)
            continue
        if file.size > MAX_FILE:
            yield Source(file.path, b"", when).see(Kind.PKG_MALFORMED, f"{file.path} too-large")
            continue
        total += file.size
        for behaviour in _file(tree, file, when, paths):
            count += 1
            if count <= MAX_BEHAVIOURS:
                yield behaviour
    if late:
        first = Source(late[0].path, b"", moments.get(late[0].path, When.UNKNOWN))
        yield first.see(Kind.PKG_MALFORMED, f"{first.path} and {len(late) - 1} more not read: out-of-time")


class _Room:
    """What the files inside one file may take, all together, so that none takes what later files need."""

    def __init__(self) -> None:
        self.parts, self.bytes = MAX_PARTS, MAX_PART_BYTES
        self.end = time.process_time() + MAX_PART_SECONDS

    def takes(self, part: Part, outer: Source) -> bool:
        if outer.nested >= MAX_NESTED or not self.parts or len(part.data) > self.bytes:
            return False
        if time.process_time() > self.end:
            return False
        self.parts -= 1
        self.bytes -= len(part.data)
        return True


def _file(tree: Tree, file: TreeFile, when: When, paths: frozenset[str]) -> list[Behaviour]:
    def beside(path: str) -> bytes:
        return (tree.root / path).read_bytes() if path in paths else b""

    data = (tree.root / file.path).read_bytes()
    return _one(Source(file.path, data, when, paths=paths, beside=beside), _Room())


def _one(source: Source, room: _Room) -> list[Behaviour]:
    best: dict[tuple[object, ...], Behaviour] = {}
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
                found = [sight]
            for behaviour in found:
                where = behaviour.where
                key = (behaviour.kind, behaviour.value, getattr(where, "path", ""), getattr(where, "line", 0))
                if key not in best or _rank(behaviour) < _rank(best[key]):
                    best[key] = behaviour
    return list(best.values())


def _layer(outer: Source, layer: Layer) -> Source:
    data = layer.text.encode("utf-8", "surrogatepass")
    line = outer.line or layer.line
    return Source(
        outer.path, data, layer.when, language=layer.language, depth=outer.depth + 1, line=line,
        nested=outer.nested,
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
