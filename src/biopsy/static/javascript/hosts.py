"""Programs that call into a package's code by themselves: an editor calls `activate` of an extension.

Without this, what such a function does would count as done when somebody calls it, which nobody does.
"""

import posixpath

import msgspec

from biopsy.static.code import ir
from biopsy.static.sight import Package, Source

MAX_MANIFEST = 1024**2
_CALLED = ("activate",)
_ENDINGS = ("", ".js", ".cjs", ".mjs", ".ts", "/index.js")


class _Manifest(msgspec.Struct):
    engines: dict[str, object] = {}
    main: object = None
    browser: object = None


def called(source: Source) -> list[ir.Stmt]:
    """Give the calls that a host makes once a module is loaded; none where it is no host's."""
    if source.depth or source.nested or source.path not in _entries(source.package):
        return []
    exports = ir.Name("exports", 0)
    return [
        ir.Do(ir.Call(callee, [ir.Name("__context", 0)], line=0), 0)
        for name in _CALLED  # which may stand in another file that this one hands on
        for callee in (
            ir.Attr(exports, name, 0),
            ir.Attr(ir.Attr(ir.Name("module", 0), "exports", 0), name, 0),
        )
    ]


class _Entries(frozenset[str]):
    """The paths of the modules that a host loads."""


def _entries(package: Package) -> _Entries:
    return package.kept("host's entries", _Entries, lambda: _Entries(_found(package)))


def _found(package: Package) -> list[str]:
    data = package.load("package.json") if "package.json" in package.paths else None
    if data is None or len(data) > MAX_MANIFEST or b'"vscode"' not in data:
        return []
    try:
        manifest = msgspec.json.decode(data, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    if not isinstance(manifest.engines.get("vscode"), str):
        return []
    stems = [posixpath.normpath(one) for one in (manifest.main, manifest.browser) if isinstance(one, str)]
    return [
        found
        for stem in stems
        if (found := next((stem + end for end in _ENDINGS if stem + end in package.paths), ""))
    ]
