"""When the code in each file of a PHP package runs, as far as reading can tell.

Install: a plugin's class and all that it names, and what a project's scripts run. Start: `files` of the
autoloader, which every process of the project runs. Import: a class's file, run when the class is first used.
"""

from collections.abc import Iterable, Iterator, Mapping

from biopsy.ecosystems.composer.autoload import CODE, Lookup, clean, included
from biopsy.ecosystems.composer.events import hooks
from biopsy.ecosystems.composer.package import Package, load
from biopsy.ecosystems.manifests import Malformed
from biopsy.ecosystems.reading import MAX_READ, aside, read
from biopsy.model.behaviour import When
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_FOLLOWED = 500
"""Most files that are read to follow names and includes, for each moment."""

_TESTS = regex(r"(?:^|/)[A-Z]\w*(?:Test|TestCase|Spec)\.php$")
_TOKENS = regex(r"[\s;&|()<>\"'`=,\[\]{}]+")


def moments(tree: Tree) -> Mapping[str, When]:
    """Give the earliest moment of each file of PHP. What nothing reaches counts as imported."""
    paths = {file.path for file in tree.files}
    package = load(tree)
    if isinstance(package, Malformed):
        package = Package()
    commands = {clean(path) for path in package.bin} & paths
    testing = tuple(f"{folder}/" for folder in _folders(package) if folder)
    found: dict[str, When] = {}
    for path in paths:
        if path in commands:
            found[path] = When.CALL
        elif path.lower().endswith(CODE):
            test = path.startswith(testing) or _TESTS.search(path)
            found[path] = When.TEST if testing and test else aside(path) or When.IMPORT
    lookup = Lookup(package.autoload, paths)
    for moment, deep in ((When.START, False), (When.INSTALL, True)):
        first = set(_running(tree, package, lookup, moment))
        for path in [*first, *_follow(tree, lookup, first, deep=deep)]:
            found[path] = moment
    return found


def _folders(package: Package) -> Iterator[str]:
    """Yield the folders that only the package's own developers load."""
    dev = package.autoload_dev
    for folders in (*dev.psr4.values(), *dev.psr0.values(), dev.classmap):
        yield from (clean(folder) for folder in folders)


def _running(tree: Tree, package: Package, lookup: Lookup, moment: When) -> Iterator[str]:
    """Yield the files that run by themselves at a moment."""
    for hook in hooks(package):
        if hook.when is not moment:
            continue
        for word in _TOKENS.split(hook.target[:20_000]):
            if (path := clean(word)) in lookup.paths:
                yield path
            elif named := lookup.file(word.partition("::")[0]):
                yield named
    if package.plugin and moment is When.INSTALL and not package.classes:
        yield from (path for path in lookup.paths if "implements PluginInterface" in (read(tree, path) or ""))


def _follow(tree: Tree, lookup: Lookup, start: Iterable[str], *, deep: bool) -> Iterator[str]:
    """Yield every file that the first ones include; `deep`: and those of the classes that they name."""
    queue, seen, left = sorted(start), set(start), MAX_READ
    for count, path in enumerate(queue):
        if count >= MAX_FOLLOWED or left <= 0:
            return
        source = read(tree, path) or ""
        left -= len(source)
        links = [*included(source, path.rpartition("/")[0], lookup.paths)]
        links += lookup.named(source) if deep else ()
        for link in links:
            if link not in seen:
                seen.add(link)
                queue.append(link)
                yield link
