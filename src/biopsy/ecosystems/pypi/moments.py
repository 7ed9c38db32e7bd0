"""When the code in each file of a Python package runs, as far as reading can tell."""

from collections.abc import Iterable, Iterator, Mapping

from biopsy.ecosystems.pypi import builders, identity, imports, manifest
from biopsy.ecosystems.reading import MAX_READ, aside, read, under
from biopsy.model.behaviour import When
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_FOLLOWED = 500
"""Most files that are read to follow imports, for each moment."""

MAX_HEAD = 2048
"""Bytes in which a script says what it needs."""

_INLINE = regex(rb"(?m)\A#![^\n]*\n(?:[ \t]*\n|#[^\n]*\n)*?# /// script[ \t]*$")
_CUSTOMIZE = regex(r"(?:src/|[^/]+\.data/(?:purelib|platlib)/)?(?:site|user)customize(?:\.py|/__init__\.py)")
_TOP = regex(r"(?:src/)?[^/]+\.egg-info/top_level\.txt")


def moments(tree: Tree) -> Mapping[str, When]:
    """Give the earliest moment of each Python file, .pth file and script; leave out what is not known."""
    sources = {f.path for f in tree.files if f.path.endswith((".py", ".pyw"))}
    wheel = manifest.is_wheel(tree)
    found: dict[str, When] = {}
    tops = _tops(tree, sources)
    for path in sources:
        if when := _alone(path, sources, tops, wheel=wheel):
            found[path] = When.CALL if when is When.IMPORT and _script(tree, path) else when
    lookup = imports.Lookup(sources)
    imported = sorted(p for p, when in found.items() if when is When.IMPORT)
    for path in _follow(tree, lookup, imported):
        if found.get(path) in (None, When.CALL, When.TEST, When.DOCS):
            found[path] = When.IMPORT
    starting = [*_starting(tree, lookup)]
    for path in [*starting, *_follow(tree, lookup, starting)]:
        found[path] = When.START
    if not wheel:
        installing = [*_installing(tree, lookup)]
        for path in [*installing, *_follow(tree, lookup, installing)]:
            found[path] = When.INSTALL
    for path, _, _ in manifest.pth_lines(tree):
        found[path] = When.START
    return found


def _alone(path: str, sources: set[str], tops: set[str], *, wheel: bool) -> When | None:
    """Judge a file by its own path."""
    if ".data/scripts/" in path or path.endswith("__main__.py"):
        return When.CALL
    if when := aside(path):
        return when
    if wheel or _packaged(path, sources):
        return When.IMPORT
    first = path.removeprefix("src/").partition("/")[0].removesuffix(".py")
    return When.IMPORT if first in tops else None


def _script(tree: Tree, path: str) -> bool:
    """Whether a file says what it needs to be run by itself (PEP 723), as no module does."""
    if path.endswith("__init__.py"):
        return False
    try:
        with (tree.root / path).open("rb") as file:
            return _INLINE.search(file.read(MAX_HEAD)) is not None
    except (OSError, ValueError):
        return False


def _tops(tree: Tree, sources: set[str]) -> set[str]:
    """Give the top names of an sdist: as it says itself; else, without packages, its modules."""
    named = {line.strip() for top in under(tree, _TOP) for line in (read(tree, top) or "").splitlines()}
    if named or any(path.endswith("/__init__.py") for path in sources):
        return named
    return {path.removesuffix(".py") for path in sources if "/" not in path} - {"setup"}


def _packaged(path: str, sources: set[str]) -> bool:
    folder = path.rpartition("/")[0]
    return path.startswith("src/") or (bool(folder) and f"{folder}/__init__.py" in sources)


def _starting(tree: Tree, lookup: imports.Lookup) -> Iterator[str]:
    yield from under(tree, _CUSTOMIZE)
    for _, _, line in manifest.pth_lines(tree):
        for name in imports.names(line, deep=True):
            yield from lookup.files(name)


def _installing(tree: Tree, lookup: imports.Lookup) -> Iterator[str]:
    """Yield setup.py, the in-tree build backend, hooks, and what setup.py names or imports, however deep."""
    if (source := read(tree, "setup.py")) is not None and not manifest.is_wheel(tree):
        yield "setup.py"
        for name in dict.fromkeys(imports.names(source, deep=True)):
            yield from lookup.files(name)
        yield from imports.opened(source, lookup.sources)
    folders, backend = identity.backend(tree)
    for folder in folders:
        for name in imports.parts(backend):
            yield from imports.Lookup(lookup.sources, (f"{folder}/" if folder else "",)).files(name)
    for built in builders.stated(tree):
        yield from (built.file,) if built.file in lookup.sources else lookup.files(built.module)


def _follow(tree: Tree, lookup: imports.Lookup, start: Iterable[str]) -> Iterator[str]:
    """Yield every file that the first ones import when they are themselves imported."""
    queue, seen, left = list(start), set(start), MAX_READ
    for count, path in enumerate(queue):
        if count >= MAX_FOLLOWED or left <= 0:
            return
        package, source = imports.package_of(path), read(tree, path) or ""
        left -= len(source)
        for name in dict.fromkeys(imports.names(source, package=package)):
            for file in lookup.files(name):
                if file not in seen:
                    seen.add(file)
                    queue.append(file)
                    yield file
