"""When the code in each file of a crate runs, as far as reading can tell."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from biopsy.ecosystems.cargo.package import Package, load
from biopsy.ecosystems.manifests import Malformed
from biopsy.ecosystems.reading import MAX_READ, aside, read
from biopsy.model.behaviour import When
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_FOLLOWED = 500
"""Most files that are read to follow `mod` and `include!`, for each moment."""

_MODULE = regex(
    r"(?:#\[path\s*=\s*\"([^\"\n]{1,300})\"\]\s*)?"
    r"(?:pub(?:\([^)]{1,40}\))?\s+)?\bmod\s+(\w{1,100})\s*;"
)
_INCLUDE = regex(r"\binclude(?:_str|_bytes)?!\s*[(\[{]\s*\"([^\"\n]{1,300})\"")


def moments(tree: Tree) -> Mapping[str, When]:
    """Give the earliest moment of each file of Rust: install (build scripts, macros), call, test, docs."""
    package = load(tree)
    package = Package() if isinstance(package, Malformed) else package
    paths = {file.path for file in tree.files}
    tests = {one.path for one in package.tests}
    found: dict[str, When] = {}
    for path in paths:
        if path.endswith(".rs"):
            found[path] = When.TEST if path in tests else aside(path) or _by_folder(path)
    installing = {package.build} if package.build else set()
    if package.macros:
        installing.add(package.lib or "src/lib.rs")
    start = sorted(installing & paths)
    for path in (*start, *_follow(tree, paths, start)):
        found[path] = When.INSTALL
    return found


def _by_folder(path: str) -> When:
    top = path.partition("/")[0]
    return When.TEST if top in ("tests", "benches", "fuzz") else When.CALL


def _follow(tree: Tree, paths: set[str], start: Iterable[str]) -> Iterator[str]:
    """Yield every file that the first ones take in as modules."""
    queue, seen, left = list(start), set(start), MAX_READ
    for count, path in enumerate(queue):
        if count >= MAX_FOLLOWED or left <= 0:
            return
        source = (read(tree, path) or "") if path.endswith(".rs") else ""
        left -= len(source)
        for target in dict.fromkeys(_targets(source, path)):
            if target in paths and target not in seen:
                seen.add(target)
                queue.append(target)
                yield target


def _targets(source: str, path: str) -> Iterator[str]:
    folder, stem = posixpath.dirname(path), posixpath.basename(path).removesuffix(".rs")
    root = stem in ("mod", "lib", "main", "build")
    own = folder if root else posixpath.join(folder, stem)
    for match in _MODULE.finditer(source):
        if match[1]:
            yield posixpath.normpath(posixpath.join(folder, match[1]))
        else:
            for name in (f"{match[2]}.rs", f"{match[2]}/mod.rs"):
                yield posixpath.normpath(posixpath.join(own, name))
    for match in _INCLUDE.finditer(source):
        yield posixpath.normpath(posixpath.join(folder, match[1]))
