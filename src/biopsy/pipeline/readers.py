"""Which code makes behaviours: two analyses are only comparable when the same code looked at both."""

import hashlib
from functools import cache
from pathlib import Path

import biopsy
from biopsy.model import kept

PARTS = ("ecosystems", "model", "sandbox", "static", "unpack")
"""The packages whose code and data decide what is seen."""

_KINDS = (".py", ".c", ".sh", ".cjs", ".mjs", ".rb", ".php", ".rs", ".yml", ".yar", ".json", ".txt", ".tsv")


@cache
def readers() -> str:
    """Name that code: 12 hexadecimal digits of a SHA-256 over it."""
    files = kept.sources(*PARTS, endings=_KINDS)
    return kept.kept("readers", files, lambda: _digest(files), str.encode, bytes.decode)


def _digest(files: list[str]) -> str:
    total = hashlib.sha256()
    root = Path(biopsy.__file__).parent
    for file in map(Path, files):
        data = file.read_bytes()
        total.update(f"{file.relative_to(root).as_posix()}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()[:12]
