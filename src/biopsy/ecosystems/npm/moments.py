"""When the code in each file of an npm package runs, as far as reading can tell."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

from biopsy.ecosystems.manifests import Malformed
from biopsy.ecosystems.npm import bundled, manifest
from biopsy.ecosystems.npm.package import LIFECYCLE, Package, load, matching, targets
from biopsy.ecosystems.reading import MAX_READ, aside, read
from biopsy.model.behaviour import When
from biopsy.model.regex import led, regex
from biopsy.model.release import Tree

MAX_FOLLOWED = 500
"""Most files that are read to follow `require` and `import`, for each moment."""

MAX_SCRIPTS = 50
"""Most scripts of package.json that a lifecycle script may lead to."""

Links = Callable[[str], Iterator[str]]

CODE = (".js", ".cjs", ".mjs")

_ENDINGS = ("", ".js", ".cjs", ".mjs", ".json", ".node", ".ts", "/index.js", "/index.cjs", "/index.mjs")
_RELATIVE = regex(
    r"(?:\brequire(?:\.resolve)?\s*\(|\bimport\s*\(|\bfrom|\bimport)\s*(['\"`])(\.{1,2}(?:/[^'\"`\n]{0,300})?)\1"
)
_LOADING = ("require", "import", "from")
_SCRIPT = regex(r"(['\"`])([\w@./-]{1,300}\.(?:[cm]?js|sh|py))\1")
_TOKENS = regex(r"[\s;&|()<>\"'`=,\[\]{}]+")
_RUN = regex(r"\b(?:npm|yarn|pnpm|bun)\s+(?:run-script\s+|run\s+)?(?:-[\w-]*\s+)*([\w:.-]+)")

_RUNNER = regex(r"\b(?:npm|yarn|pnpm|bun)\b")


def moments(tree: Tree) -> Mapping[str, When]:
    """Give the earliest moment of each script. JavaScript that nothing reaches counts as imported."""
    paths = {file.path for file in tree.files}
    package = load(tree)
    if isinstance(package, Malformed):
        package = Package()
    commands = {resolved for path in package.bin.values() if (resolved := _resolve(path, "", paths))}
    found: dict[str, When] = {}
    for path in paths:
        if path in commands:
            found[path] = When.CALL
        elif path.endswith(CODE):
            found[path] = aside(path) or When.IMPORT
    entries = set(_entries(package, paths))
    for path in [*entries, *_follow(tree, paths, entries, _requires)]:
        found[path] = When.IMPORT
    installing = set(_installing(tree, package, paths))
    for path in [*installing, *_follow(tree, paths, installing, _names)]:
        found[path] = When.INSTALL
    return {path: when for path, when in found.items() if not path.endswith((".json", ".node"))}


def reached(tree: Tree, start: Iterable[str]) -> Iterator[str]:
    """Yield the files that these lead to, themselves first, as Node would find them."""
    paths = {file.path for file in tree.files}
    first = {resolved for path in start if (resolved := _resolve(path, "", paths))}
    yield from sorted(first)
    yield from _follow(tree, paths, first, _requires)


def _entries(package: Package, paths: set[str]) -> Iterator[str]:
    """Yield the files that `require(name)`, `import(name)` and the sub-paths of `exports` load."""
    for path in (package.main or "index.js", package.module):
        if path and (resolved := _resolve(path, "", paths)):
            yield resolved
    for target in targets(package.exports):
        for path in matching(target, paths):
            if path.endswith((*CODE, ".node", ".json")):
                yield path


def _installing(tree: Tree, package: Package, paths: set[str]) -> Iterator[str]:
    """Yield the files that lifecycle scripts name, directly or by way of others, bundled packages' too."""
    queue = [("", package.scripts[name]) for name in LIFECYCLE if name in package.scripts]
    if manifest.rebuilds(tree, package):
        yield manifest.GYP
        queue.append(("", read(tree, manifest.GYP) or ""))
    inside: dict[str, Package] | None = None
    for count, (folder, command) in enumerate(queue):
        if count >= MAX_SCRIPTS:
            return
        for _, relative in _RELATIVE.findall(command):
            if resolved := _resolve(relative, folder, paths):
                yield resolved
        words = _TOKENS.split(command[:100_000])
        yield from _named(words, package.main if not folder else "", folder, paths)
        if not folder:
            for name in _RUN.findall(command):
                queue.extend(("", package.scripts[n]) for n in _with(name) if n in package.scripts)
            if _RUNNER.search(command):
                inside = bundled.found(tree, paths) if inside is None else inside
                queue.extend(bundled.scripts(inside, words))


def _named(words: list[str], main: str, folder: str, paths: set[str]) -> Iterator[str]:
    """Yield the files that the words of a command name."""
    for before, word in zip(["", *words], words, strict=False):
        node = before in ("node", "nodejs")
        name = (main or "index.js") if node and word == "." else word
        endings = _ENDINGS if node or name.startswith("./") else ("",)
        if name and (resolved := _resolve(name, folder, paths, endings)):
            yield resolved


def _with(name: str) -> tuple[str, str, str]:
    return f"pre{name}", name, f"post{name}"


def _follow(tree: Tree, paths: set[str], start: Iterable[str], links: Links) -> Iterator[str]:
    """Yield every file of the package that the first ones load."""
    queue, seen, left = sorted(start), set(start), MAX_READ
    for count, path in enumerate(queue):
        if count >= MAX_FOLLOWED or left <= 0:
            return
        if path.endswith((".json", ".node")):
            continue
        folder = posixpath.dirname(path)
        source = read(tree, path) or ""
        left -= len(source)
        for link in dict.fromkeys(links(source)):
            resolved = _resolve(link, folder, paths)
            if resolved and resolved not in seen:
                seen.add(resolved)
                queue.append(resolved)
                yield resolved


def _requires(source: str) -> Iterator[str]:
    for match in led(_RELATIVE, _LOADING, source):
        yield match[2]


def _names(source: str) -> Iterator[str]:
    """Yield what is required, and every text that looks like a script's path: an installer may start it."""
    yield from _requires(source)
    for _, path in _SCRIPT.findall(source):
        yield path.lstrip("/")


def _resolve(path: str, folder: str, paths: set[str], endings: tuple[str, ...] = _ENDINGS) -> str | None:
    """Find the file that Node would load; None where it is not in the package."""
    stem = posixpath.normpath(posixpath.join(folder, path))
    stem = "" if stem == "." else stem
    for ending in endings:
        candidate = (stem + ending).lstrip("/")
        if candidate in paths:
            return candidate
    return None
