"""Imports in Python source, by their lines: quick, and indifferent to code that does not parse."""

import re
from collections.abc import Iterable, Iterator

from biopsy.model.regex import regex

_IMPORT = regex(r"([ \t]*)(?:from[ \t]+(\.*[\w.]*)[ \t]+import\b[ \t]*(.*)|import[ \t]+([^#;]+))")
_CALL = regex(r"(?:__import__|import_module)\(\s*['\"]([\w.]+)['\"]")
_STATEMENT = regex(r";[ \t]*import[ \t]+([\w., ]+)")
_RUNS = regex(
    r"exec|open|run_path|run_module|spawn|system|call|check_|Popen|subprocess|spec_from_file|load_source"
)
_TEXT = regex(r"['\"]([\w./\\-]+)['\"]")
_BLOCK = regex(r"(?:def|async|class|@)(?:\b|(?<=@))")

MAX_LINES = 200
"""Most lines over which the names of one import in brackets may go."""


def names(source: str, package: str = "", *, deep: bool = False) -> Iterator[str]:
    """Yield the dotted names that are imported; those inside functions and classes only if `deep`.

    `package` is where relative imports start. For `from a import b`, both `a` and `a.b` are given.
    """
    inside = False
    lines = iter(source.splitlines())
    for line in lines:
        if line and not line[0].isspace():
            inside = _BLOCK.match(line) is not None
        if not (match := _IMPORT.match(line)) or (match[1] and inside and not deep):
            continue
        if match[4]:
            yield from (_name(part) for part in match[4].split(","))
            continue
        module = _absolute(match[2] or "", package)
        if module:
            yield module
        for part in _listed(match[3], lines):
            if (name := _name(part)) and name != "*":
                yield f"{module}.{name}" if module else name
    yield from _CALL.findall(source)
    for match in _STATEMENT.finditer(source):
        yield from (_name(part) for part in match[1].split(","))


def parts(name: str) -> Iterator[str]:
    """Yield the module of a `module:attribute`, as build backends are written."""
    if module := name.partition(":")[0].strip():
        yield module


def opened(source: str, paths: set[str]) -> Iterator[str]:
    """Yield the files that lines with `exec`, `open`, `subprocess` and the like name, joined or whole."""
    for line in source.splitlines():
        texts = _TEXT.findall(line[:2000]) if _RUNS.search(line) else []
        for start in range(len(texts)):
            for end in range(start + 1, min(start + 5, len(texts)) + 1):
                path = "/".join(texts[start:end]).replace("\\", "/").removeprefix("./")
                if path in paths:
                    yield path


def package_of(path: str) -> str:
    """Give the dotted package that a file belongs to, from the path alone."""
    return path.rpartition("/")[0].replace("/", ".")


def _listed(text: str, lines: Iterator[str]) -> list[str]:
    """Give what stands after `import`, read on to the closing bracket where there is an opening one."""
    parts = [text.partition("#")[0]]
    if text.startswith("("):
        for _ in range(MAX_LINES):
            if ")" in parts[-1] or (line := next(lines, None)) is None:
                break
            parts.append(line.partition("#")[0])
    return " ".join(parts).partition(")")[0].partition(";")[0].strip("( ").split(",")


def _name(text: str) -> str:
    words = text.split()
    return words[0] if words and re.fullmatch(r"[\w.]+|\*", words[0]) else ""


def _absolute(module: str, package: str) -> str:
    dots = len(module) - len(module.lstrip("."))
    if not dots:
        return module
    above = package.split(".") if package else []
    kept = above[: len(above) - dots + 1] if dots > 1 else above
    return ".".join([*kept, module.lstrip(".")]).strip(".")


class Lookup:
    """Which files of a tree an imported name means, with every package above it."""

    def __init__(self, sources: Iterable[str], roots: tuple[str, ...] = ("", "src/", "lib/")) -> None:
        """Look in `sources` below each of `roots`."""
        self.sources = set(sources)
        self.roots = roots
        self._found: dict[str, tuple[str, ...]] = {}

    def files(self, name: str) -> tuple[str, ...]:
        """Give the files that `import name` runs; hundreds of files of a package import the same."""
        if name not in self._found:
            self._found[name] = tuple(self._look(name))
        return self._found[name]

    def _look(self, name: str) -> Iterator[str]:
        words = [word for word in name.split(".") if word]
        for root in self.roots:
            for count in range(1, len(words) + 1):
                stem = root + "/".join(words[:count])
                for path in (f"{stem}/__init__.py", f"{stem}.py"):
                    if path in self.sources:
                        yield path
