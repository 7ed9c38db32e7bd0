"""Code of a package that its build tool runs by what pyproject.toml and setup.cfg say of it.

Setuptools replaces commands by classes that they name; Hatchling, Poetry, PDM and scikit-build-core start
scripts and hooks that lie in the source; so do Meson and CMake.
None of it needs a setup.py or a back end in the tree.
"""

import configparser
import tomllib
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from biopsy.ecosystems.reading import read
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_STATED = 200
"""Most pieces of code that the manifests of one package may name."""

MAX_TEXT = 512 * 1024
"""Longest part of a build description that is looked through, in characters."""

_STARTED = {
    "meson.build": regex(
        r"\b(?:run_command|find_program|add_(?:postconf|install)_script)\s*\(([^)]{1,1000})"
    ),
    "CMakeLists.txt": regex(r"(?i)\bexecute_process\s*\(([^)]{1,1000})"),
}
_WORD = regex(r"[\s'\",()]+")
_SCRIPTS = {"hatch": "hatch_build.py", "pdm": "pdm_build.py"}


class Built(Struct, frozen=True):
    """One piece: the manifest that names it, how `pkg.hook` tells of it, a file or else a dotted module."""

    manifest: str
    hook: str
    file: str = ""
    module: str = ""


def stated(tree: Tree) -> list[Built]:
    """Give what the manifests have a build tool run. Never raises: odd tables count as absent."""
    found = [*_configured(read(tree, "setup.cfg") or "")]
    try:
        tool = _table(tomllib.loads(read(tree, "pyproject.toml") or ""), "tool")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        tool = {}
    for name, reader in _TOOLS.items():
        found += reader(_table(tool, name))
    found += _native(tree)
    return found[:MAX_STATED]


def _configured(text: str) -> Iterator[Built]:
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string(text)
    except configparser.Error:
        return
    for line in config.get("options", "cmdclass", fallback="").splitlines():
        command, equals, name = (part.strip() for part in line.partition("="))
        if equals:
            yield Built("setup.cfg", f"cmdclass {command}={name}", module=_module(name))


def _native(tree: Tree) -> Iterator[Built]:
    """Scripts of the tree that Meson or CMake start while they look around."""
    paths = {file.path for file in tree.files}
    for manifest, pattern in _STARTED.items():
        for match in pattern.finditer((read(tree, manifest) or "")[:MAX_TEXT]):
            for word in _WORD.split(match[1]):
                path = word.rpartition("}/")[2].removeprefix("./")
                if path in paths and path.endswith((".py", ".sh")):
                    yield Built(manifest, f"build-script {path}", path)


def _setuptools(table: dict[str, Any]) -> Iterator[Built]:
    for command, name in _table(table, "cmdclass").items():
        if isinstance(name, str):
            yield _of(f"cmdclass {command}={name}", module=_module(name))


def _hatch(table: dict[str, Any]) -> Iterator[Built]:
    """Custom hooks of the build, of one target, of the metadata; and a version that is asked of a module."""
    build = _table(table, "build")
    places = [build, *(t for t in _table(build, "targets").values() if isinstance(t, dict))]
    for place in [*places, _table(table, "metadata")]:
        custom = _table(place, "hooks").get("custom")
        if isinstance(custom, dict):
            path = custom.get("path", _SCRIPTS["hatch"])
            yield _of(f"hatch-hook {path}", file=path)
    version = _table(table, "version")
    if version.get("source") == "code":
        yield _of(f"hatch-version {version.get('path')}", file=version.get("path"))


def _poetry(table: dict[str, Any]) -> Iterator[Built]:
    build = table.get("build")
    script = build.get("script") if isinstance(build, dict) else build
    if script:
        yield _of(f"poetry-build {script}", file=script)


def _pdm(table: dict[str, Any]) -> Iterator[Built]:
    build, version = _table(table, "build"), _table(table, "version")
    yield _of("pdm-hook", file=build.get("custom-hook", _SCRIPTS["pdm"]))
    if script := build.get("setup-script"):
        yield _of(f"pdm-build {script}", file=script)
    if isinstance(getter := version.get("getter"), str):
        yield _of(f"pdm-version {getter}", module=getter.partition(":")[0])


def _scikit(table: dict[str, Any]) -> Iterator[Built]:
    for given in _table(table, "metadata").values():
        folder = given.get("provider-path") if isinstance(given, dict) else None
        if isinstance(folder, str) and isinstance(name := given.get("provider"), str):
            path = f"{folder.strip('/')}/{name.replace('.', '/')}.py"
            yield _of(f"scikit-build-provider {path}", file=path)


_TOOLS = {
    "setuptools": _setuptools, "hatch": _hatch, "poetry": _poetry, "pdm": _pdm, "scikit-build": _scikit,
}  # fmt: skip


def _of(hook: str, file: object = "", module: str = "") -> Built:
    path = file.removeprefix("./") if isinstance(file, str) else ""
    return Built("pyproject.toml", hook, path, module)


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}
