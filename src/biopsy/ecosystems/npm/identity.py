"""Which release a tree is, by its package.json."""

import re

from biopsy.ecosystems.manifests import Malformed
from biopsy.ecosystems.npm.package import load
from biopsy.model.regex import regex
from biopsy.model.release import Release, Tree

_NAME = regex(r"(?:@[A-Za-z0-9~_-][A-Za-z0-9~._-]{0,100}/)?[A-Za-z0-9~_-][A-Za-z0-9~._-]{0,213}", re.ASCII)
_VERSION = regex(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,127}", re.ASCII)
_PYTHON = regex(r"PKG-INFO|setup\.py|pyproject\.toml|[^/]+\.dist-info/METADATA")


def identify(tree: Tree, filename: str = "") -> Release | None:
    """Give name and version; None where there is no package.json, or a private one beside Python's.

    A folder or archive of an editor's extension is npm's only where it is packed as npm does.
    """
    package = load(tree)
    if isinstance(package, Malformed):
        return None if package.reason == "absent" else Release("npm", "unknown", "")
    if package.editor and not filename.lower().endswith((".tgz", ".tar.gz")):
        return None
    python = any(_PYTHON.fullmatch(file.path) for file in tree.files)
    named = bool(_NAME.fullmatch(package.name))
    if python and (package.private or not named or not package.version):
        return None
    version = package.version.strip().lstrip("v=")
    return Release(
        "npm", package.name if named else "unknown", version if _VERSION.fullmatch(version) else ""
    )
