"""Which file of a package holds a class, as Composer's autoloader finds it."""

from collections.abc import Iterable, Iterator

from biopsy.ecosystems.composer.package import Autoload
from biopsy.model.regex import regex

CODE = (".php", ".inc", ".phtml", ".php5", ".php7")
"""How files of PHP end."""

_NAMESPACE = regex(r"^[ \t]*(?:<\?php\s+)?(?:declare\s*\([^)]*\)\s*;\s*)?namespace\s+([\w\\]+)\s*[;{]", 8)
_USE = regex(r"^[ \t]*use\s+([\w\\]+)(?:\s+as\s+(\w+))?\s*;", 8)
_NAMED = regex(r"\b(?:new|extends|implements|instanceof|use)\s+\\?([A-Za-z_][\w\\]*)|\\?([A-Za-z_][\w\\]*)::")
_INCLUDED = regex(
    r"\b(?:require|include)(?:_once)?\b([^;\n]{0,120}?)(['\"])([^'\"\n]{1,300}\.(?:php\d?|inc|phtml|txt|dat|png))\2"
)

MAX_NAMES = 2000
"""Most names of classes that are looked up for one file."""


class Lookup:
    """Finds files by the names of classes; `paths` are those of the tree."""

    def __init__(self, autoload: Autoload, paths: Iterable[str]) -> None:
        """Learn the prefixes; the longer is asked first, as Composer does."""
        self.paths = set(paths)
        table = [(prefix.strip("\\"), folders, True) for prefix, folders in autoload.psr4.items()]
        table += [(prefix.strip("\\"), folders, False) for prefix, folders in autoload.psr0.items()]
        self._table = sorted(table, key=lambda row: -len(row[0]))
        self._mapped: dict[str, str] = {}
        for folder in (clean(one) for one in autoload.classmap):
            for path in self.paths:
                if path == folder or not folder or path.startswith(f"{folder}/"):
                    self._mapped.setdefault(path.rpartition("/")[2].rpartition(".")[0].lower(), path)

    def file(self, name: str) -> str | None:
        """Give the file of a class; None where the package has none."""
        name = name.strip("\\")
        for prefix, folders, short in self._table:
            if not name.startswith(f"{prefix}\\" if prefix and short else prefix):
                continue
            rest = name[len(prefix) :].lstrip("\\") if short else name
            stem = rest.replace("\\", "/") if short else _psr0(rest)
            for folder in folders:
                path = "/".join(part for part in (clean(folder), stem) if part) + ".php"
                if path in self.paths:
                    return path
        return self._mapped.get(name.rpartition("\\")[2].lower())

    def named(self, source: str) -> Iterator[str]:
        """Yield the files of the classes that a text names."""
        match = _NAMESPACE.search(source)
        here = match[1] if match else ""
        alias = {(as_ or full.rpartition("\\")[2]): full for full, as_ in _USE.findall(source)}
        found = dict.fromkeys(one or other for one, other in _NAMED.findall(source))
        for name in [*alias.values(), *found][:MAX_NAMES]:
            first, slash, rest = name.partition("\\")
            for full in (f"{alias[first]}{slash}{rest}" if first in alias else f"{here}\\{name}", name):
                if path := self.file(full):
                    yield path
                    break


def included(source: str, folder: str, paths: set[str]) -> Iterator[str]:
    """Yield the files of the tree that a text includes by a name written out."""
    for before, _, path in _INCLUDED.findall(source):
        base = folder
        for _ in range(min(before.count("dirname(") - before.count("dirname(__FILE__"), 5)):
            base = base.rpartition("/")[0]
        for start in (base, folder, ""):
            if (found := joined(start, path)) in paths:
                yield found
                break


def joined(folder: str, path: str) -> str:
    """Put a path behind a folder, and take the dots out of it."""
    parts: list[str] = []
    for part in [*folder.split("/"), *path.split("/")]:
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def clean(folder: str) -> str:
    """Give a folder of composer.json as paths of a tree begin."""
    return joined("", folder)


def _psr0(name: str) -> str:
    space, _, last = name.rpartition("\\")
    return "/".join(part for part in (space.replace("\\", "/"), last.replace("_", "/")) if part)
