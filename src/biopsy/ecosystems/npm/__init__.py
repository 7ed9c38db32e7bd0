"""npm and every registry that speaks its API."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.npm import (
    claim,
    configuration,
    identity,
    manifest,
    moments,
    phases,
    versions,
)
from biopsy.ecosystems.npm.habits import HABITS
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.regex import regex
from biopsy.model.release import Artifact, Endpoint, Release, Tree
from biopsy.model.run import Phase

if TYPE_CHECKING:
    import httpx

_NAME = regex(r"(?:@[A-Za-z0-9~_-][A-Za-z0-9~._-]*/)?[A-Za-z0-9~_-][A-Za-z0-9~._-]*", re.ASCII)
MAX_NAME = 214


class Npm:
    """JavaScript packages: tarballs."""

    type = "npm"

    def normalise(self, name: str) -> str:
        """Leave it as it is: npm tells names apart by case."""
        if len(name) > MAX_NAME or not _NAME.fullmatch(name):
            raise UsageError(f"not an npm name: {name!r} (NAME or @SCOPE/NAME)")
        return name

    def endpoint(self, name: str = "") -> Endpoint:
        """Give npm's registry; a scope may have its own."""
        scope = name.partition("/")[0] if name.startswith("@") else ""
        return configuration.endpoint(scope)

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Read the package's document."""
        from biopsy.ecosystems.npm import packument  # noqa: PLC0415 - what is local asks no registry

        return packument.resolve(client, endpoint, release)

    def version_key(self, version: str) -> Any:
        """Order as node-semver does, loosely."""
        return versions.key(version)

    def prerelease(self, version: str) -> bool:
        """By node-semver: what follows a hyphen."""
        return versions.prerelease(version)

    def kind(self, filename: str) -> str | None:
        """`tgz` or None."""
        return "tgz" if filename.lower().endswith((".tgz", ".tar.gz")) else None

    def identify(self, tree: Tree, filename: str) -> Release | None:
        """By package.json."""
        return identity.identify(tree, filename)

    @property
    def habits(self) -> Habits:
        """`x-js`, `node-x`, scopes."""
        return HABITS

    def manifest(self, tree: Tree) -> Manifest | None:
        """From package.json and the README."""
        return claim.of_tree(tree)

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """What package.json and binding.gyp say."""
        return manifest.hooks(tree)

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Install: what lifecycle scripts run and require. Import: what main and exports reach."""
        return moments.moments(tree)

    def plan(
        self,
        tree: Tree,
        artifact: Artifact,  # noqa: ARG002
        listing: Listing | None = None,
    ) -> tuple[Phase, ...]:
        """Install, import, scripts, execute."""
        release = listing.release if listing else identity.identify(tree, ".tgz")
        return phases.plan(release.name if release else "")

    def empty(self) -> tuple[tuple[str, bytes], ...]:
        """A tarball."""
        from biopsy.ecosystems.npm import empty  # noqa: PLC0415 - once for a machine

        return (empty.tarball(),)


ECOSYSTEM: Ecosystem = Npm()
