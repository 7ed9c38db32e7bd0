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
from biopsy.static.sight import Layer, Sight, Source

MAX_FILE = 64 * 1024**2  # bytes of one file that any reader looks at
MAX_BYTES = 512 * 1024**2  # bytes of a tree that are read
MAX_SECONDS = 60.0  # of processor time, for a whole tree
MAX_DEPTH = 5  # layers inside layers
MAX_LAYERS = 200  # of one file
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


def _file(tree: Tree, file: TreeFile, when: When, paths: frozenset[str]) -> list[Behaviour]:
    source = Source(file.path, (tree.root / file.path).read_bytes(), when, paths=paths)
    best: dict[tuple[object, ...], Behaviour] = {}
    waiting, layers, seen = [source], 0, set()
    while waiting:
        for sight in _sights(waiting.pop(0)):
            if isinstance(sight, Behaviour):
                where = sight.where
                key = (sight.kind, sight.value, getattr(where, "path", ""), getattr(where, "line", 0))
                if key not in best or _rank(sight) < _rank(best[key]):
                    best[key] = sight
                continue
            layer, depth = sight
            if depth >= MAX_DEPTH or layers >= MAX_LAYERS or (layer.text, layer.when) in seen:
                continue
            layers += 1
            seen.add((layer.text, layer.when))
            data = layer.text.encode("utf-8", "surrogatepass")
            waiting.append(
                Source(
                    file.path,
                    data,
                    layer.when,
                    language=layer.language,
                    depth=depth + 1,
                    line=source.line or layer.line,
                )
            )
    return list(best.values())


def _sights(source: Source) -> Iterator[Behaviour | tuple[Layer, int]]:
    for reader in discover():
        try:
            if not reader.wants(source):
                continue
            for sight in reader.read(source):
                if isinstance(sight, Layer):
                    yield (
                        Layer(sight.text, sight.language, source.line or sight.line, sight.when),
                        source.depth,
                    )
                else:
                    yield sight
        except (RecursionError, MemoryError) as error:
            yield source.see(Kind.PKG_MALFORMED, f"{source.path} {type(error).__name__}")


def _rank(behaviour: Behaviour) -> int:
    return _ORDER.index(getattr(behaviour.where, "when", When.UNKNOWN))


__all__ = ["Reader", "discover", "read"]
