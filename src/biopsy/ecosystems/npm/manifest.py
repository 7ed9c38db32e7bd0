"""What an npm package's manifest says: hooks, entries, dependencies.

`pkg.hook` has these values:

    npm:postinstall COMMAND          runs at install (preinstall, install, postinstall)
    npm:install node-gyp rebuild     …because there is a binding.gyp and no script that takes its place
    npm:prepare COMMAND              runs only when installed from git or a folder (prepare, prepublish, …)

`pkg.entry` is `bin NAME=PATH`; `pkg.dependency` is `NAME@SPEC`, the spec as written.
"""

import re
from collections.abc import Iterator

from biopsy.ecosystems.manifests import Malformed, once
from biopsy.ecosystems.npm.package import DEPENDENCIES, LIFECYCLE, PATH, PREPARING, Package, load
from biopsy.ecosystems.reading import read
from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.release import Tree

GYP = "binding.gyp"


def hooks(tree: Tree) -> Iterator[Behaviour]:
    """Yield each fact once. Never raises."""
    package = load(tree)
    if isinstance(package, Malformed):
        yield Behaviour(Kind.PKG_MALFORMED, f"{PATH} {package.reason}", InFile(PATH))
        return
    yield from once(_all(tree, package))


def rebuilds(tree: Tree, package: Package) -> bool:
    """Whether npm runs node-gyp by itself."""
    own = package.scripts.keys() & {"preinstall", "install"}
    return package.gypfile and not own and any(file.path == GYP for file in tree.files)


def _all(tree: Tree, package: Package) -> Iterator[Behaviour]:
    text = read(tree, PATH) or ""
    for name in (*LIFECYCLE, *PREPARING):
        if command := package.scripts.get(name):
            when = When.INSTALL if name in LIFECYCLE else When.UNKNOWN
            yield Behaviour(Kind.PKG_HOOK, f"npm:{name} {command}", InFile(PATH, _line(text, name), when))
    if rebuilds(tree, package):
        yield Behaviour(Kind.PKG_HOOK, "npm:install node-gyp rebuild", InFile(GYP, 0, When.INSTALL))
    for name, path in package.bin.items():
        yield Behaviour(Kind.PKG_ENTRY, f"bin {name}={path.removeprefix('./')}", InFile(PATH))
    if folder := package.bin_folder.removeprefix("./").strip("/"):
        for file in tree.files:
            if file.path.startswith(f"{folder}/"):
                entry = f"bin {file.path.rpartition('/')[2]}={file.path}"
                yield Behaviour(Kind.PKG_ENTRY, entry, InFile(PATH))
    for kind in DEPENDENCIES:
        for name, spec in package.dependencies.get(kind, {}).items():
            yield Behaviour(Kind.PKG_DEPENDENCY, f"{name}@{spec}", InFile(PATH))


def _line(text: str, key: str) -> int:
    """Find the line of a script, for people: the first where its key stands after `scripts`."""
    start = max(text.find('"scripts"'), 0)
    match = re.compile(rf'"{re.escape(key)}"\s*:').search(text, start)
    return text.count("\n", 0, match.start()) + 1 if match else 0
