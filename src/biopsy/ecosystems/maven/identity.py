"""Which artifact a tree is."""

import posixpath
from collections.abc import Iterator

from biopsy.ecosystems.reading import read, under
from biopsy.model.elements import Element, parse
from biopsy.model.regex import regex
from biopsy.model.release import Release, Tree

_NAME = regex(r"[A-Za-z0-9_.-]{1,250}/[A-Za-z0-9_.-]{1,250}")
_INSIDE = regex(r"META-INF/maven/([^/]+)/([^/]+)/pom\.xml")
_PROPERTIES = regex(r"META-INF/maven/([^/]+)/([^/]+)/pom\.properties")
_FILE = regex(r"(?P<name>[A-Za-z0-9_.-]+?)-(?P<version>\d[A-Za-z0-9_.+-]*)\.(?:jar|war|ear|aar)")
_JAR = (".jar", ".war", ".ear", ".aar")
_TAKEN = (".tgz", ".whl", ".gem", ".crate", ".nupkg", ".vsix")


def is_name(name: str) -> bool:
    """Whether a text can be `group/artifact`."""
    return bool(_NAME.fullmatch(name)) and ".." not in name.split("/")


def poms(tree: Tree, filename: str = "") -> list[str]:
    """Give the poms of a tree, its own first: others come with what was packed into it."""
    found = sorted(under(tree, _INSIDE), key=lambda p: (not filename.startswith(p.split("/")[3]), len(p), p))
    return [path for path in ("pom.xml",) if any(f.path == path for f in tree.files)] + found


def coordinates(pom: Element) -> tuple[str, str, str]:
    """Give group, artifact and version as a pom has them, by itself or from its parent."""
    parent = pom.first("parent")
    return (
        pom.say("groupId") or parent.say("groupId"),
        pom.say("artifactId"),
        pom.say("version") or parent.say("version"),
    )


def identify(tree: Tree, filename: str) -> Release | None:
    """Give group, artifact and version; `unknown` for the parts of a jar that nothing says."""
    jar = filename.lower().endswith(_JAR)
    if filename.lower().endswith(_TAKEN):
        return None
    for group, artifact, version in _said(tree, filename):
        if is_name(f"{group}/{artifact}") and "${" not in version:
            return Release("maven", f"{group}/{artifact}", version[:128])
    if not jar:
        return None
    named = _FILE.fullmatch(posixpath.basename(filename))
    name = named["name"] if named else filename.rpartition(".")[0]
    whole = f"unknown/{name}"
    return Release("maven", whole if is_name(whole) else "unknown/unknown", named["version"] if named else "")


def _said(tree: Tree, filename: str) -> Iterator[tuple[str, str, str]]:
    for path in poms(tree, filename):
        held = parse((read(tree, path) or "").encode("utf-8", "replace"))
        if isinstance(held, Element) and held.name == "project":
            yield coordinates(held)
    for path in under(tree, _PROPERTIES):
        lines = (line.partition("=") for line in (read(tree, path) or "").splitlines())
        told = {key.strip(): value.strip() for key, sign, value in lines if sign}
        yield told.get("groupId", ""), told.get("artifactId", ""), told.get("version", "")
