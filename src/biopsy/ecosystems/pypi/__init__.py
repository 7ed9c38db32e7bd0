"""PyPI and every index that speaks its simple API (PEP 503, 691)."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.ecosystems.pypi import claim, configuration, identity, manifest, moments, phases, purity
from biopsy.ecosystems.pypi.habits import HABITS
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.regex import regex
from biopsy.model.release import Artifact, Endpoint, Release, Tree
from biopsy.model.run import Phase

if TYPE_CHECKING:
    import httpx

_NAME = regex(r"[A-Z0-9](?:[A-Z0-9._-]{0,198}[A-Z0-9])?", re.IGNORECASE | re.ASCII)


class Pypi:
    """Python packages: sdists and wheels."""

    type = "pypi"

    def normalise(self, name: str) -> str:
        """Lower case, runs of `-_.` as one `-` (PEP 503)."""
        if not _NAME.fullmatch(name):
            raise UsageError(f"not a PyPI name: {name!r} (letters, digits, and . _ - between them)")
        return canonicalize_name(name)

    def endpoint(self, name: str = "") -> Endpoint:  # noqa: ARG002
        """Give pip's index. Extra indexes and find-links are left out: a release has one origin here."""
        return configuration.endpoint()

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Ask the simple API, and the index's JSON documents for what that leaves out."""
        from biopsy.ecosystems.pypi import index  # noqa: PLC0415 - what is local asks no index

        return index.resolve(client, endpoint, release)

    def version_key(self, version: str) -> Any:
        """Order as PEP 440 does."""
        return identity.version_key(version)

    def prerelease(self, version: str) -> bool:
        """By PEP 440; what is no version is none."""
        return identity.prerelease(version)

    def kind(self, filename: str) -> str | None:
        """`wheel`, `sdist` or None."""
        return identity.kind(filename)

    def identify(self, tree: Tree, filename: str) -> Release | None:
        """By METADATA or PKG-INFO, then the file's name, then pyproject.toml or setup.cfg."""
        return identity.identify(tree, filename)

    @property
    def habits(self) -> Habits:
        """`python-x`, `py-x`, `x-sdk`."""
        return HABITS

    def manifest(self, tree: Tree) -> Manifest | None:
        """From METADATA or PKG-INFO."""
        return claim.of_tree(tree)

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """What setup.py, pyproject.toml, setup.cfg, METADATA, entry_points.txt and .pth files say."""
        yield from manifest.hooks(tree)
        yield from purity.betrayed(tree)

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Install: setup.py, in-tree backends and what they import. Start: .pth. Import: modules."""
        return moments.moments(tree)

    def plan(self, tree: Tree, artifact: Artifact, listing: Listing | None = None) -> tuple[Phase, ...]:
        """Install, start, import, scripts, execute."""
        release = listing.release if listing else identity.identify(tree, artifact.filename)
        return phases.plan(release.name if release else "")

    def empty(self) -> tuple[tuple[str, bytes], ...]:
        """A wheel and an sdist."""
        from biopsy.ecosystems.pypi import empty  # noqa: PLC0415 - once for a machine

        return (empty.wheel(), empty.sdist())


ECOSYSTEM: Ecosystem = Pypi()
