"""A PHP package's manifest in the shape that all ecosystems share: its archive's and the registry's."""

import re
from typing import Any

from biopsy.ecosystems.claims import MAX_EACH, MAX_README, Manifest
from biopsy.ecosystems.composer.events import unasked
from biopsy.ecosystems.composer.package import PATH, Package, load, parse
from biopsy.ecosystems.manifests import Malformed
from biopsy.ecosystems.reading import read
from biopsy.model.regex import regex
from biopsy.model.release import Tree

_README = regex(r"readme(?:\.(?:md|markdown|txt|rst))?", re.IGNORECASE)
_LINKS = ("source", "issues", "docs", "wiki", "forum")


def of_tree(tree: Tree) -> Manifest | None:
    """Read composer.json and the README; None where composer.json cannot be read."""
    package = load(tree)
    if isinstance(package, Malformed):
        return None
    readme = next((f.path for f in tree.files if _README.fullmatch(f.path)), "")
    return _made(package, PATH, (read(tree, readme) or "")[:MAX_README] if readme else "")


def of_registry(entry: object) -> Manifest | None:
    """Read a version's entry in the registry's metadata; None where it is no object. Never raises."""
    package = parse(entry)
    return None if isinstance(package, Malformed) else _made(package, "", None)


def _made(package: Package, path: str, readme: str | None) -> Manifest:
    about = package.about
    summary = about.get("description", "")
    return Manifest(
        package.name,
        package.version.lstrip("vV")
        if path
        else "",  # the registry's is the tag, the archive's is rarely there
        path,
        summary if isinstance(summary, str) else "",
        readme,
        tuple(_links(about)),
        tuple(dict.fromkeys(_mails(about))),
        # the registry tells no scripts, and nobody runs those of a dependency
        dict(list(unasked(package))[:MAX_EACH]),
        {one.rpartition("/")[2]: one.removeprefix("./") for one in package.bin[:MAX_EACH]},
        dict(list(package.require.items())[:MAX_EACH]),
        None,
    )


def _links(about: dict[str, Any]) -> list[str]:
    support = about.get("support")
    found = [support.get(key) for key in _LINKS] if isinstance(support, dict) else []
    found.append(about.get("homepage"))
    return [link[:500] for link in found if isinstance(link, str) and link]


def _mails(about: dict[str, Any]) -> list[str]:
    authors, support = about.get("authors"), about.get("support")
    people = [*(authors[:20] if isinstance(authors, list) else ()), support]
    mails = [person.get("email") for person in people if isinstance(person, dict)]
    return [mail.strip()[:254] for mail in mails if isinstance(mail, str) and mail.strip()]
