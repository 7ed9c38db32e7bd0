"""Which files that run at install run as the program: where one is imported, its `__main__` block waits."""

import posixpath
import re

from biopsy.model.regex import regex
from biopsy.static.sight import Package, Source

_SETUP = "setup.py"
_BUILDS = (_SETUP, "pyproject.toml", "setup.cfg", "meson.build", "CMakeLists.txt")
"""What names the files that a build runs."""

_IMPORTS = regex(rb"(?:\A|[\r\n;])[ \t]*(?:from|import)[ \t]+([A-Za-z_][A-Za-z0-9_]*)")
_RUNNERS = regex(rb"runpy|run_module|run_path|[\"' ]-m[\"' ]|__main__[\"'],")
"""Words with which a module is run as the program though it is named like one that is imported."""


def only_imported(source: Source) -> bool:
    """Whether setup.py imports this file's package, and nothing of a build runs the file itself.

    Where that is not sure, it counts as run: what is missed weighs more than a moment that is too early.
    """
    if source.path in _BUILDS or source.depth:
        return False
    named = source.package.kept("python builds", dict, lambda: _builds(source.package))
    setup = named.get(_SETUP, b"")
    parts = re.sub(r"^src/", "", source.path).removesuffix(".py").split("/")
    if parts[0].encode() not in _IMPORTS.findall(setup) or _RUNNERS.search(setup):
        return False
    return not any(posixpath.basename(source.path).encode() in text for text in named.values())


def _builds(package: Package) -> dict[str, bytes]:
    return {path: data for path in _BUILDS if (data := package.load(path)) is not None}
