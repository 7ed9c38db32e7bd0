"""Extensions of VS Code and of the editors that take the same: `.vsix` archives.

Their registries are Open VSX and those that speak its API (OVSX_REGISTRY_URL, as its own client has it). The
Marketplace's terms allow its API to Microsoft's editors only: of an extension from there, name the file.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.npm import versions
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.ecosystems.unrun import Unrun
from biopsy.ecosystems.vscode_extension import extension, moments
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint, Release, Tree

if TYPE_CHECKING:
    import httpx

_NAME = regex(r"([a-z0-9][a-z0-9-]{0,100})[./]([a-z0-9][a-z0-9._-]{0,200})")
HABITS = Habits(
    languages=frozenset({"vscode", "code", "extension", "ext", "pack"}),
    fused_before=("vscode",),
    fused_behind=("vscode", "pack"),
    code=(".js", ".cjs", ".mjs", ".ts", ".node", ".wasm"),
    install=(r"code --install-extension", r"ext install", r"codium --install-extension"),
)


class VscodeExtension(Unrun):
    """Extensions of editors."""

    type = "vscode-extension"
    also = ("vscode", "vsx", "open-vsx")

    def normalise(self, name: str) -> str:
        """Lower case, `publisher/name` (people write `publisher.name`)."""
        match = _NAME.fullmatch(name.lower())
        if not match:
            raise UsageError(f"not the name of an extension: {name!r} (PUBLISHER.NAME)")
        return f"{match[1]}/{match[2]}"

    def endpoint(self, name: str = "") -> Endpoint:  # noqa: ARG002
        """Give OVSX_REGISTRY_URL, else Open VSX."""
        from biopsy.ecosystems.vscode_extension import registry  # noqa: PLC0415 - what is local asks none

        return registry.endpoint()

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Ask Open VSX's API."""
        from biopsy.ecosystems.vscode_extension import registry  # noqa: PLC0415

        return registry.resolve(client, endpoint, release)

    def version_key(self, version: str) -> Any:
        """Order as node-semver does."""
        return versions.key(version)

    def prerelease(self, version: str) -> bool:
        """What follows a hyphen; that an odd minor number is one is a habit, and no rule."""
        return versions.prerelease(version)

    def kind(self, filename: str) -> str | None:
        """`vsix` or None."""
        return "vsix" if filename.lower().endswith(".vsix") else None

    def identify(self, tree: Tree, filename: str) -> Release | None:
        """By a package.json that asks for an editor; what npm would take is npm's."""
        return extension.identify(tree, filename)

    @property
    def habits(self) -> Habits:
        """`vscode-x`, `x-pack`."""
        return HABITS

    def manifest(self, tree: Tree) -> Manifest | None:
        """From package.json and the README."""
        return extension.manifest(tree)

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """What package.json has the editor do, and when."""
        return extension.hooks(tree)

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Start: what runs with the editor. Import: what runs when something of it is first used."""
        return moments.moments(tree)


ECOSYSTEM: Ecosystem = VscodeExtension()
