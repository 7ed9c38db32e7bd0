"""What a PHP package's manifest says: hooks, entries, dependencies, settings.

`pkg.hook` has these values:

    composer:plugin CLASS                Composer makes an object of it when it is installed, and ever after
    composer:post-install-cmd COMMAND    runs when it is installed as the root: a `project` always is
    composer:files PATH                  runs in every process that loads anything at all of the project
    composer:laravel.providers CLASS     the framework finds it and starts with it

`pkg.entry` is `bin NAME=PATH`; `pkg.dependency` is `VENDOR/NAME@SPEC`; `pkg.config` is
`composer replace=NAME` (it is installed where that one is asked for) and `composer repository=URL`.
"""

import re
from collections.abc import Iterator

from biopsy.ecosystems.composer.events import hooks as running
from biopsy.ecosystems.composer.package import PATH, Package, load
from biopsy.ecosystems.manifests import Malformed, once
from biopsy.ecosystems.reading import read
from biopsy.model.behaviour import Behaviour, InFile, Kind
from biopsy.model.regex import regex
from biopsy.model.release import Tree

_PLATFORM = regex(
    r"php(?:-64bit|-ipv6|-zts|-debug)?|hhvm|(?:ext|lib)-[a-z0-9_.-]+|composer(?:-plugin|-runtime)?-api"
)


def hooks(tree: Tree) -> Iterator[Behaviour]:
    """Yield each fact once. Never raises."""
    package = load(tree)
    if isinstance(package, Malformed):
        yield Behaviour(Kind.PKG_MALFORMED, f"{PATH} {package.reason}", InFile(PATH))
        return
    yield from once(_all(tree, package))


def _all(tree: Tree, package: Package) -> Iterator[Behaviour]:
    text = read(tree, PATH) or ""
    for hook in running(package):
        where = InFile(PATH, _line(text, hook.key), hook.when)
        yield Behaviour(Kind.PKG_HOOK, hook.value, where)
    for path in package.bin:
        clean = path.removeprefix("./")
        yield Behaviour(Kind.PKG_ENTRY, f"bin {clean.rpartition('/')[2]}={clean}", InFile(PATH))
    for name, spec in package.require.items():
        if not _PLATFORM.fullmatch(name.lower()):
            yield Behaviour(Kind.PKG_DEPENDENCY, f"{name.lower()}@{spec}", InFile(PATH))
    vendor = package.name.partition("/")[0]
    for name in package.replace:
        if name.lower().partition("/")[0] != vendor:  # its own parts are nobody else's
            yield Behaviour(Kind.PKG_CONFIG, f"composer replace={name.lower()}", InFile(PATH))
    for repository in package.repositories:
        url = repository.get("url")
        if isinstance(url, str):
            yield Behaviour(Kind.PKG_CONFIG, f"composer repository={url}", InFile(PATH))


def _line(text: str, key: str) -> int:
    """Find the line of a key, for people: the first there is."""
    match = re.search(rf'"{re.escape(key)}"\s*:', text)
    return text.count("\n", 0, match.start()) + 1 if match else 0
