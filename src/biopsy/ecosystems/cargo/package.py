"""Cargo.toml, read with tolerance: whatever has the wrong type counts as absent.

https://doc.rust-lang.org/cargo/reference/manifest.html
"""

import tomllib
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from biopsy.ecosystems.manifests import Malformed, decoded
from biopsy.model.release import Tree

PATH = "Cargo.toml"

MAX_EACH = 2000
"""Most dependencies, binaries, features and the like that are kept of one manifest, each."""

ABOUT = ("description", "homepage", "repository", "documentation", "license")
_DEPENDENCIES = ("dependencies", "build-dependencies", "dev-dependencies")


class Dependency(Struct, frozen=True):
    """One requirement. `name` is the crate's, however it is renamed; `origin` says where else it is from."""

    name: str
    requirement: str = ""
    origin: str = ""  # `git+URL`, `path:…`, `registry:…`; empty for the registry that everybody uses
    table: str = "dependencies"
    optional: bool = False
    target: str = ""  # the condition under which it is wanted

    def __str__(self) -> str:
        """`NAME@REQUIREMENT`, or where it is from."""
        return f"{self.name}@{self.origin or self.requirement or '*'}"


class Target(Struct, frozen=True):
    """A binary, example or test."""

    name: str
    path: str


class Package(Struct, frozen=True):
    """What Cargo.toml says, completed by the files that Cargo finds by itself."""

    name: str = ""
    version: str = ""
    build: str = ""  # path of the build script
    links: str = ""
    lib: str = ""  # path of the library's first file
    macros: bool = False  # a procedural macro: its code runs in the compiler of whoever uses it
    bins: tuple[Target, ...] = ()
    examples: tuple[Target, ...] = ()
    tests: tuple[Target, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    patches: tuple[tuple[str, str], ...] = ()  # `crates-io.NAME` and where it is taken from instead
    features: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    readme: str = ""
    about: dict[str, str] = field(default_factory=dict)
    workspace: bool = False  # the root of one, and no package itself


def load(tree: Tree) -> Package | Malformed:
    """Read the Cargo.toml at the root of a tree. Never raises."""
    document = decoded(tree, PATH, tomllib.loads)
    return (
        document
        if isinstance(document, Malformed)
        else parse(document, frozenset(file.path for file in tree.files))
    )


def parse(document: dict[str, Any], paths: frozenset[str] = frozenset()) -> Package | Malformed:
    """Read a manifest that was decoded already; `paths` are the files beside it. Never raises."""
    own = table(document, "package") or table(document, "project")
    if not own:
        return Package(workspace=True) if "workspace" in document else Malformed("no package")
    lib = table(document, "lib")
    first = text(lib.get("path")) or ("src/lib.rs" if "src/lib.rs" in paths else "")
    authors = own.get("authors")
    return Package(
        text(own.get("name")),
        text(own.get("version")),
        _build(own.get("build"), paths),
        text(own.get("links")),
        _plain(first),
        lib.get("proc-macro") is True or lib.get("proc_macro") is True or "proc-macro" in _kinds(lib),
        tuple(_bins(document, text(own.get("name")), paths)),
        tuple(_targets(document, "example", "examples", paths)),
        tuple(_targets(document, "test", "tests", paths)),
        tuple(_dependencies(document))[:MAX_EACH],
        tuple(_patches(document))[:MAX_EACH],
        tuple(table(document, "features"))[:MAX_EACH],
        tuple(text(one) for one in authors[:20]) if isinstance(authors, list) else (),
        own["readme"] if isinstance(own.get("readme"), str) else "README.md",
        {key: text(own.get(key)) for key in ABOUT if key in own},
    )


def table(document: object, key: str) -> dict[str, Any]:
    """Give a table of a document; an empty one where there is none."""
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def text(value: object, limit: int = 1000) -> str:
    """Give a string; an empty one where it is none."""
    return value[:limit] if isinstance(value, str) else ""


def _plain(path: str) -> str:
    return path.replace("\\", "/").removeprefix("./")


def _kinds(lib: dict[str, Any]) -> list[Any]:
    kinds = lib.get("crate-type", lib.get("crate_type"))
    return kinds if isinstance(kinds, list) else []


def _build(value: object, paths: frozenset[str]) -> str:
    if value is False:
        return ""
    if isinstance(value, list):  # several, where a newer Cargo takes them
        value = next((one for one in value if isinstance(one, str)), "")
    if isinstance(value, str) and value:
        return _plain(value[:1000])
    return "build.rs" if "build.rs" in paths else ""


def _bins(document: dict[str, Any], name: str, paths: frozenset[str]) -> Iterator[Target]:
    if "src/main.rs" in paths and not _listed(document, "bin", "src/main.rs"):
        yield Target(name, "src/main.rs")
    yield from _targets(document, "bin", "src/bin", paths)


def _listed(document: dict[str, Any], key: str, path: str) -> bool:
    several = document.get(key)
    return any(_plain(text(one.get("path"))) == path for one in _tables(several))


def _tables(several: object) -> list[dict[str, Any]]:
    return [one for one in several[:MAX_EACH] if isinstance(one, dict)] if isinstance(several, list) else []


def _targets(document: dict[str, Any], key: str, folder: str, paths: frozenset[str]) -> Iterator[Target]:
    """Yield those that the manifest names, then those that lie where Cargo looks."""
    seen = set()
    for one in _tables(document.get(key)):
        name = text(one.get("name"))
        usual = [f"{folder}/{name}.rs", f"{folder}/{name}/main.rs", "src/main.rs"]
        path = _plain(text(one.get("path"))) or next((each for each in usual if each in paths), usual[0])
        seen.add(path)
        yield Target(name, path)
    for path in sorted(paths):
        rest = path.removeprefix(f"{folder}/")
        if rest == path or path in seen or not path.endswith(".rs"):
            continue
        if "/" not in rest:
            yield Target(rest.removesuffix(".rs"), path)
        elif rest.count("/") == 1 and rest.endswith("/main.rs"):
            yield Target(rest.removesuffix("/main.rs"), path)


def _dependencies(document: dict[str, Any]) -> Iterator[Dependency]:
    for key in _DEPENDENCIES:
        yield from _of_table(table(document, key) or table(document, key.replace("-", "_")), key)
    for condition, inner in list(table(document, "target").items())[:MAX_EACH]:
        for key in _DEPENDENCIES:
            yield from _of_table(table(inner, key), key, condition[:200])


def _of_table(entries: dict[str, Any], key: str, target: str = "") -> Iterator[Dependency]:
    for name, value in list(entries.items())[:MAX_EACH]:
        if isinstance(value, str):
            yield Dependency(name, value[:200], table=key, target=target)
        elif isinstance(value, dict):
            yield Dependency(
                text(value.get("package")) or name, text(value.get("version"), 200), origin(value), key,
                value.get("optional") is True, target,
            )  # fmt: skip


def origin(value: dict[str, Any]) -> str:
    """Say where a dependency is taken from; nothing where that is the usual registry."""
    if url := text(value.get("git")):
        at = next((f"#{value[key]}" for key in ("rev", "tag", "branch") if text(value.get(key))), "")
        return f"{'' if url.startswith('git+') else 'git+'}{url}{at}"
    if path := text(value.get("path")):
        return f"path:{path}" if not text(value.get("version")) else ""
    named = text(value.get("registry-index")) or text(value.get("registry"))
    return f"registry:{named}" if named else ""


def _patches(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for source, entries in table(document, "patch").items():
        for name, value in entries.items() if isinstance(entries, dict) else ():
            yield f"{source}.{name}"[:200], origin(value) if isinstance(value, dict) else text(value)
    for name, value in table(document, "replace").items():
        yield f"replace.{name}"[:200], origin(value) if isinstance(value, dict) else text(value)
