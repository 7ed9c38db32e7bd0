"""`pom.xml` of Maven: what it pins by itself. What a parent or a list of versions pins is not in it."""

import re
from collections.abc import Iterator, Mapping

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.model.check import Entry
from biopsy.model.elements import Element

FORM = "pom.xml"
NAMES = ("pom.xml", "*.pom", "*.pom.xml")

MAX_ROUNDS = 10
"""How deep properties may stand in properties."""

_PROPERTY = re.compile(r"\$\{([^${}]{1,200})\}")
_EXACT = re.compile(r"\[([^,()\[\]]+)\]")
_PLACES = (
    ("dependencies", "dependency"),
    ("dependencyManagement", "dependencies", "dependency"),
    ("build", "plugins", "plugin"),
    ("build", "pluginManagement", "plugins", "plugin"),
    ("build", "extensions", "extension"),
)


def looks(head: bytes) -> bool:
    """Whether it is a project of Maven's."""
    return b"<project" in head and (b"maven.apache.org/POM" in head or b"<modelVersion>" in head)


def read(given: Given) -> Iterator[Entry]:
    """The parent, dependencies and plugins, those of profiles too; without a version where none is pinned."""
    root = decode.xml(given.data)
    if root.name != "project":
        raise LockError(f"{root.name or 'nothing'} is no project of Maven's")
    known = _properties(root)
    if (parent := root.first("parent")).name:
        yield from _entry(parent, known)
    for base in (root, *root.all("profiles", "profile")):
        for path in _PLACES:
            for one in base.all(*path):
                yield from _entry(one, known, "org.apache.maven.plugins" if path[-1] == "plugin" else "")


def _properties(root: Element) -> Mapping[str, str]:
    parent = root.first("parent")
    known = {one.name: one.text for one in root.first("properties").children}
    for key in ("groupId", "artifactId", "version"):
        known[f"project.{key}"] = root.say(key) or parent.say(key)
        known[f"project.parent.{key}"] = parent.say(key)
    return known


def _entry(one: Element, known: Mapping[str, str], group: str = "") -> Iterator[Entry]:
    name = f"{_filled(one.say('groupId'), known) or group}:{_filled(one.say('artifactId'), known)}"
    version = _filled(one.say("version"), known)
    if exact := _EXACT.fullmatch(version):
        version = exact[1]
    if name.startswith(":") or name.endswith(":"):
        return
    open_ended = not version or version[:1] in "[(" or "${" in version or version in ("LATEST", "RELEASE")
    pinned, wanted = ("", version) if open_ended else (version, "")
    yield Entry("Maven", word(name), word(pinned, "version"), one.line, wanted=word(wanted, "version"))


def _filled(text: str, known: Mapping[str, str]) -> str:
    for _ in range(MAX_ROUNDS):
        filled = _PROPERTY.sub(lambda match: known.get(match[1], match[0]), text)
        if filled == text or len(filled) > 4096:
            return text
        text = filled
    return text
