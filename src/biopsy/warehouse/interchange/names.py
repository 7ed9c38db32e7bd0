"""Packages as Package Analysis names them, and runs that are named after the result they were read from."""

import hashlib
from typing import Self

import msgspec
from packaging.utils import canonicalize_name

from biopsy.model.release import Release

MAX_NAME = 300
"""Longest name or version, in characters."""

ECOSYSTEMS = {
    "npm": "npm",
    "pypi": "pypi",
    "rubygems": "gem",
    "crates.io": "cargo",
    "packagist": "composer",
    "maven-central": "maven",
    "nuget": "nuget",
    "goproxy": "golang",
}
"""Its names of ecosystems, with the types of package URLs that ours are."""

_THEIRS = {ours: theirs for theirs, ours in ECOSYSTEMS.items()}


class Key(msgspec.Struct, frozen=True, rename="pascal"):
    """A release, as Package Analysis writes it."""

    ecosystem: str = ""
    name: str = ""
    version: str = ""

    @classmethod
    def of(cls, release: Release) -> Self:
        """Write a release so."""
        return cls(_THEIRS.get(release.ecosystem, release.ecosystem), release.name, release.version)


def release_of(key: Key) -> Release:
    """Read a release; ValueError where it is none. Package Analysis writes all names in small letters."""
    ecosystem = ECOSYSTEMS.get(key.ecosystem)
    if ecosystem is None:
        raise ValueError(f"no ecosystem of Package Analysis: {key.ecosystem[:60]!r}")
    if not 0 < len(key.name) <= MAX_NAME or len(key.version) > MAX_NAME:
        raise ValueError("no name of a package, or a version, that any registry would take")
    name = canonicalize_name(key.name) if ecosystem == "pypi" else key.name
    return Release(ecosystem, name, key.version)


def run_id_of(created: str, raw: bytes) -> str:
    """Name a run by when it was and by the result itself: read twice, it is the same run."""
    stamp = "".join(char for char in created if char.isdecimal())
    return f"{stamp[:8]}-{stamp[8:14]}-{hashlib.sha256(raw).hexdigest()[:8]}"
