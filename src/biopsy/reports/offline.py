"""The look-up file: which versions of which packages are malicious, small enough to carry about.

It has what `biopsy check` needs of a report, and nothing else; withdrawn reports are not in it. The form,
which docs/exports.md describes for others (numbers are little-endian, of 8 bytes):

    blocks     one after the other, each packed by itself (zlib with a preset dictionary, RFC 1950)
    index      packed like a block: a JSON object
    where the index begins, how many bytes it has, and the 8 bytes of MAGIC

A block unpacked is text in UTF-8, a report a line: ecosystem, tab, name, tab, JSON object. Lines are sorted
by the bytes of their first two columns, over all blocks, and those with the same are in one block. The
ecosystem is without what follows a colon; the name is canonical. To look one up: by bisection, the last block
whose first is not above it.
"""

import json
import mmap
import re
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from biopsy.errors import BiopsyError
from biopsy.reports import naming
from biopsy.reports.claim import ORIGINS, Package
from biopsy.reports.record import compact

MAGIC = b"BIOPSY\0\1"
TARGET = 16_000  # bytes of a block, unpacked: larger ones are fewer and smaller, and slower to look into
MAX_BLOCK = 64 * 1024**2  # bytes of a block or of the index, unpacked
MAX_FILE = 2 * 1024**3
LEVEL = 9
_KEPT = 64  # blocks that are kept unpacked

# A preset dictionary: part of the form, so it never changes. The commonest stands last.
WORDS = (
    b'"r":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]'
    b'"d":["https://github.com/ossf/malicious-packages","u":"https://security.snyk.io/vuln/SNYK-"'
    b'"s":["checkmarx","package-analysis","google-open-source-security","kam193","amazon-inspector"]'
    b'RubyGems\tNuGet\tGo\tgithub.com/crates.io\tMaven\tVSCode\tPyPI\t","v":["0.0.1","1.0.0","1.0.1","99.99.99"]'
    b',"r":1,"s":["reversing-labs"]}\nPyPI\t,"v":["1.0.0"],"s":["ghsa-malware"]'
    b',"r":1,"s":["ghsa-malware"],"u":"https://github.com/advisories/GHSA-"}\nnpm\t@\t{"i":"MAL-2025-'
)
_EVERY = {"type": "SEMVER", "events": [{"introduced": "0"}]}
"""The range that most reports have; it is written as 1, and with ECOSYSTEM as 2."""

_OTHER = {**_EVERY, "type": "ECOSYSTEM"}
_GIT = "Git"
_HEX = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}")
_SRI = re.compile(r"sha(?:1|256|384|512)-[A-Za-z0-9+/]{20,88}={0,2}")
_NO_DIGESTS = frozenset({ORIGINS, "severity", "cwes"})  # origins have hashes of records
_TAIL = struct.Struct("<QQ8s")


class OfflineError(BiopsyError):
    """A file that is no look-up file, or a damaged one; the message names it."""


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Write on."""


def line(package: Package, own: str, report: dict[str, Any]) -> bytes:
    """A report as a line of a block."""
    about = next((a for a in report.get("affected") or () if isinstance(a, dict)), {})
    spans = [1 if r == _EVERY else 2 if r == _OTHER else r for r in about.get("ranges") or ()]
    spelled = _spelled(about, package)
    title = f"Malicious code in {spelled} ({package.ecosystem or _GIT})"
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
    return f"{_key(package)}\t".encode() + compact({k: v for k, v in held.items() if v})


def _key(package: Package) -> str:
    return f"{naming.base(package.ecosystem) or _GIT}\t{package.name}"


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
    at = 0
    for block in _blocks(sorted(lines)):
        body = _pack(b"".join(one + b"\n" for one in block))
        blocks.append(["\t".join(block[0].decode().split("\t", 2)[:2]), at, len(body)])
        file.write(body)
        at += len(body)
    index = _pack(json.dumps({**about, "blocks": blocks}, ensure_ascii=False).encode())
    file.write(index + _TAIL.pack(at, len(index), MAGIC))


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


class Offline:
    """An open look-up file; it answers as the database does, with the parts of reports that it has."""

    def __init__(self, path: Path) -> None:
        """Open a file; raises OfflineError where it is none, or damaged."""
        self._path = path
        self._block = lru_cache(maxsize=_KEPT)(self._unpacked)
        try:
            size = path.stat().st_size
            if not _TAIL.size < size <= MAX_FILE:
                raise OfflineError(f"{path}: no look-up file, by its size")
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise OfflineError(f"{path}: cannot be read: {error.strerror}") from error
        at, length, magic = _TAIL.unpack(self._map[-_TAIL.size :])
        if magic != MAGIC:
            raise OfflineError(f"{path}: no look-up file, or of a form that this biopsy does not read")
        try:
            self.about: dict[str, Any] = json.loads(self._unpack(at, length))
            blocks = self.about.pop("blocks")
            self._first = [str(first) for first, _, _ in blocks]
            self._where = [(int(start), int(size)) for _, start, size in blocks]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise OfflineError(f"{path}: damaged: its index cannot be read") from error

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()

    def on(self, package: Package) -> Iterator[dict[str, Any]]:
        """The reports on a package; an ecosystem without a colon means all that have one, too."""
        key = _key(package)
        number = bisect_right(self._first, key) - 1
        if number < 0:
            return
        block, mark = self._block(number), f"\n{key}\t".encode()
        found = block.find(mark)
        while found >= 0:
            start = found + len(mark)
            end = block.find(b"\n", start)
            yield from self._report(package, block[start:end])
            found = block.find(mark, end)

    def _report(self, package: Package, text: bytes) -> Iterator[dict[str, Any]]:
        try:
            made = _restored(package, json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise OfflineError(f"{self._path}: damaged: {package.name} cannot be read") from error
        if made["ecosystem"] == package.ecosystem or ":" not in package.ecosystem:
            yield made["report"]

    def _unpacked(self, number: int) -> bytes:
        return b"\n" + self._unpack(*self._where[number])

    def _unpack(self, at: int, length: int) -> bytes:
        try:
            reader = zlib.decompressobj(zdict=WORDS)
            data = reader.decompress(self._map[at : at + length], MAX_BLOCK)
        except zlib.error as error:
            raise OfflineError(f"{self._path}: damaged at byte {at:,}: {error}") from error
        if not reader.eof or at < 0 or length < 0:
            raise OfflineError(f"{self._path}: damaged at byte {at:,}: a block ends early, or is too large")
        return data


def _restored(package: Package, held: dict[str, Any]) -> dict[str, Any]:
    """A line as a report, as far as the file has it."""
    ecosystem = held.get("e") or naming.base(package.ecosystem)
    name = held.get("n") or package.name
    spans = held.get("r") or []
    spans = {1: [_EVERY], 2: [_OTHER]}[spans] if isinstance(spans, int) else spans
    about: dict[str, Any] = {"versions": held.get("v") or []}
    about["ranges"] = [{1: _EVERY, 2: _OTHER}[one] if isinstance(one, int) else one for one in spans]
    if ecosystem:
        about["package"] = {"ecosystem": ecosystem, "name": name}
    specific = {ORIGINS: [{"source": one} for one in held.get("s") or ()], "digests": held.get("d") or []}
    report = {
        "id": held["i"],
        "summary": held.get("t") or f"Malicious code in {name} ({ecosystem or _GIT})",
        "affected": [about],
        "references": [{"type": "ADVISORY", "url": held["u"]}] if held.get("u") else [],
        "database_specific": specific,
    }
    return {"ecosystem": ecosystem, "report": report}
