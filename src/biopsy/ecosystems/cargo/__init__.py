"""crates.io and every registry that has a sparse index."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from biopsy.ecosystems.cargo import claim, configuration, hooks, identity, moments, phases, versions
from biopsy.ecosystems.cargo.habits import HABITS
from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.release import Artifact, Endpoint, Release, Tree
from biopsy.model.run import Phase

if TYPE_CHECKING:
    import httpx


class Cargo:
    """Rust packages: crates."""

    type = "cargo"
    also = ("crates", "crates.io", "crate", "rust")

    def normalise(self, name: str) -> str:
        """Leave it as it is; the registry knows which spelling with `-` and `_` is the crate's own."""
        if not identity.NAME.fullmatch(name):
            raise UsageError(f"not a name of a crate: {name!r}")
        return name

    def endpoint(self, name: str = "") -> Endpoint:  # noqa: ARG002 - all crates come from one place
        """Give the index that stands for crates.io."""
        return configuration.endpoint()

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Read the crate's file of the index."""
        from biopsy.ecosystems.cargo import index  # noqa: PLC0415 - what is local asks no registry

        return index.resolve(client, endpoint, release)

    def version_key(self, version: str) -> Any:
        """Order by Semantic Versioning."""
        return versions.key(version)

    def prerelease(self, version: str) -> bool:
        """Say whether something follows a hyphen."""
        return versions.prerelease(version)

    def kind(self, filename: str) -> str | None:
        """`crate` or None."""
        return "crate" if filename.lower().endswith(".crate") else None

    def identify(self, tree: Tree, filename: str) -> Release | None:
        """By Cargo.toml."""
        return identity.identify(tree, filename)

    @property
    def habits(self) -> Habits:
        """`x-rs`, `rust-x`."""
        return HABITS

    def manifest(self, tree: Tree) -> Manifest | None:
        """From Cargo.toml and the README."""
        return claim.of_tree(tree)

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """What Cargo.toml and .cargo/config.toml say."""
        return hooks.hooks(tree)

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Install: build scripts and macros. Everything else is called."""
        return moments.moments(tree)

    def plan(
        self,
        tree: Tree,
        artifact: Artifact,  # noqa: ARG002
        listing: Listing | None = None,
    ) -> tuple[Phase, ...]:
        """Install (fetch and build), import (link and run), scripts, execute (examples, calls), tests."""
        release = listing.release if listing else identity.identify(tree, ".crate")
        return phases.plan(release.name if release else "")

    def empty(self) -> tuple[tuple[str, bytes], ...]:
        """Give a library with all that Cargo runs, and a macro."""
        from biopsy.ecosystems.cargo import empty  # noqa: PLC0415 - once for a machine

        return (empty.library(), empty.macro())


ECOSYSTEM: Ecosystem = Cargo()
