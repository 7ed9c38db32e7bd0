"""SPDX as JSON: version 2 (ISO/IEC 5962), and version 3 as JSON-LD."""

from collections.abc import Iterator

import msgspec

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.lines import Lines
from biopsy.model.check import PURL, Entry

FORM = "SPDX"
NAMES = ("*.spdx.json", "spdx.json", "sbom.json")


class Reference(msgspec.Struct):
    """What a package is called elsewhere; the names are those of version 2, then of version 3."""

    kind: str = msgspec.field(default="", name="referenceType")
    locator: str = msgspec.field(default="", name="referenceLocator")
    kind3: str = msgspec.field(default="", name="externalIdentifierType")
    identifier: str = ""


class Sum(msgspec.Struct):
    """A hash of a package."""

    algorithm: str = ""
    value: str = msgspec.field(default="", name="checksumValue")


class Package(msgspec.Struct):
    """A package of version 2."""

    name: str = ""
    version: str = msgspec.field(default="", name="versionInfo")
    references: list[Reference] = msgspec.field(default_factory=list, name="externalRefs")
    sums: list[Sum] = msgspec.field(default_factory=list, name="checksums")


class Element(msgspec.Struct):
    """An element of version 3, of any type."""

    type: str = ""
    name: str = ""
    purl: str = msgspec.field(default="", name="software_packageUrl")
    version: str = msgspec.field(default="", name="software_packageVersion")
    references: list[Reference] = msgspec.field(default_factory=list, name="externalIdentifier")


class File(msgspec.Struct):
    """The file, of either version."""

    form: str = msgspec.field(default="", name="spdxVersion")
    packages: list[Package] = []
    graph: list[Element] | None = msgspec.field(default=None, name="@graph")


def looks(head: bytes) -> bool:
    """Whether it says that it is one."""
    return b'"spdxVersion"' in head or b"spdx.org/rdf/3" in head


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file."""
    held = decode.json(given.data, File)
    if not held.form and held.graph is None:
        raise LockError("neither spdxVersion nor @graph: no SPDX")
    lines = Lines(given.text)
    for package in held.packages:
        purls = [r.locator for r in package.references if r.kind == "purl"]
        sums = tuple(f"{s.algorithm.lower()}:{s.value}" for s in package.sums)
        yield from _entries(purls, package.name, package.version, sums, lines)
    for element in held.graph or ():
        if element.type == "software_Package":
            named = [r.identifier for r in element.references if r.kind3 == "packageURL"]
            yield from _entries(
                [element.purl] if element.purl else named, element.name, element.version, (), lines
            )


def _entries(
    purls: list[str], name: str, version: str, sums: tuple[str, ...], lines: Lines
) -> Iterator[Entry]:
    for purl in dict.fromkeys(purls):
        yield Entry(PURL, word(purl, "package URL"), word(version, "version"), lines.value(purl), sums)
    if not purls:
        yield Entry("", word(name), word(version, "version"), origin="a package without a package URL")
