"""Files that a file loads when it runs: those of the package are followed, what is computed is told."""

import posixpath

from biopsy.model.behaviour import Kind
from biopsy.static.code.value import CLEAN, HOLE, Value
from biopsy.static.code.witness import Witness
from biopsy.static.sight import Package
from biopsy.static.tongues.table import Table

MAX_CLASSES = 20_000  # of a package that are found by their files' names
MAX_TRIES = 40  # places where a name may be meant


def load(run: Witness, path: Value, line: int, *, beside: bool = False) -> Value | None:
    """Load a file by a path; the value is what the package has there."""
    whole = path.text() if path.consts else ""
    taint = frozenset(t for p in path.texts() for t in run.written.get(p, CLEAN))
    run.flow("execution", [Value(taint=taint | (path.taint & {"decoded", "network"}))], line)
    if "request" in taint:
        run.see(Kind.CODE_FLOW, "request > execution", line)
    if whole.startswith(("http://", "https://", "ftp://")):
        run.evaluated("load", run.request("GET", path, [], line), line)
        return Value()
    if whole.startswith("data:") and ";base64," in whole:
        run.evaluated("load", run.decoded("base64", Value((whole.partition(",")[2],)), line), line)
        return Value()
    if "request" in path.all_taint() or not whole.strip(HOLE + "/."):
        run.see(Kind.CODE_IMPORT, whole or "?", line)
        return Value()
    found = _found(run, whole, beside=beside)
    if found and run.linker is not None and found != run.source.path:
        scope = run.scope
        while scope.parent is not None:
            scope = scope.parent
        if found not in scope.stars:
            run.linker.load(found)
            scope.stars = (*scope.stars, found)
            scope.absent.clear()
        return Value()
    if "decoded" in path.taint:
        run.see(Kind.CODE_IMPORT, whole, line)
    return None


def _found(run: Witness, whole: str, *, beside: bool) -> str:
    """Where in the package a path leads."""
    here = posixpath.dirname(run.source.path)
    plain = whole.replace(HOLE, "").replace("\\", "/").lstrip("/")
    ends = ("", *run.language.table.suffixes)  # type: ignore[attr-defined]
    if beside or whole.startswith((".", HOLE)):
        places = [posixpath.normpath(posixpath.join(here, plain))]
    else:
        places = [f"lib/{plain}", plain, posixpath.normpath(posixpath.join(here, plain))]
    tries = [place + end for place in places for end in ends][:MAX_TRIES]
    return next((t for t in tries if t in run.source.package.paths), "")


def autoloaded(run: Witness, obj: Value) -> Value | None:
    """A class of the package by its name, where it stands in a file of that name; None for all else."""
    table = run.language.table  # type: ignore[attr-defined]
    if not table.autoloads or not obj.ref or "(" in obj.ref or run.linker is None:
        return None
    name = obj.ref.rpartition(".")[2]
    path = _classes(run.source.package, table).get(name.lower())
    if path is None or path == run.source.path or table.effect(f"{obj.ref}.new"):
        return None
    module = run.linker.load(path)
    held = module.scope.names.get(table.spelled(name)) if module is not None else None
    cls = run.force(held) if held is not None else None
    return cls if cls is not None and cls.fields is not None and not cls.made else None


def _classes(package: Package, table: Table) -> dict[str, str]:
    """The files of a package by the classes that they are named for."""

    def named() -> dict[str, str]:
        found: dict[str, str] = {}
        for path in sorted(package.paths):
            stem, _, suffix = path.rpartition("/")[2].partition(".")
            if f".{suffix}" in table.suffixes and len(found) < MAX_CLASSES:
                found.setdefault(stem.lower(), path)
        return found

    return package.kept(f"{table.language} classes", dict, named)
