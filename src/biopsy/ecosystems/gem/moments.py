"""When the code in each file of a gem runs, as far as reading can tell."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from biopsy.ecosystems.gem.hooks import plugins
from biopsy.ecosystems.gem.specification import Malformed, Specification, load
from biopsy.ecosystems.reading import MAX_READ, aside, read
from biopsy.model.behaviour import When
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_FOLLOWED = 500
"""Most files that are read to follow `require`, for each moment."""

_TESTS = regex(r"(?:^|/)(?:features|test_[^/]*\.rb|[^/]*_(?:test|spec)\.rb|(?:test|spec)_helper\.rb)(?:/|$)")
_RELATIVE = regex(r"\brequire_relative\s*\(?\s*(['\"])([^'\"\n]{1,300})\1")
_REQUIRE = regex(
    r"\b(?:require|load|autoload\s*\(?\s*:\w{1,100}\s*,)\s*\(?\s*"
    r"(?:File\.(?:expand_path|join)\s*\(?\s*)?(?:__dir__\s*,\s*)?(['\"])([^'\"\n]{1,300})\1"
)
_LOADED = ("app/", "config/initializers/", "config/routes.rb")
"""What Rails loads of a gem that is an engine, at the start of the program."""


def moments(tree: Tree) -> Mapping[str, When]:
    """Give the earliest moment of each Ruby file: install, import (any in a require path), call."""
    spec = load(tree)
    if isinstance(spec, Malformed):
        spec = Specification()
    paths = {file.path for file in tree.files}
    folders = tuple(f"{one.strip('/')}/".removeprefix("./") for one in spec.require_paths)
    commands = {f"{spec.bindir}/{name}" for name in spec.executables}
    found: dict[str, When] = {}
    for path in paths:
        if not path.endswith((".rb", ".rake", ".gemspec", ".ru")) and not _named(path, commands):
            continue
        if path.startswith(folders) or path.startswith(_LOADED):
            found[path] = When.IMPORT
        elif path in commands:
            found[path] = When.CALL
        else:
            found[path] = aside(path) or (When.TEST if _TESTS.search(path) else When.CALL)
    if spec.path.endswith(".gemspec"):
        found[spec.path] = When.INSTALL  # a folder is built before it is installed, and its gemspec is code
    installing = {path for path in (*spec.extensions, *plugins(tree, spec)) if path in paths}
    for path in [*installing, *_follow(tree, paths, installing, folders)]:
        found[path] = When.INSTALL
    return found


def _named(path: str, commands: set[str]) -> bool:
    return path in commands or path.rpartition("/")[2] in ("Rakefile", "Gemfile")


def _follow(tree: Tree, paths: set[str], start: Iterable[str], folders: tuple[str, ...]) -> Iterator[str]:
    """Yield every file of the gem that the first ones load by a name that is written out."""
    queue, seen, left = sorted(start), set(start), MAX_READ
    for count, path in enumerate(queue):
        if count >= MAX_FOLLOWED or left <= 0:
            return
        source = read(tree, path) or ""
        left -= len(source)
        for target in dict.fromkeys(_targets(source, path, folders)):
            resolved = next((one for one in (target, f"{target}.rb") if one in paths), None)
            if resolved and resolved not in seen:
                seen.add(resolved)
                queue.append(resolved)
                yield resolved


def _targets(source: str, path: str, folders: tuple[str, ...]) -> Iterator[str]:
    here = posixpath.dirname(path)
    for match in _RELATIVE.finditer(source):
        yield posixpath.normpath(posixpath.join(here, match[2]))
    for match in _REQUIRE.finditer(source):
        for folder in (*folders, f"{here}/" if here else "", path + "/"):
            yield posixpath.normpath(posixpath.join(folder, match[2])).lstrip("/")
