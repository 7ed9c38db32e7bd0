"""Packagist and every repository that speaks Composer's second form of metadata."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.composer import claim, configuration, identity, manifest, moments, phases, versions
from biopsy.ecosystems.composer.habits import HABITS
from biopsy.ecosystems.composer.package import NAME
from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.release import Artifact, Endpoint, Release, Tree
from biopsy.model.run import Phase

if TYPE_CHECKING:
    import httpx


class Composer:
    """PHP packages: zip archives, mostly of a repository's tag."""

    type = "composer"
    also = ("packagist", "php")

    def normalise(self, name: str) -> str:
        """Lower it: a vendor, a slash, a name."""
        lower = name.strip().lower()
        if len(lower) > identity.MAX_NAME or not NAME.fullmatch(lower):
            raise UsageError(f"not a name of a PHP package: {name!r} (VENDOR/NAME)")
        return lower

    def endpoint(self, name: str = "") -> Endpoint:  # noqa: ARG002 - all packages come from one place
        """Give Composer's repository."""
        return configuration.endpoint()

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Read the package's metadata."""
        from biopsy.ecosystems.composer import metadata  # noqa: PLC0415 - what is local asks no registry

        return metadata.resolve(client, endpoint, release)

    def version_key(self, version: str) -> Any:
        """Order as Composer does."""
        return versions.key(version)

    def prerelease(self, version: str) -> bool:
        """Below Composer's stability `stable`."""
        return versions.prerelease(version)

    def kind(self, filename: str) -> str | None:
        """`zip`, `tar` or None."""
        return identity.kind(filename)

    def identify(self, tree: Tree, filename: str) -> Release | None:
        """By composer.json, and the file's name for the version."""
        return identity.identify(tree, filename)

    @property
    def habits(self) -> Habits:
        """`php-x`, `x-bundle`."""
        return HABITS

    def manifest(self, tree: Tree) -> Manifest | None:
        """From composer.json and the README."""
        return claim.of_tree(tree)

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """What composer.json says."""
        return manifest.hooks(tree)

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Install: plugins. Start: the autoloader's files. Import: classes."""
        return moments.moments(tree)

    def plan(
        self,
        tree: Tree,
        artifact: Artifact,  # noqa: ARG002
        listing: Listing | None = None,
    ) -> tuple[Phase, ...]:
        """Install, start, import, scripts, execute, tests."""
        release = listing.release if listing else identity.identify(tree, "")
        return phases.plan(release.name if release else "")

    def empty(self) -> tuple[tuple[str, bytes], ...]:
        """A plugin, and a project with scripts."""
        from biopsy.ecosystems.composer import empty  # noqa: PLC0415 - once for a machine

        return empty.plugin(), empty.project()


ECOSYSTEM: Ecosystem = Composer()
