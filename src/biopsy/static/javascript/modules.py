"""Which file of a package `require` and `import` mean, as Node finds it."""

import posixpath
from collections.abc import Iterator

import msgspec

from biopsy.model.regex import led, regex
from biopsy.static.code.data import parsed
from biopsy.static.code.interest import Taken
from biopsy.static.code.value import Value
from biopsy.static.javascript.lower import unescape
from biopsy.static.sight import Package, Source

ENDINGS = ("", ".js", ".cjs", ".mjs", ".ts", ".json", "/index.js", "/index.cjs", "/index.mjs", "/index.ts")
CODE = (".js", ".cjs", ".mjs", ".ts", ".mts", ".cts", ".jsx", ".tsx")
NAME = regex(r"(?:@[\w~-][\w.~-]*/)?[\w~-][\w.~-]*")
_BUILTIN = regex(
    r"node:|(?:fs|os|net|tls|dgram|dns|https?|vm|path|url|util|child_process|crypto|zlib|module"
    r"|stream|events)(?:/|$)"
)


class _Manifest(msgspec.Struct):
    name: object = ""
    main: object = ""
    module: object = ""
    exports: object = None


def resolve(spec: str, path: str, package: Package) -> str:
    """The file that `spec`, asked for in `path`, means; empty where it is not of the package."""
    paths = package.paths
    if spec.startswith(("./", "../")) or spec in {".", ".."}:
        return _file(posixpath.join(posixpath.dirname(path), spec), package)
    if spec.startswith("/") or not (named := NAME.match(spec)):
        return ""
    own = manifest(package, "package.json")
    if own is not None and own.name == named[0] and not named[0].startswith("."):
        rest = spec[named.end() :]
        return _file(rest.lstrip("/"), package) if rest else _main(package, "")
    for folder in _above(path):
        bundled = posixpath.join(folder, "node_modules", spec)
        if posixpath.join(folder, "node_modules", named[0], "package.json") in paths:
            return _file(bundled, package)
    return ""


def builtin(spec: str) -> bool:
    """Whether a name is that of one of Node's own modules."""
    return _BUILTIN.match(spec) is not None


def manifest(package: Package, path: str) -> _Manifest | None:
    """A package.json of the tree, read once."""
    key = f"manifest {path}"
    if key not in package.memo:
        data = package.load(path) if path in package.paths else None
        try:
            package.memo[key] = msgspec.json.decode(data, type=_Manifest) if data else None
        except (msgspec.DecodeError, RecursionError):
            package.memo[key] = None
    held = package.memo[key]
    return held if isinstance(held, _Manifest) else None


def _above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:at]) for at in range(len(parts), -1, -1)]


def _file(path: str, package: Package) -> str:
    stem = posixpath.normpath(path)
    stem = "" if stem == "." else stem
    if stem.startswith("../"):
        return ""
    for ending in ENDINGS:
        candidate = f"{stem}{ending}".lstrip("/")
        if candidate in package.paths:
            return candidate
    if stem.endswith((".js", ".mjs", ".cjs")):  # TypeScript names what its file will be compiled to
        source = f"{stem.rpartition('.')[0]}.ts"
        if source in package.paths:
            return source
    return _main(package, stem)


def _main(package: Package, folder: str) -> str:
    held = manifest(package, f"{folder}/package.json".lstrip("/"))
    if held is None:
        return ""
    for name in (_text(held.exports), _text(held.main), _text(held.module), "index.js"):
        stem = posixpath.normpath(posixpath.join(folder, name)) if name else ""
        for ending in ENDINGS if stem else ():
            if f"{stem}{ending}".lstrip("/") in package.paths:
                return f"{stem}{ending}".lstrip("/")
    return ""


def _text(value: object, depth: int = 0) -> str:
    """A path, or the first that the conditions of `exports` name."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and depth < 6:
        held = next((value[k] for k in (".", "require", "node", "import", "default") if k in value), None)
        return _text(held, depth + 1)
    return ""


_SPEC = regex(
    rb"(?:\brequire\s*\(|\bimport\s*\(|\bfrom|\bimport)\s*(?:/\*[^*]{0,200}\*/\s*)?['\"`]([^'\"`\n]{1,300})['\"`]"
)
_BOUND = regex(
    rb"\b(?:const|let|var)\s+(\{[^{}=]{1,2000}\}|[\w$]+)\s*=\s*(?:[\w.$]{1,60}\(\s*){0,2}require\s*\(\s*['\"`](\.[^'\"`\n]{0,300})['\"`]"
    rb"|\bimport\s+([^;'\"]{1,2000}?)\s*from\s*['\"](\.[^'\"\n]{0,300})['\"]"
)
_LOADING = (b"require", b"import", b"from")
_BINDING = (b"const", b"let", b"var", b"import")
_WORD = regex(rb"[A-Za-z_]\w*")
_SAID = frozenset({b"as", b"default", b"type", b"from", b"import"})

MAX_NAMES = 300  # names of one file that come from others of the package


def links(source: Source) -> Iterator[Taken]:
    """The names that hold modules of the package, or parts of them; no name for one that is only loaded."""
    found: dict[str, str] = {}
    for one in dict.fromkeys(match[1] for match in led(_SPEC, _LOADING, source.data)):
        spec = unescape(one.decode("utf-8", "replace"))
        path = found[spec] = resolve(spec, source.path, source.package)
        if path:
            yield Taken("", path)
    count = 0
    followed = any(path.endswith(CODE) for path in found.values())
    for match in led(_BOUND, _BINDING, source.data) if followed else ():
        path = found.get(unescape((match[2] or match[4]).decode("utf-8", "replace")), "")
        for word in _WORD.findall(match[1] or match[3]) if path.endswith(CODE) else ():
            count += 1
            if word not in _SAID and count <= MAX_NAMES:
                yield Taken(word.decode(), path)


def data(path: str, package: Package) -> Value:
    """What a JSON file of the package holds."""
    held = package.load(path)
    return parsed(held) if held is not None else Value()
