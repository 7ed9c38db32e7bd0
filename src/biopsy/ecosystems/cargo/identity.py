"""Which release a tree is, by its Cargo.toml."""

from biopsy.ecosystems.cargo.package import load
from biopsy.ecosystems.manifests import Malformed
from biopsy.model.regex import regex
from biopsy.model.release import Release, Tree

MAX_NAME = 64
"""Longest name that crates.io takes, in characters."""

NAME = regex(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_VERSION = regex(r"\d{1,19}\.\d{1,19}\.\d{1,19}(?:-[0-9A-Za-z.-]{1,100})?(?:\+[0-9A-Za-z.-]{1,100})?")
_OTHERS = regex(r"package\.json|PKG-INFO|setup\.py|pyproject\.toml|composer\.json|[^/]+\.gemspec|"
                r"[^/]+\.dist-info/METADATA")  # fmt: skip


def identify(tree: Tree, filename: str) -> Release | None:
    """Give name and version; None where there is no Cargo.toml, or it is part of another package."""
    package = load(tree)
    archive = filename.lower().endswith(".crate")
    if isinstance(package, Malformed):
        return Release("cargo", "unknown", "") if archive or package.reason != "absent" else None
    if not archive and any(_OTHERS.fullmatch(file.path) for file in tree.files):
        return None
    named = NAME.fullmatch(package.name)
    version = package.version if _VERSION.fullmatch(package.version) else ""
    return Release("cargo", package.name if named else "unknown", version)
