"""Files of the package that its own code reads: what stands in them is known."""

import posixpath

from biopsy.model.regex import regex
from biopsy.static.code.value import HOLE
from biopsy.static.sight import Source

_INSTALLED = regex(rf"^(?:{HOLE}|site-packages)/(?=[^/]+/.)")
"""The folder of all packages, wherever that is, before a file in a folder of this one."""

MAX_CONTENT = 2 * 1024**2  # bytes of a file that is read so


def find(path: str, source: Source) -> str:
    """The file of the package that a path in the code of `source` means; empty where it is none."""
    path = _INSTALLED.sub("", path)
    if not path or HOLE in path or path.startswith(("~", "/")) or len(path) > 300:
        return ""
    folder = posixpath.dirname(source.path)
    for start in (folder, "", *_roots(source)):
        candidate = posixpath.normpath(posixpath.join(start, path))
        if candidate in source.paths:
            return candidate
    return ""


def content(path: str, source: Source) -> bytes | None:
    """The bytes of such a file; None where there is none."""
    found = find(path, source)
    data = source.package.load(found) if found else None
    return data if data is not None and len(data) <= MAX_CONTENT else None


def told(path: str, source: Source) -> str:
    """A path as it is told: where it climbs to a file of the package, it is named from the package's root.

    `./../package.json` of `scripts/a.js` is the package's own manifest, of `a.js` it is somebody else's.
    """
    if not path.startswith("./../"):
        return path
    found = posixpath.normpath(posixpath.join(posixpath.dirname(source.path), path))
    return f"./{found}" if found in source.paths else path


def _roots(source: Source) -> tuple[str, ...]:
    first = source.path.partition("/")[0]
    return ("src",) if first == "src" else ()
