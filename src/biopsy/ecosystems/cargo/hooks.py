"""What Cargo.toml says: hooks, entries, dependencies, and settings that the package carries.

`pkg.hook` has these values:

    cargo:build build.rs            run before the crate is compiled, by everybody who depends on it
    cargo:proc-macro src/lib.rs     run inside the compiler, by everybody who uses the macro

`pkg.entry` is `bin NAME=PATH`; `pkg.dependency` is `NAME@REQUIREMENT`, or `NAME@git+URL`, `NAME@path:…`,
`NAME@registry:…`; `pkg.config` is `cargo KEY=VALUE` of `.cargo/config.toml`, `cargo patch.crates-io.NAME=…`
and `cargo links=NAME`.
"""

from collections.abc import Iterator

from biopsy.ecosystems.cargo.package import PATH, Package, load
from biopsy.ecosystems.cargo.settings import settings
from biopsy.ecosystems.manifests import Malformed, once
from biopsy.ecosystems.reading import read
from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.release import Tree


def hooks(tree: Tree) -> Iterator[Behaviour]:
    """Yield each fact once. Never raises."""
    package = load(tree)
    if isinstance(package, Malformed):
        yield Behaviour(Kind.PKG_MALFORMED, f"{PATH} {package.reason}", InFile(PATH))
        return
    yield from once((*_all(tree, package), *settings(tree)))


def _all(tree: Tree, package: Package) -> Iterator[Behaviour]:
    source = read(tree, PATH) or ""
    paths = {file.path for file in tree.files}
    if package.build:
        yield Behaviour(Kind.PKG_HOOK, f"cargo:build {package.build}", InFile(package.build, 0, When.INSTALL))
        if package.build not in paths:
            yield Behaviour(Kind.PKG_MALFORMED, f"{PATH} no such build script {package.build}", InFile(PATH))
    if package.macros:
        first = package.lib or "src/lib.rs"
        yield Behaviour(Kind.PKG_HOOK, f"cargo:proc-macro {first}", InFile(first, 0, When.INSTALL))
    for one in package.bins:
        yield Behaviour(Kind.PKG_ENTRY, f"bin {one.name}={one.path}", InFile(PATH))
    for dependency in package.dependencies:
        if dependency.table != "dev-dependencies":
            line = _line(source, dependency.name)
            yield Behaviour(Kind.PKG_DEPENDENCY, str(dependency), InFile(PATH, line))
    for name, where in package.patches:
        yield Behaviour(Kind.PKG_CONFIG, f"cargo patch.{name}={where}", InFile(PATH))
    if package.links:
        yield Behaviour(Kind.PKG_CONFIG, f"cargo links={package.links}", InFile(PATH))


def _line(source: str, name: str) -> int:
    """Find a line for people: the first that begins with a name, or with a table that ends in it."""
    for number, line in enumerate(source.splitlines(), 1):
        bare = line.strip().strip('"[]')
        if bare.startswith((f"{name} ", f"{name}=", f'{name}"')) or bare.endswith(f"dependencies.{name}"):
            return number
    return 0
