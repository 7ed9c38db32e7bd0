"""Names and versions: of a file, of a tree."""

import ast
import configparser
import re
import tomllib
from email.parser import HeaderParser

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from biopsy.ecosystems.reading import read, under
from biopsy.model.regex import regex
from biopsy.model.release import Release, Tree

_SDIST = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz")
_METADATA = regex(r"(?:[^/]+\.dist-info/METADATA|PKG-INFO|(?:src/)?[^/]+\.egg-info/PKG-INFO)")


def kind(filename: str) -> str | None:
    """Give `wheel` for a .whl, `sdist` for the archives that pip builds from, else None."""
    lower = filename.lower()
    if lower.endswith(".whl"):
        return "wheel"
    return "sdist" if lower.endswith(_SDIST) else None


def parse(filename: str) -> tuple[str, Version] | None:
    """Read name and version out of the name of an artifact; None where it does not follow the rules."""
    try:
        if filename.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(filename)
            return name, version
        for suffix in (".tgz", ".tar.bz2", ".tar.xz"):
            if filename.endswith(suffix):  # as old sdists have it
                filename = filename.removesuffix(suffix) + ".tar.gz"
        return parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def version_key(version: str) -> tuple[bool, Version, str]:
    """Order by PEP 440; what is no version comes first, by its text."""
    try:
        return True, Version(version), ""
    except InvalidVersion:
        return False, Version("0"), version


def prerelease(version: str) -> bool:
    """Say whether a version is a pre-release or a development release by PEP 440."""
    try:
        return Version(version).is_prerelease
    except InvalidVersion:
        return False


def metadata(tree: Tree) -> list[str]:
    """Give the paths of METADATA and PKG-INFO files, the one that counts most first."""
    return sorted(under(tree, _METADATA), key=lambda p: (p.count("/") if p != "PKG-INFO" else 0, p))


def identify(tree: Tree, filename: str) -> Release | None:
    """Say which release a tree is; None where nothing in it is of a Python package."""
    for path in metadata(tree):
        headers = HeaderParser().parsestr(read(tree, path) or "")
        if name := _named(str(headers.get("Name", "")), str(headers.get("Version", ""))):
            return name
    paths = {f.path for f in tree.files}
    found = parse(filename) if kind(filename) else None
    if not paths & {"setup.py", "pyproject.toml", "setup.cfg"} and not (found and filename.endswith(".whl")):
        return None
    if found:
        return _named(found[0], str(found[1]))
    return _declared(tree) or Release("pypi", canonicalize_name(_stem(filename)) or "unknown", "")


def backend(tree: Tree) -> tuple[list[str], str]:
    """Give the folders of an in-tree build backend (`backend-path`) and its name; else nothing."""
    try:
        build = tomllib.loads(read(tree, "pyproject.toml") or "").get("build-system", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return [], ""
    if not isinstance(build, dict) or not isinstance(folders := build.get("backend-path"), list):
        return [], ""
    clean = [
        f.strip("/").removeprefix("./").replace(".", "", f == ".") for f in folders if isinstance(f, str)
    ]
    return clean, str(build.get("build-backend", ""))


def _declared(tree: Tree) -> Release | None:
    """Read pyproject.toml, then setup.cfg, then setup.py; a version that is computed stays empty."""
    try:
        project = tomllib.loads(read(tree, "pyproject.toml") or "").get("project", {})
        if isinstance(project, dict) and (
            found := _named(str(project.get("name", "")), str(project.get("version", "")))
        ):
            return found
    except (tomllib.TOMLDecodeError, RecursionError):
        pass
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string(read(tree, "setup.cfg") or "")
        name = config.get("metadata", "name", fallback="")
        if found := _named(name, config.get("metadata", "version", fallback="")):
            return found
    except configparser.Error:
        pass
    return _set_up(read(tree, "setup.py") or "")


def _set_up(source: str) -> Release | None:
    """Take the name and version that setup.py gives as plain texts."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            given = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
            if ast.unparse(node.func).rpartition(".")[2] == "setup" and isinstance(given.get("name"), str):
                return _named(str(given["name"]), str(given.get("version", "")))
    return None


def _named(name: str, version: str) -> Release | None:
    name, version = name.strip(), version.strip()
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?", name):
        return None
    try:
        version = str(Version(version))
    except InvalidVersion:
        version = version if re.fullmatch(r"[A-Za-z0-9.!+_-]{1,128}", version) else ""
    return Release("pypi", canonicalize_name(name), version)


def _stem(filename: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", re.sub(r"\.(?:whl|zip|tgz|tar\.\w+)$", "", filename)).strip(".-_")
