"""When the code of a module runs.

Variables of a package get their values, and its `init` functions run, before `main` of whatever program it is
linked into: that is import. What else is in a file is told apart by the reader. Programs run when somebody
starts them; files that no build takes (`//go:build ignore`, folders that begin with `_` or `.`, `testdata`)
when somebody names them.
"""

from collections.abc import Mapping

from biopsy.ecosystems.reading import MAX_READ, aside, read
from biopsy.model.behaviour import When
from biopsy.model.regex import regex
from biopsy.model.release import Tree

_MAIN = regex(r"(?m)^package[ \t]+main\b")
_IGNORED = regex(r"(?m)^//(?:go:build|[ \t]*\+build)[ \t]+ignore\b")
_LEFT = regex(r"(?:^|/)(?:_|\.|testdata/)")
_NATIVE = (".s", ".S", ".c", ".cc", ".cpp", ".m", ".syso")


def moments(tree: Tree) -> Mapping[str, When]:
    """Give the earliest moment of each file that Go builds."""
    found: dict[str, When] = {}
    left = MAX_READ
    for file in tree.files:
        if file.path.endswith(_NATIVE):
            found[file.path] = aside(file.path) or When.IMPORT
        if not file.path.endswith(".go"):
            continue
        if file.path.endswith("_test.go"):
            found[file.path] = When.TEST
        elif _LEFT.search(file.path):
            found[file.path] = When.UNKNOWN
        elif other := aside(file.path):
            found[file.path] = other
        else:
            source = read(tree, file.path) or "" if file.size <= left else ""
            left -= min(left, file.size)
            if _IGNORED.search(source[:4096]):
                found[file.path] = When.UNKNOWN
            else:
                found[file.path] = When.CALL if _MAIN.search(source) else When.IMPORT
    return found
