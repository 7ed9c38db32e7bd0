"""The names by which a package could import what it fetches: an archive of ours has a module for each.

Who fetches an archive and imports from it names the module somewhere in its own code, be it only as a text in
a table. An archive without that module tells such code that nothing came, and nothing is seen.
"""

import re
import sys
from collections.abc import Iterable
from typing import Final

MAX_NAMES: Final = 200
"""Most modules that an archive has."""

MAX_LENGTH: Final = 80
"""Longest name of one, in characters."""

_IMPORTS_FETCHED = re.compile(
    r"zipimport|\bsys\.path\b|['\"]path['\"]|addsitedir|path_hooks|FileFinder|\brunpy\b|\b__path__\b"
)
_TEXT: Final = re.compile(r"""['"]([A-Za-z_]\w*(?:\.[A-Za-z_]\w*){0,4})(?::[A-Za-z_][\w.]*)?['"]""")
_IMPORT: Final = re.compile(r"(?m)^\s+(?:import|from)[ \t]+([A-Za-z_]\w*(?:\.[A-Za-z_]\w*){0,4})")
_LONE: Final = re.compile(r"__\w+__|[A-Z0-9_]+|\w{1,2}")


def names(files: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Give the modules that this code may look for in what it fetched: none that it has itself, or Python."""
    every = dict(files)
    own = {part.removesuffix(".py") for path in every for part in path.split("/")}
    found: dict[str, None] = {}
    for path, text in every.items():
        if path.endswith((".py", ".pth")) and _IMPORTS_FETCHED.search(text):
            found.update(dict.fromkeys(_IMPORT.findall(text)))
            found.update(dict.fromkeys(_TEXT.findall(text)))
    wanted = (name for name in found if len(name) <= MAX_LENGTH and not _known(name, own))
    return tuple(name for name, _ in zip(wanted, range(MAX_NAMES), strict=False))


def _known(name: str, own: set[str]) -> bool:
    top = name.partition(".")[0]
    return top in own or top in sys.stdlib_module_names or _LONE.fullmatch(name) is not None
