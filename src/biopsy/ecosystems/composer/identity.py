"""Which release a tree is, by its composer.json and the name of its file."""

from biopsy.ecosystems.composer.package import NAME, PATH, Package, load
from biopsy.ecosystems.manifests import Malformed
from biopsy.model.regex import regex
from biopsy.model.release import Release, Tree

_VERSION = regex(r"v?\d[0-9A-Za-z.+_-]{0,127}|dev-[0-9A-Za-z.+_/-]{1,120}")
_BEHIND = regex(r".*?[-_]v?(\d+(?:\.\d+)+(?:[-.]?(?:alpha|beta|rc|a|b|p|pl)[.-]?\d*)?)", flags=2)
_OTHERS = regex(r"PKG-INFO|setup\.py|pyproject\.toml|Cargo\.toml|[^/]+\.gemspec|[^/]+\.dist-info/METADATA")
_FOREIGN = (".tgz", ".whl", ".gem", ".crate", ".nupkg", ".vsix", ".jar")
_ENDINGS = (".zip", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar")

MAX_NAME = 200
"""Longest name, in characters."""


def kind(filename: str) -> str | None:
    """Give `zip` or `tar` for an archive that Composer unpacks."""
    lower = filename.lower()
    if lower.endswith(".zip"):
        return "zip"
    return "tar" if lower.endswith(_ENDINGS) else None


def identify(tree: Tree, filename: str) -> Release | None:
    """Give name and version; None where there is no composer.json, or where it is another's tool."""
    package = load(tree)
    if isinstance(package, Malformed):
        alone = package.reason != "absent" and not _shared(tree)
        return Release("composer", "unknown/unknown", "") if alone else None
    if filename.lower().endswith(_FOREIGN) or (_shared(tree) and not _meant(package)):
        return None
    return Release("composer", named(package) or "unknown/unknown", _version(package, filename))


def named(package: Package) -> str:
    """Give the name; empty where it can be none."""
    return package.name if len(package.name) <= MAX_NAME and NAME.fullmatch(package.name) else ""


def _shared(tree: Tree) -> bool:
    """Whether other manifests say what else it may be."""
    paths = {file.path for file in tree.files}
    return "package.json" in paths or any(_OTHERS.fullmatch(path) for path in paths)


def _meant(package: Package) -> bool:
    """Whether composer.json is that of a library of PHP, not of a tool that somebody else's project uses."""
    own = (
        package.autoload.files or package.autoload.psr4 or package.autoload.psr0 or package.autoload.classmap
    )
    return bool(named(package) and (own or package.plugin or package.bin))


def _version(package: Package, filename: str) -> str:
    if _VERSION.fullmatch(package.version):
        return package.version
    stem = filename
    for ending in _ENDINGS:
        if filename.lower().endswith(ending):
            stem = filename[: -len(ending)]
            break
    match = _BEHIND.fullmatch(stem)
    return match[1] if match else ""


__all__ = ["PATH", "identify", "kind", "named"]
