"""The look-up file: which versions of which packages are malicious, small enough to carry about.

It has what `biopsy check` needs of a report, and nothing else; withdrawn reports are not in it. The form,
which docs/exports.md describes for others (numbers are little-endian, of 8 bytes):

    words      the preset dictionary
    blocks     one after the other, each packed by itself (zlib with the words, RFC 1950)
    index      packed like a block: a JSON object
    how many bytes the words have, where the index begins, how many bytes it has, the 8 bytes of MAGIC

A block unpacked is text in UTF-8, a report a line: ecosystem, tab, name, tab, JSON object. Lines are sorted
by the bytes of their first two columns, over all blocks, and those with the same are in one block. The
ecosystem is without what follows a colon; the name is canonical. To look one up: by bisection, the last block
whose first is not above it.
"""

import json
import mmap
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from biopsy.errors import BiopsyError
from biopsy.reports import naming
from biopsy.reports.claim import ORIGINS, Package

MAGIC = b"BIOPSY\0\1"
MAX_BLOCK = 64 * 1024**2  # bytes of a block or of the index, unpacked
MAX_WORDS = 32 * 1024
MAX_FILE = 2 * 1024**3
_KEPT = 64  # blocks that are kept unpacked

EVERY = {"type": "SEMVER", "events": [{"introduced": "0"}]}
"""The range that most reports have; it is written as 1, and with ECOSYSTEM as 2."""

OTHER = {**EVERY, "type": "ECOSYSTEM"}
GIT = "Git"
TAIL = struct.Struct("<QQQ8s")


class OfflineError(BiopsyError):
    """A file that is no look-up file, or a damaged one; the message names it."""


class Offline:
    """An open look-up file; it answers as the database does, with the parts of reports that it has."""

    def __init__(self, path: Path) -> None:
        """Open a file; raises OfflineError where it is none, or damaged."""
        self._path = path
        self._block = lru_cache(maxsize=_KEPT)(self._unpacked)
        try:
            size = path.stat().st_size
            if not TAIL.size < size <= MAX_FILE:
                raise OfflineError(f"{path}: no look-up file, by its size")
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise OfflineError(f"{path}: cannot be read: {error.strerror}") from error
        words, at, length, magic = TAIL.unpack(self._map[-TAIL.size :])
        if magic != MAGIC:
            raise OfflineError(f"{path}: no look-up file, or of a form that this biopsy does not read")
        self._words = self._map[: min(words, MAX_WORDS)]
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
        asked = key(package)
        number = bisect_right(self._first, asked) - 1
        if number < 0:
            return
        block, mark = self._block(number), f"\n{asked}\t".encode()
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
            reader = zlib.decompressobj(zdict=self._words)
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
    spans = {1: [EVERY], 2: [OTHER]}[spans] if isinstance(spans, int) else spans
    about: dict[str, Any] = {"versions": held.get("v") or []}
    about["ranges"] = [{1: EVERY, 2: OTHER}[one] if isinstance(one, int) else one for one in spans]
    if ecosystem:
        about["package"] = {"ecosystem": ecosystem, "name": name}
    specific = {ORIGINS: [{"source": one} for one in held.get("s") or ()], "digests": held.get("d") or []}
    report = {
        "id": held["i"],
        "summary": held.get("t") or f"Malicious code in {name} ({ecosystem or GIT})",
        "affected": [about],
        "references": [{"type": "ADVISORY", "url": held["u"]}] if held.get("u") else [],
        "database_specific": specific,
    }
    return {"ecosystem": ecosystem, "report": report}


def key(package: Package) -> str:
    """The first two columns of the lines on a package."""
    return f"{naming.base(package.ecosystem) or GIT}\t{package.name}"
