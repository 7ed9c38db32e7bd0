"""The shape of a tree: which folders around a package are its archive's and not its own.

sdist, or not known   name-1.0/setup.py                   setup.py
Go's modules          host/owner/name@v1.0.0/go.mod       go.mod
vsix                  extension/package.json              package.json
                      extension.vsixmanifest              .vsix/extension.vsixmanifest
wheel, jar, nupkg     as it is
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from biopsy.model.regex import regex
from biopsy.model.release import Tree, TreeFile

WHOLE = (".whl", ".egg", ".jar", ".war", ".ear", ".aar", ".nupkg", ".snupkg")
"""Endings of archives whose first folders are the package's own."""

_MODULE = regex(r"(?:[^/@]+/){0,40}[^/@]+@v[^/@]+/")
_EXTENSION = "extension"
_AROUND = ".vsix"


def form(name: str) -> str:
    """Give the form of an archive by its file's name."""
    lower = name.lower()
    if lower.endswith(WHOLE):
        return "wheel"
    if lower.endswith(".vsix"):
        return "vsix"
    return "tgz" if lower.endswith(".tgz") else "sdist"


def shape(root: Path, files: Sequence[TreeFile], kind: str) -> Tree:
    """Give the tree of what was unpacked into `root`; OSError where our own disk fails."""
    if kind == "vsix":
        return _extension(root, files)
    if kind == "sdist" and files:
        module = _MODULE.match(files[0].path)
        if module and all(file.path.startswith(module[0]) for file in files):
            return _within(root, files, module[0])
        top = files[0].path.partition("/")[0] + "/"
        if all(file.path.startswith(top) for file in files):
            return _within(root, files, top)
    return Tree(root, tuple(files))


def _within(root: Path, files: Sequence[TreeFile], prefix: str) -> Tree:
    bare = (replace(file, path=file.path[len(prefix) :]) for file in files)
    return Tree(root / prefix.rstrip("/"), tuple(bare))


def _extension(root: Path, files: Sequence[TreeFile]) -> Tree:
    """Have the extension's own files at the top; what is around them lies in a folder of a free name."""
    own = f"{_EXTENSION}/"
    inside = [file for file in files if file.path.startswith(own)]
    if not inside:
        return Tree(root, tuple(files))
    around = _AROUND
    while any(file.path.startswith(own + around) for file in inside):
        around += "~"
    found = [replace(file, path=file.path[len(own) :]) for file in inside]
    for file in files:
        if not file.path.startswith(own):
            path = f"{around}/{file.path}"
            target = root / _EXTENSION / path
            target.parent.mkdir(parents=True, exist_ok=True)
            (root / file.path).rename(target)
            found.append(replace(file, path=path))
    return Tree(root / _EXTENSION, tuple(sorted(found, key=lambda f: f.path)))
