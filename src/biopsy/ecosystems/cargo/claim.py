"""A crate's manifest in the shape that all ecosystems share."""

from biopsy.ecosystems.cargo.package import PATH, load
from biopsy.ecosystems.claims import MAX_EACH, MAX_README, Manifest
from biopsy.ecosystems.manifests import Malformed
from biopsy.ecosystems.reading import read
from biopsy.model.regex import regex
from biopsy.model.release import Tree

_MAIL = regex(r"<([^<>\s]{1,254})>")


def of_tree(tree: Tree) -> Manifest | None:
    """Read Cargo.toml and the README; None where Cargo.toml cannot be read."""
    package = load(tree)
    if isinstance(package, Malformed):
        return None
    scripts = {"build": package.build} if package.build else {}
    if package.macros:
        scripts["proc-macro"] = package.lib or "src/lib.rs"
    wanted = [one for one in package.dependencies if one.table != "dev-dependencies"]
    about = package.about
    return Manifest(
        package.name,
        package.version,
        PATH,
        about.get("description", ""),
        (read(tree, package.readme) or "")[:MAX_README],
        tuple(about[key] for key in ("repository", "homepage", "documentation") if about.get(key)),
        tuple(dict.fromkeys(mail for author in package.authors for mail in _MAIL.findall(author))),
        scripts,
        {one.name: one.path for one in package.bins[:MAX_EACH]},
        {one.name: one.origin or requirement(one.requirement) for one in wanted[:MAX_EACH]},
        None,
    )


def requirement(text: str) -> str:
    """Write a requirement as the registry does: a bare version is one with a caret."""
    parts = [part.strip().replace(" ", "") for part in text.split(",")]
    return ", ".join(f"^{part}" if part[:1].isdigit() else part for part in parts) or "*"
