"""An npm package's manifest in the shape that all ecosystems share: its archive's and the registry's."""

import re
from typing import Any

from msgspec.structs import replace

from biopsy.ecosystems.claims import MAX_EACH, MAX_README, Manifest
from biopsy.ecosystems.manifests import Malformed
from biopsy.ecosystems.npm.manifest import GYP
from biopsy.ecosystems.npm.package import DEPENDENCIES, LIFECYCLE, PATH, Package, load, parse
from biopsy.ecosystems.reading import read
from biopsy.model.regex import regex
from biopsy.model.release import Tree

_README = regex(r"readme(?:\.(?:md|markdown|txt|rst))?", re.IGNORECASE)
_MAIL = regex(r"<([^<>\s]{1,254})>")
_REBUILD = "node-gyp rebuild"  # npm writes it into the registry's manifest where there is a binding.gyp
_LINKS = ("repository", "homepage", "bugs")


def of_tree(tree: Tree) -> Manifest | None:
    """Read package.json and the README; None where package.json cannot be read."""
    package = load(tree)
    if isinstance(package, Malformed):
        return None
    readme = next((f.path for f in tree.files if _README.fullmatch(f.path)), "")
    native = package.gypfile and any(f.path == GYP for f in tree.files)
    text = (read(tree, readme) or "")[:MAX_README] if readme else ""
    return _made(package, PATH, text, native=native)


def of_registry(entry: object, readme: object = None) -> Manifest | None:
    """Read a version's entry in a packument; None where it is no object. Never raises."""
    package = parse(entry)
    if isinstance(package, Malformed):
        return None
    native = isinstance(entry, dict) and entry.get("gypfile") is True
    native = native or any(package.scripts.get(k, "").strip() == _REBUILD for k in LIFECYCLE)
    text = readme[:MAX_README] if isinstance(readme, str) else None
    if _short(entry):
        return replace(_made(package, "", text, native=native or None), scripts=None)
    return _made(package, "", text, native=native)


def _short(entry: object) -> bool:
    """Whether it is an entry of a short document, as mirrors serve it: scripts are counted, and not shown."""
    return isinstance(entry, dict) and entry.get("hasInstallScript") is True and "scripts" not in entry


def _made(package: Package, path: str, readme: str | None, *, native: bool | None) -> Manifest:
    scripts = {k: v for k, v in package.scripts.items() if k in LIFECYCLE and v.strip() != _REBUILD}
    dependencies = {k: v for kind in DEPENDENCIES for k, v in package.dependencies.get(kind, {}).items()}
    about = package.about
    return Manifest(
        package.name,
        package.version.strip().lstrip("v="),
        path,
        about.get("description", "") if isinstance(about.get("description", ""), str) else "",
        readme,
        tuple(link for key in _LINKS if (link := _link(about.get(key)))),
        tuple(dict.fromkeys(_mails(about))),
        dict(list(scripts.items())[:MAX_EACH]),
        {k: v.removeprefix("./") for k, v in list(package.bin.items())[:MAX_EACH]},
        dict(list(dependencies.items())[:MAX_EACH]),
        native,
    )


def _link(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("url")
    return value[:500] if isinstance(value, str) else ""


def _mails(about: dict[str, Any]) -> list[str]:
    """Give the addresses of author, maintainers and contributors, written either way."""
    people = [about.get("author")]
    for key in ("maintainers", "contributors"):
        several = about.get(key)
        people += several[:20] if isinstance(several, list) else []
    found = []
    for person in people:
        if isinstance(person, dict):
            mail = person.get("email")
            found.append(mail[:254] if isinstance(mail, str) else "")
        elif isinstance(person, str):
            found += _MAIL.findall(person[:1000])
    return [mail.strip() for mail in found if mail.strip()]
