"""package.json, read with tolerance: whatever has the wrong type counts as absent."""

import json
import re
from typing import Any

from msgspec import Struct, field

from biopsy.ecosystems.manifests import Malformed, decoded
from biopsy.model.release import Tree

PATH = "package.json"
DEPENDENCIES = ("dependencies", "optionalDependencies", "peerDependencies")

MAX_TARGETS = 500
"""Most paths of `exports` that are looked at."""

ABOUT = ("description", "author", "maintainers", "contributors", "repository", "homepage", "bugs")

LIFECYCLE = ("preinstall", "install", "postinstall")
"""Scripts that npm runs when the package is installed from a registry, in their order."""

PREPARING = ("prepublish", "preprepare", "prepare", "postprepare")
"""Scripts that npm runs only when it is installed from git or from a folder."""


class Package(Struct, frozen=True):
    """What package.json says. `exports` and `main` are as written."""

    name: str = ""
    version: str = ""
    private: bool = False
    scripts: dict[str, str] = field(default_factory=dict)
    bin: dict[str, str] = field(default_factory=dict)
    bin_folder: str = ""
    dependencies: dict[str, dict[str, str]] = field(default_factory=dict)
    main: str = ""
    module: str = ""
    exports: Any = None
    gypfile: bool = True
    editor: bool = False  # what it asks for is VS Code: no package of npm's, unless it is in its archive
    about: dict[str, Any] = field(default_factory=dict)  # what is for people, as written: see ABOUT


def load(tree: Tree, path: str = PATH) -> Package | Malformed:
    """Read the package.json of a tree, or another one of it. Never raises."""
    document = decoded(tree, path, json.loads)
    return document if isinstance(document, Malformed) else parse(document)


def parse(document: object) -> Package | Malformed:
    """Read a package.json that was decoded already. Never raises."""
    if not isinstance(document, dict):
        return Malformed("no object")
    name = _text(document.get("name"))
    folders = document.get("directories")
    return Package(
        name,
        _text(document.get("version")),
        document.get("private") is True,
        _texts(document.get("scripts")),
        _bins(document.get("bin"), name),
        _text(folders.get("bin")) if isinstance(folders, dict) else "",
        {kind: _texts(document.get(kind)) for kind in DEPENDENCIES},
        _text(document.get("main")),
        _text(document.get("module")),
        document.get("exports"),
        document.get("gypfile") is not False,
        isinstance(document.get("engines"), dict) and "vscode" in document["engines"],
        {key: document[key] for key in ABOUT if key in document},
    )


def targets(exports: object, depth: int = 0) -> list[str]:
    """Give every path that an `exports` map names, under whatever condition."""
    if isinstance(exports, str):
        return [exports]
    if depth > 8:  # Node itself sets no limit; nobody nests deeper
        return []
    inner = exports.values() if isinstance(exports, dict) else exports if isinstance(exports, list) else ()
    return [path for value in inner for path in targets(value, depth + 1)][:MAX_TARGETS]


def matching(target: str, paths: set[str]) -> list[str]:
    """Give the files that a target of `exports` means; `*` stands for any text."""
    target = target.removeprefix("./")
    if "*" not in target:
        return [target] if target in paths else []
    if len(paths) > 20_000:
        return []
    before, _, after = target.partition("*")
    pattern = re.compile(re.escape(before) + ".+" + re.escape(after.replace("*", "")))
    return [path for path in paths if pattern.fullmatch(path)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> dict[str, str]:
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}


def _bins(value: object, name: str) -> dict[str, str]:
    if isinstance(value, str):
        return {name.rpartition("/")[2]: value}
    return _texts(value)
