"""What go.mod and the code's directives say.

`pkg.hook` has these values:

    cgo #cgo LDFLAGS: -lx           C code, or flags for its compiler: it is compiled wherever this is built
    go:init PATH                    a file with functions that run before `main` of whatever imports it

`pkg.config` tells `go:generate COMMAND` (run by authors, and by whoever is told to), `go replace A => B` and
`go tool PATH`; `pkg.entry` is `command NAME=FOLDER` of each program; `pkg.dependency` is `PATH@VERSION`.
"""

from collections.abc import Iterator

from biopsy.ecosystems.claims import MAX_EACH, MAX_README, Manifest
from biopsy.ecosystems.golang.identity import declared_path
from biopsy.ecosystems.reading import MAX_READ, aside, read
from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_FACTS = 2000
"""Most facts that one module gives."""

MOD = "go.mod"

_WORDS = regex(r"\"([^\"]*)\"|`([^`]*)`|([^\s\"`]+)")
_GENERATE = regex(r"(?m)^//go:generate[ \t]+(.{1,2000})$")
_CGO = regex(r"(?m)^[ \t/*]*#cgo[ \t]+(.{1,500})$")
_C = regex(r"(?m)^import[ \t]+\"C\"|^[ \t]+\"C\"[ \t]*$")
_INIT = regex(r"(?m)^func[ \t]+init[ \t]*\(\s*\)")
_MAIN = regex(r"(?m)^package[ \t]+main\b")
_IGNORED = regex(r"(?m)^//(?:go:build|[ \t]*\+build)[ \t]+ignore\b")
_README = regex(r"(?i)readme(?:\.(?:md|markdown|txt|rst))?")


def directives(text: str) -> Iterator[tuple[str, list[str], int]]:
    """Yield each directive of a go.mod: its verb, its words, its line. Never raises."""
    block = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("//")[0].strip()
        words = [next(filter(None, match.groups()), "") for match in _WORDS.finditer(line)]
        if not words:  # nothing, a comment, or a quotation mark that none follows
            continue
        if block:
            if words[0] == ")":
                block = ""
            else:
                yield block, words, number
        elif len(words) == 2 and words[1] == "(":
            block = words[0]
        else:
            yield words[0], words[1:], number


def manifest(tree: Tree) -> Manifest | None:
    """Read go.mod; None where there is none."""
    text = read(tree, MOD)
    if text is None:
        return None
    requires = {w[0]: w[1] for verb, w, _ in directives(text) if verb == "require" and len(w) >= 2}
    readme = next((f.path for f in tree.files if _README.fullmatch(f.path)), "")
    name = declared_path(text)
    return Manifest(
        name,
        "",
        MOD,
        None,
        (read(tree, readme) or "")[:MAX_README] if readme else "",
        (f"https://{name}",) if "." in name.partition("/")[0] else (),
        (),
        None,
        None,
        dict(list(requires.items())[:MAX_EACH]),
        None,
    )


def hooks(tree: Tree) -> Iterator[Behaviour]:
    """Yield each fact once. Never raises."""
    seen: set[Behaviour] = set()
    for fact in _all(tree):
        if fact not in seen and len(seen) < MAX_FACTS:
            seen.add(fact)
            yield fact


def _all(tree: Tree) -> Iterator[Behaviour]:
    for verb, words, line in directives(read(tree, MOD) or ""):
        where = InFile(MOD, line)
        if verb == "require" and len(words) >= 2:
            yield Behaviour(Kind.PKG_DEPENDENCY, f"{words[0]}@{words[1]}", where)
        elif verb == "replace" and "=>" in words:
            yield Behaviour(Kind.PKG_CONFIG, f"go replace {' '.join(words)}", where)
        elif verb == "tool" and words:
            yield Behaviour(Kind.PKG_CONFIG, f"go tool {words[0]}", where)
    left, programs = MAX_READ, set()
    for file in tree.files:
        if not file.path.endswith(".go") or file.size > left:
            continue
        left -= file.size
        source = read(tree, file.path) or ""
        yield from _directives(file.path, source)
        folder = file.path.rpartition("/")[0]
        if folder not in programs and _program(file.path, source):
            programs.add(folder)
            name = (folder or declared_path(read(tree, MOD) or "")).rpartition("/")[2]
            yield Behaviour(Kind.PKG_ENTRY, f"command {name or 'main'}={folder or '.'}", InFile(file.path))


def _program(path: str, source: str) -> bool:
    return (
        _MAIN.search(source) is not None
        and not path.endswith("_test.go")
        and not _IGNORED.search(source)
        and aside(path) is None
    )


def _directives(path: str, source: str) -> Iterator[Behaviour]:
    test = path.endswith("_test.go") or aside(path) is not None
    for match in _GENERATE.finditer(source):
        where = InFile(path, source.count("\n", 0, match.start()) + 1)
        yield Behaviour(Kind.PKG_CONFIG, f"go:generate {match[1].strip()}", where)
    if test or _IGNORED.search(source):
        return
    if found := _C.search(source):
        line = source.count("\n", 0, found.start()) + 1
        flags = [match[1].strip() for match in _CGO.finditer(source)][:20]
        for flag in flags or ["C"]:
            yield Behaviour(Kind.PKG_HOOK, f"cgo {flag}", InFile(path, line, When.INSTALL))
    if (found := _INIT.search(source)) and not _MAIN.search(source):
        line = source.count("\n", 0, found.start()) + 1
        yield Behaviour(Kind.PKG_HOOK, f"go:init {path}", InFile(path, line, When.IMPORT))
