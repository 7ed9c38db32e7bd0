"""What a Python package's manifests say: hooks, entries, dependencies.

`pkg.hook` has these values:

    setup.py                         runs when the sdist is built
    cmdclass install=Class           setup.py puts a class of its own in the place of a command
    build-backend NAME               runs when the sdist is built
    backend-path DIR                 …and lies in the sdist itself
    hatch-hook PATH                  so does what a build tool starts of it: see `builders`
    pth NAME.pth                     a line of it that begins with `import` runs at every start of Python
    sitecustomize PATH               so does this module
    usercustomize PATH

`pkg.entry` is `GROUP NAME=MODULE:ATTRIBUTE` for an entry point, and `script NAME=PATH` for a script as such.
"""

import configparser
import re
import tomllib
from collections.abc import Iterator
from email.parser import HeaderParser
from typing import Any

from biopsy.ecosystems.manifests import once
from biopsy.ecosystems.pypi import builders, identity, setup_py
from biopsy.ecosystems.reading import read, under
from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.regex import regex
from biopsy.model.release import Tree

_WHEEL = regex(r"[^/]+\.dist-info/WHEEL")
_POINTS = regex(r"(?:src/)?[^/]+\.(?:dist|egg)-info/entry_points\.txt")
_SCRIPT = regex(r"[^/]+\.data/scripts/[^/]+")
_PTH = regex(r"(?:.*/)?[^/]+\.pth", re.DOTALL)
_WHEEL_PTH = regex(r"(?:[^/]+\.data/(?:purelib|platlib)/|[^/]+\.data/data/.*/)?[^/]+\.pth", re.DOTALL)
_CUSTOMIZE = regex(
    r"(?:src/|[^/]+\.data/(?:purelib|platlib)/)?((?:site|user)customize)(?:\.py|/__init__\.py)"
)


def is_wheel(tree: Tree) -> bool:
    """Whether the tree is that of a wheel, by the file that every wheel has."""
    return any(True for _ in under(tree, _WHEEL))


def hooks(tree: Tree) -> Iterator[Behaviour]:
    """Yield each fact once, from the manifest that counts most. Never raises."""
    yield from once(_all(tree))


def _all(tree: Tree) -> Iterator[Behaviour]:
    yield from _started(tree)
    yield from _metadata(tree)
    for path in sorted(under(tree, _POINTS)):
        yield from _entry_points(path, read(tree, path) or "")
    for path in sorted(under(tree, _SCRIPT)):
        yield Behaviour(Kind.PKG_ENTRY, f"script {path.rpartition('/')[2]}={path}", InFile(path))
    if not is_wheel(tree):
        yield from _setup_py(tree)
        yield from _pyproject(tree)
        yield from _setup_cfg(tree)
        paths = {file.path for file in tree.files}
        for built in builders.stated(tree):
            if not built.file or built.file in paths:
                yield Behaviour(Kind.PKG_HOOK, built.hook, InFile(built.manifest, 0, When.INSTALL))


def pth_lines(tree: Tree) -> Iterator[tuple[str, int, str]]:
    """Yield the lines of .pth files that Python executes: path, line number, line."""
    for path in sorted(under(tree, _WHEEL_PTH if is_wheel(tree) else _PTH)):
        for number, line in enumerate((read(tree, path) or "").splitlines(), 1):
            if line.startswith(("import ", "import\t")):  # exactly what site.py looks for
                yield path, number, line


def _started(tree: Tree) -> Iterator[Behaviour]:
    for path, number, line in pth_lines(tree):
        name = path.rpartition("/")[2]
        yield Behaviour(Kind.PKG_HOOK, f"pth {name}", InFile(path, number, When.START), detail=line[:2000])
    for path in under(tree, _CUSTOMIZE):
        match = _CUSTOMIZE.fullmatch(path)
        if match:
            yield Behaviour(Kind.PKG_HOOK, f"{match[1]} {path}", InFile(path, 0, When.START))


def _metadata(tree: Tree) -> Iterator[Behaviour]:
    for path in identity.metadata(tree)[:4]:
        headers = HeaderParser().parsestr(read(tree, path) or "")
        if not headers.get("Name"):
            yield _malformed(path, "no Name")
        for requirement in headers.get_all("Requires-Dist") or ():
            yield _dependency(str(requirement), path)


def _entry_points(path: str, text: str) -> Iterator[Behaviour]:
    config = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    config.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        config.read_string(text)
    except configparser.Error as err:
        yield _malformed(path, type(err).__name__)
        return
    for group in config.sections():
        for name, target in config.items(group):
            yield _entry(group, name, target, path)


def _setup_py(tree: Tree) -> Iterator[Behaviour]:
    source = read(tree, "setup.py")
    if source is None:
        return
    yield Behaviour(Kind.PKG_HOOK, "setup.py", InFile("setup.py", 0, When.INSTALL))
    module = setup_py.parse(source)
    if module is None:
        return  # who reads the source says that it does not parse
    for command in setup_py.commands(module):
        where = InFile("setup.py", command.line, When.INSTALL)
        yield Behaviour(Kind.PKG_HOOK, f"cmdclass {command.command}={command.name}", where)
    for requirement, line in setup_py.requirements(module):
        yield _dependency(requirement, "setup.py", line)


def _pyproject(tree: Tree) -> Iterator[Behaviour]:
    text = read(tree, "pyproject.toml")
    if text is None:
        return
    path = "pyproject.toml"
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as err:
        yield _malformed(path, type(err).__name__)
        return
    build, project = _table(document, "build-system"), _table(document, "project")
    if isinstance(backend := build.get("build-backend"), str):
        yield Behaviour(Kind.PKG_HOOK, f"build-backend {backend}", InFile(path, 0, When.INSTALL))
    for folder in _strings(build.get("backend-path")):
        yield Behaviour(Kind.PKG_HOOK, f"backend-path {folder}", InFile(path, 0, When.INSTALL))
    for requirement in [*_strings(build.get("requires")), *_strings(project.get("dependencies"))]:
        yield _dependency(requirement, path)
    for extra in _table(project, "optional-dependencies").values():
        for requirement in _strings(extra):
            yield _dependency(requirement, path)
    groups = {"console_scripts": project.get("scripts"), "gui_scripts": project.get("gui-scripts")}
    groups |= _table(project, "entry-points")
    for group, entries in groups.items():
        for name, target in (entries if isinstance(entries, dict) else {}).items():
            if isinstance(target, str):
                yield _entry(group, name, target, path)


def _setup_cfg(tree: Tree) -> Iterator[Behaviour]:
    text = read(tree, "setup.cfg")
    if text is None:
        return
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string(text)
    except configparser.Error as err:
        yield _malformed("setup.cfg", type(err).__name__)
        return
    for key in ("install_requires", "setup_requires"):
        for requirement in config.get("options", key, fallback="").splitlines():
            if requirement.strip() and not requirement.strip().startswith("#"):
                yield _dependency(requirement, "setup.cfg")
    if config.has_section("options.entry_points"):
        for group, lines in config.items("options.entry_points"):
            for line in lines.splitlines():
                name, equals, target = line.partition("=")
                if equals:
                    yield _entry(group, name, target, "setup.cfg")


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _dependency(requirement: str, path: str, line: int = 0) -> Behaviour:
    return Behaviour(Kind.PKG_DEPENDENCY, " ".join(requirement.split()), InFile(path, line))


def _entry(group: str, name: str, target: str, path: str) -> Behaviour:
    return Behaviour(Kind.PKG_ENTRY, f"{group} {name.strip()}={target.strip()}", InFile(path))


def _malformed(path: str, why: str) -> Behaviour:
    return Behaviour(Kind.PKG_MALFORMED, f"{path} {why}", InFile(path))
