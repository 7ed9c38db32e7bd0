"""Which release a tree is, by its gemspec."""

from biopsy.ecosystems.gem.specification import PATH, Malformed, load
from biopsy.model.regex import regex
from biopsy.model.release import Release, Tree

NAME = regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
_VERSION = regex(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,127}")
_OTHERS = frozenset({"package.json", "pyproject.toml", "setup.py", "PKG-INFO", "Cargo.toml", "composer.json"})


def identify(tree: Tree, filename: str) -> Release | None:
    """Give name and version. None where there is no gemspec, or one beside another's manifest."""
    paths = {file.path for file in tree.files}
    ours = PATH in paths or filename.lower().endswith(".gem")
    if not ours and paths & _OTHERS:
        return None  # libraries of style sheets carry a gemspec in their npm packages
    spec = load(tree)
    if isinstance(spec, Malformed):
        return Release("gem", "unknown", "") if ours else None
    return Release(
        "gem",
        spec.name if NAME.fullmatch(spec.name) else "unknown",
        spec.version if _VERSION.fullmatch(spec.version) else "",
    )
