"""Which file of a package an imported name of Python means."""

import re
import sys
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from biopsy.model.regex import regex
from biopsy.static.python.effects import TABLE

ROOTS = ("", "src/", "lib/")
"""Where packages stand in a tree, besides the folder of the file that imports."""


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """Libraries whose effects are known: a bundled copy of one is still that library."""
    return frozenset(name.partition(".")[0] for name in TABLE if "." in name)


def resolve(ref: str, path: str, paths: frozenset[str]) -> tuple[str, list[str]] | None:
    """The file that `ref`, imported in `path`, means, and the attributes from there on."""
    folder = path.rpartition("/")[0]
    dots = len(ref) - len(ref.lstrip("."))
    words = [w for w in ref[dots:].split(".") if w]
    if dots:
        above = folder.split("/") if folder else []
        if dots - 1 > len(above):
            return None
        start = "/".join(above[: len(above) - dots + 1])
        if not words or words == ["*"]:
            init = f"{start}/__init__.py".lstrip("/")
            return (init, []) if init in paths else None
        return _below(start, words, paths) or _initial(start, words, paths)
    top = words[0] if words else ""
    if not top or top in known():
        return None
    here = f"{folder}/" if folder else ""
    alone = f"{here}__init__.py" not in paths
    if top in sys.stdlib_module_names:
        return _below(folder, words, paths) if alone and f"{here}{top}.py" in paths else None
    starts = [root.rstrip("/") for root in ROOTS]
    for start in dict.fromkeys([folder, *starts] if alone else [*starts, *_outer(folder)]):
        if found := _below(start, words, paths):
            return found
    return None


def submodule(path: str, name: str, paths: frozenset[str]) -> str:
    """The file of a module below a package; empty where there is none."""
    if not path.endswith("__init__.py"):
        return ""
    stem = f"{path.removesuffix('__init__.py')}{name}"
    return next((p for p in (f"{stem}.py", f"{stem}/__init__.py", f"{stem}.pyw") if p in paths), "")


def _outer(folder: str) -> list[str]:
    """The folder that holds a file's outermost one: where wheels keep their `.data`, and bundles theirs."""
    parts = folder.split("/")
    return ["/".join(parts[:at]) for at in range(1, len(parts))]


def _initial(start: str, words: list[str], paths: frozenset[str]) -> tuple[str, list[str]] | None:
    init = f"{start}/__init__.py".lstrip("/")
    return (init, words) if init in paths else None


def _below(start: str, words: list[str], paths: frozenset[str]) -> tuple[str, list[str]] | None:
    stem, best = start, None
    for at, word in enumerate(words):
        stem = f"{stem}/{word}" if stem else word
        for path in (f"{stem}/__init__.py", f"{stem}.py", f"{stem}.pyw"):
            if path in paths:
                best = (path, words[at + 1 :])
                break
        if best is not None and best[0].endswith((".py", ".pyw")) and not best[0].endswith("/__init__.py"):
            break
    if best is not None and best[1] == ["*"]:
        return best[0], []
    return best


_IMPORT = regex(
    r"from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]*(\([^)]{0,5000}\)|[^\n;#]+)|import[ \t]+([\w., \t]+)"
)


class Imported(Struct, frozen=True):
    """A name that an import statement binds, what it stands for, and what the statement asks for."""

    name: str
    ref: str
    asked: str


def _statements(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """The import statements of a text, each with where it begins: at a line's start, or behind `;` or `:`.

    They are looked for by their words: asking at the start of each line takes many times as long.
    """
    end = at = 0
    while match := _IMPORT.search(text, at):
        start = match.start()
        while start > end and text[start - 1] in " \t":
            start -= 1
        if start > 0 and text[start - 1] != "\n":
            start = start - 1 if start > end and text[start - 1] in ";:" else -1
        if start < 0:
            at = match.start() + 1
            continue
        yield start, match
        end = at = match.end()


def imports(text: str) -> Iterator[Imported]:
    """What the import statements of a text bind, by its lines."""
    for _, match in _statements(text):
        if match[3]:
            pairs = [_named(part, "") for part in match[3].split(",")]
        else:
            start = match[1] if match[1].endswith(".") else f"{match[1]}."
            plain = re.sub(r"#[^\n]*", "", match[2]) if "#" in match[2] else match[2]
            listed = plain.strip("() \t\n").split(",")
            pairs = [_named(part, start) for part in listed]
        yield from (p for p in pairs if p is not None)


def _named(part: str, start: str) -> Imported | None:
    words = part.replace("\\", " ").split()
    if not words:
        return None
    asked = start + words[0]
    if len(words) > 2 or start:
        return Imported(words[2] if len(words) > 2 else words[0], asked, asked)
    top = asked.partition(".")[0]
    return Imported(top, top, asked)


def without_imports(text: str) -> str:
    """A text without its import statements."""
    kept, end = [], 0
    for start, match in _statements(text):
        kept.append(text[end:start])
        end = match.end()
    return "".join([*kept, text[end:]])
