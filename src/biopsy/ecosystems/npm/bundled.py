"""Packages inside a package: folders with a package.json of their own, and which of their scripts run.

A lifecycle script may say `npm run --prefix tools go`, `npm run go -w @x/tools`, `cd tools && npm i`: what
acts then stands in the scripts of another manifest.
"""

from collections.abc import Iterator, Mapping, Sequence

from biopsy.ecosystems.manifests import Malformed
from biopsy.ecosystems.npm.package import LIFECYCLE, PATH, PREPARING, Package, load
from biopsy.model.release import Tree

MAX_BUNDLED = 20
"""Most manifests of a package, besides its own, that are read."""

_INSTALLS = frozenset({"install", "i", "ci", "rebuild", "add"})
_ALL = frozenset({"--workspaces", "--ws", "-ws", "workspaces", "-r", "--recursive"})


def found(tree: Tree, paths: set[str]) -> dict[str, Package]:
    """Give the bundled packages of a tree, by folder. Installed ones are nobody's workspace."""
    folders = sorted(
        p[: -len(PATH) - 1] for p in paths if p.endswith(f"/{PATH}") and "node_modules/" not in p
    )
    loaded = {folder: load(tree, f"{folder}/{PATH}") for folder in folders[:MAX_BUNDLED]}
    return {folder: one for folder, one in loaded.items() if not isinstance(one, Malformed)}


def scripts(packages: Mapping[str, Package], words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the folder and text of each script that a command of these words runs in one of `packages`."""
    asked = set(words)
    plain = {word.removeprefix("./").rstrip("/") for word in asked}
    for folder, package in packages.items():
        if folder in plain or package.name in asked or asked & _ALL:
            for name in _run(package, asked):
                yield folder, package.scripts[name]


def _run(package: Package, asked: set[str]) -> list[str]:
    """The scripts that run: those asked for, with what goes before and after, and those of an install."""
    wanted = [n for name in package.scripts if name in asked for n in (f"pre{name}", name, f"post{name}")]
    if asked & _INSTALLS:
        wanted += [*LIFECYCLE, *PREPARING]
    return [name for name in dict.fromkeys(wanted) if name in package.scripts]
