"""RubyGems and every registry that speaks its compact index."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.gem import claim, configuration, empty, hooks, identity, moments, phases, versions
from biopsy.ecosystems.gem.habits import HABITS
from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.release import Artifact, Endpoint, Release, Tree
from biopsy.model.run import Phase

if TYPE_CHECKING:
    import httpx


class Gem:
    """Ruby libraries: `.gem` files."""

    type = "gem"
    also = ("rubygems", "ruby")

    def normalise(self, name: str) -> str:
        """Leave it as it is: RubyGems tells names apart by case, and `-` from `_`."""
        if not identity.NAME.fullmatch(name):
            raise UsageError(f"not a gem's name: {name!r}")
        return name

    def endpoint(self, name: str = "") -> Endpoint:  # noqa: ARG002 - one source for all
        """Give the first configured source."""
        return configuration.endpoint()

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Read the compact index, and the JSON API where there is one."""
        from biopsy.ecosystems.gem import index  # noqa: PLC0415 - what is local asks no registry

        return index.resolve(client, endpoint, release)

    def version_key(self, version: str) -> Any:
        """Order as Gem::Version does."""
        return versions.key(version)

    def prerelease(self, version: str) -> bool:
        """By Gem::Version: any letter."""
        return versions.prerelease(version)

    def kind(self, filename: str) -> str | None:
        """`gem` or None."""
        return "gem" if filename.lower().endswith(".gem") else None

    def identify(self, tree: Tree, filename: str) -> Release | None:
        """By the gemspec."""
        return identity.identify(tree, filename)

    @property
    def habits(self) -> Habits:
        """`ruby-x`, `x-rb`."""
        return HABITS

    def manifest(self, tree: Tree) -> Manifest | None:
        """From the gemspec and the README."""
        return claim.of_tree(tree)

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """What the gemspec says."""
        return hooks.hooks(tree)

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Install: extensions and plug-ins, and what they load. Import: what stands in require paths."""
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
        """Give a gem with everything that RubyGems acts upon."""
        return (empty.gem(),)


ECOSYSTEM: Ecosystem = Gem()
