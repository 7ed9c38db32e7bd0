"""`lookup.bin`: the look-up file of `biopsy check --offline`; see `biopsy.reports.offline`."""

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from biopsy.reports.claim import ORIGINS, Package
from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree
from biopsy.reports.offline import EVERY, GIT, MAGIC, OTHER, TAIL, key
from biopsy.reports.record import compact

PATH = "lookup.bin"
TARGET = 16_000  # bytes of a block, unpacked: larger ones are fewer and smaller, and slower to look into
LEVEL = 9

# What lines have in common; the commonest stands last.
WORDS = (
    b'"r":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]'
    b'"d":["https://github.com/ossf/malicious-packages","u":"https://security.snyk.io/vuln/SNYK-"'
    b'"s":["checkmarx","package-analysis","google-open-source-security","kam193","amazon-inspector"]'
    b'RubyGems\tNuGet\tGo\tgithub.com/crates.io\tMaven\tVSCode\tPyPI\t","v":["0.0.1","1.0.0","1.0.1","99.99.99"]'
    b',"r":1,"s":["reversing-labs"]}\nPyPI\t,"v":["1.0.0"],"s":["ghsa-malware"]'
    b',"r":1,"s":["ghsa-malware"],"u":"https://github.com/advisories/GHSA-"}\nnpm\t@\t{"i":"MAL-2025-'
)
_HEX = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}")
_SRI = re.compile(r"sha(?:1|256|384|512)-[A-Za-z0-9+/]{20,88}={0,2}")
_NO_DIGESTS = frozenset({ORIGINS, "severity", "cwes"})  # origins have hashes of records


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Write on."""


def begin(tree: Tree, state: State) -> "Lookup":
    """Start without a line."""
    return Lookup(tree, state)


class Lookup:
    """Keeps a line for each report that stands."""

    def __init__(self, tree: Tree, state: State) -> None:
        """Start without a line."""
        self._tree, self._state = tree, state
        self._lines: list[bytes] = []

    def take(self, one: One) -> None:
        """Keep the line of a report, unless it is withdrawn."""
        if not one.key.withdrawn:
            self._lines.append(line(one.key.package, one.key.id, one.report))

    def finish(self) -> None:
        """Sort the lines, and pack them."""
        state = self._state
        about = {"lineage": state.lineage, "sequence": state.sequence, "modified": state.modified}
        file = self._tree.open(PATH)
        write(file, self._lines, {**about, "reports": len(self._lines)})
        file.close()


def line(package: Package, own: str, report: dict[str, Any]) -> bytes:
    """A report as a line of a block."""
    about = next((a for a in report.get("affected") or () if isinstance(a, dict)), {})
    spans = [1 if r == EVERY else 2 if r == OTHER else r for r in about.get("ranges") or ()]
    spelled = _spelled(about, package)
    title = f"Malicious code in {spelled} ({package.ecosystem or GIT})"
    summary = report.get("summary") or ""
    held = {
        "i": own,
        "e": package.ecosystem if ":" in package.ecosystem else "",
        "n": spelled if spelled != package.name else "",
        "t": "" if summary == title else summary,
        "v": about.get("versions") or [],
        "r": spans[0] if len(spans) == 1 and isinstance(spans[0], int) else spans,
        "s": _sources(report),
        "u": _link(report),
        "d": sorted(_digests(report)),
    }
    return f"{key(package)}\t".encode() + compact({k: v for k, v in held.items() if v})


def _spelled(about: dict[str, Any], package: Package) -> str:
    named = about.get("package")
    return str(named.get("name") or package.name) if isinstance(named, dict) else package.name


def _sources(report: dict[str, Any]) -> list[str]:
    specific = report.get("database_specific")
    held = specific.get(ORIGINS) if isinstance(specific, dict) else None
    found = (o.get("source") for o in held if isinstance(o, dict)) if isinstance(held, list) else ()
    return list(dict.fromkeys(str(one) for one in found if one))


def _link(report: dict[str, Any]) -> str:
    links = [r for r in report.get("references") or () if isinstance(r, dict) and r.get("url")]
    links.sort(key=lambda r: r.get("type") != "ADVISORY")
    return str(links[0]["url"]) if links else ""


def _digests(report: dict[str, Any]) -> Iterator[str]:
    """Every text of a report that may be the hash of a file."""
    held = [report.get("database_specific")]
    held += [a.get("database_specific") for a in report.get("affected") or () if isinstance(a, dict)]
    stack = [v for one in held if isinstance(one, dict) for k, v in one.items() if k not in _NO_DIGESTS]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            stack.extend(one.values())
        elif isinstance(one, list):
            stack.extend(one)
        elif isinstance(one, str) and _HEX.fullmatch(one):
            yield one.lower()
        elif isinstance(one, str) and _SRI.fullmatch(one):
            yield one


def write(file: Sink, lines: Iterable[bytes], about: dict[str, Any]) -> None:
    """Write a look-up file of lines, which need not be sorted; `about` is put into the index.

    Whole lines sort as their first two columns do: no name has a letter below the tab that ends it.
    """
    blocks: list[list[object]] = []
    file.write(WORDS)
    at = len(WORDS)
    for block in _blocks(sorted(lines)):
        body = _pack(b"".join(one + b"\n" for one in block))
        blocks.append(["\t".join(block[0].decode().split("\t", 2)[:2]), at, len(body)])
        file.write(body)
        at += len(body)
    index = _pack(json.dumps({**about, "blocks": blocks}, ensure_ascii=False).encode())
    file.write(index + TAIL.pack(len(WORDS), at, len(index), MAGIC))


def _blocks(lines: list[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    size, last = 0, b""
    for one in lines:
        key = b"\t".join(one.split(b"\t", 2)[:2])
        if size >= TARGET and key != last:
            yield block
            block, size = [], 0
        block.append(one)
        size += len(one)
        last = key
    if block:
        yield block


def _pack(data: bytes) -> bytes:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, WORDS)
    return packer.compress(data) + packer.flush()
