"""CycloneDX as JSON, versions 1.2 to 1.7: the components, those inside others too."""

from collections.abc import Iterator

import msgspec

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.lines import Lines
from biopsy.model.check import PURL, Entry

FORM = "CycloneDX"
NAMES = ("bom.json", "*.cdx.json", "*.bom.json", "sbom.json", "cyclonedx.json")


class Hash(msgspec.Struct):
    """A hash of a component."""

    alg: str = ""
    content: str = ""


class Component(msgspec.Struct):
    """A component."""

    name: str = ""
    version: str | None = None
    group: str | None = None
    type: str = ""
    purl: str | None = None
    hashes: list[Hash] | None = None
    components: list["Component"] | None = None


class File(msgspec.Struct):
    """The file."""

    form: str = msgspec.field(default="", name="bomFormat")
    components: list[Component] | None = None


def looks(head: bytes) -> bool:
    """Whether it says that it is one."""
    return b'"CycloneDX"' in head


def read(given: Given) -> Iterator[Entry]:
    """The components, in the order of the file; files and the like, which nobody packages, are left out."""
    held = decode.json(given.data, File)
    if held.form != "CycloneDX":
        raise LockError("bomFormat is not CycloneDX")
    lines = Lines(given.text)
    stack = [iter(held.components or ())]
    while stack:
        for component in stack[-1]:
            if entry := _entry(component, lines):
                yield entry
            if component.components:
                stack.append(iter(component.components))
                break
        else:
            stack.pop()


def _entry(component: Component, lines: Lines) -> Entry | None:
    version = word(component.version, "version")
    hashes = tuple(f"{h.alg.lower().replace('-', '', 1)}:{h.content}" for h in component.hashes or ())
    if component.purl:
        purl = word(component.purl, "package URL")
        return Entry(PURL, purl, version, lines.value(purl), hashes)
    if component.type in {"library", "framework", "application"}:
        name = "/".join(p for p in (component.group, component.name) if p)
        return Entry("", word(name), version, 0, origin="a component without a package URL")
    return None
