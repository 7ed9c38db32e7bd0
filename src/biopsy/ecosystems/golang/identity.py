"""Which module a tree is."""

from biopsy.ecosystems.reading import read
from biopsy.model.regex import regex
from biopsy.model.release import Release, Tree

MAX_NAME = 500

_PATH = regex(r"[A-Za-z0-9~_-][A-Za-z0-9._~-]*(?:/[A-Za-z0-9._~!+-]+)*")
_LINE = regex(r"(?m)^[ \t]*module[ \t]+(?:\(\s*)?[\"`]?([^\s\"`()]{1,500})")
_AROUND = regex(r"(?:.*/)?(?:tree-[^/]+)/((?:[^/@]+/)*[^/@]+)@(v[^/@]{1,200})")
_ZIP = regex(r".*@(v[0-9][0-9A-Za-z.+-]{0,200})\.zip|(v[0-9][0-9A-Za-z.+-]{0,200})\.zip")
_OTHERS = frozenset({"package.json", "pyproject.toml", "setup.py", "PKG-INFO", "Cargo.toml", "composer.json"})
_TAKEN = (".tgz", ".whl", ".gem", ".crate", ".nupkg", ".jar", ".vsix")


def is_path(name: str) -> bool:
    """Whether a text can be the path of a module."""
    return 0 < len(name) <= MAX_NAME and bool(_PATH.fullmatch(name)) and ".." not in name.split("/")


def identify(tree: Tree, filename: str) -> Release | None:
    """Give path and version; None where there is no go.mod, or another language's manifest beside it."""
    around = _AROUND.fullmatch(tree.root.as_posix())
    paths = {file.path for file in tree.files}
    if filename.lower().endswith(_TAKEN) or (not around and ("go.mod" not in paths or paths & _OTHERS)):
        return None
    declared = declared_path(read(tree, "go.mod") or "")
    name = (around[1] if around else "") or declared
    named = _ZIP.fullmatch(filename)
    version = around[2] if around else (named[1] or named[2]) if named else ""
    return Release("golang", name if is_path(name) else "unknown", version)


def declared_path(text: str) -> str:
    """Give the path that a go.mod says; empty where it says none."""
    match = _LINE.search(text)
    return match[1] if match else ""
