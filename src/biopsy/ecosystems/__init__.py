"""Ecosystems: what biopsy knows of PyPI, npm and whatever comes next.

One ecosystem is one module (or package) of this folder that has an `ECOSYSTEM`: an object that keeps the
`Ecosystem` protocol. It is found by being there, under the name of its purl type (with `_` for `-`); there is
no list to edit. `also` of an ecosystem are other words that people write for it. `undated` says that its
registry does not tell when each release came out and has one artifact of each: what a feed names is taken as
named. Where a package of it always has something at its root, or a name, by which it is known, the folder's
`marks.txt` says so: patterns in small letters, one a line. What has none of them is then no package of that
ecosystem, which need not be imported to say so.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from biopsy.ecosystems.protocol import Ecosystem, Facts, Listing, Published
from biopsy.errors import UsageError
from biopsy.model.release import Release, Tree

__all__ = [
    "Ecosystem",
    "Facts",
    "Listing",
    "Published",
    "all_ecosystems",
    "by_type",
    "identify",
    "parse_target",
]

from biopsy.ecosystems.target import parse_target  # after the protocol, which it shares with us


def all_ecosystems() -> Iterator[Ecosystem]:
    """Yield every ecosystem there is, in the order of their names, each imported when it is its turn."""
    yield from filter(None, map(_ecosystem, _names()))


def by_type(purl_type: str) -> Ecosystem:
    """Give the ecosystem of a purl type, which is its module's name too; UsageError names those there are."""
    name = purl_type.replace("-", "_")
    ecosystem = _ecosystem(name) if name in _names() else None
    if ecosystem is None:
        ecosystem = next((e for e in all_ecosystems() if purl_type in getattr(e, "also", ())), None)
    if ecosystem is None:
        known = ", ".join(e.type for e in all_ecosystems())
        raise UsageError(f"no ecosystem {purl_type!r}; there are: {known}")
    return ecosystem


def identify(tree: Tree, filename: str) -> tuple[Ecosystem, Release] | None:
    """Say which ecosystem's a local artifact is, and which release; None where it is nobody's.

    The first that knows it, in the order of their names; `filename` is as `Ecosystem.identify` has it.
    """
    seen = {file.path.partition("/")[0].lower() for file in tree.files}
    seen |= {filename.lower().rstrip("/"), tree.root.name.lower()}
    for name in _names():
        if _fits(name, seen) and (ecosystem := _ecosystem(name)) is not None:
            release = ecosystem.identify(tree, filename)
            if release is not None:
                return ecosystem, release
    return None


def _fits(name: str, seen: set[str]) -> bool:
    """Whether an ecosystem says no marks, or one of them is there."""
    try:
        marks = (Path(__file__).parent / name / "marks.txt").read_text("utf-8").split()
    except OSError:
        return True
    return any(
        mark in seen or ("*" in mark and any(fnmatchcase(one, mark) for one in seen)) for mark in marks
    )


def _names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def _ecosystem(name: str) -> Ecosystem | None:
    found: Ecosystem | None = getattr(importlib.import_module(f"{__name__}.{name}"), "ECOSYSTEM", None)
    return found
