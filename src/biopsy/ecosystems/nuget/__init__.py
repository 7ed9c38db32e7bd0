"""NuGet, by its v3 protocol (https://learn.microsoft.com/nuget/api/overview)."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from biopsy.ecosystems.choosing import univers_key
from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.nuget import moments, nuspec
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.ecosystems.unrun import Unrun
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint, Release, Tree

if TYPE_CHECKING:
    import httpx

_NAME = regex(r"\w(?:[\w.-]{0,98}\w)?")
HABITS = Habits(
    languages=frozenset({"net", "dotnet", "csharp", "core", "netcore", "netstandard", "nuget", "standard"}),
    fused_behind=("net", "sharp", "core"),
    code=(".dll", ".exe", ".cs", ".fs", ".vb", ".ps1", ".psm1", ".targets", ".props", ".pp"),
    install=(r"dotnet add package", r"Install-Package", r"dotnet tool install(?: -g| --global)?"),
)
_key = univers_key("NugetVersion")


class Nuget(Unrun):
    """Packages of .NET: `.nupkg` archives."""

    type = "nuget"
    also = ("dotnet",)

    def normalise(self, name: str) -> str:
        """Lower case: NuGet does not tell names apart by it."""
        if not _NAME.fullmatch(name):
            raise UsageError(f"not the id of a NuGet package: {name!r}")
        return name.lower()

    def endpoint(self, name: str = "") -> Endpoint:  # noqa: ARG002
        """Give the first source that NuGet.Config enables, else the public one."""
        from biopsy.ecosystems.nuget import configuration  # noqa: PLC0415 - what is local asks none

        return configuration.endpoint()

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Ask the registration pages, and the catalog for the hash."""
        from biopsy.ecosystems.nuget import registration  # noqa: PLC0415

        return registration.resolve(client, endpoint, release)

    def version_key(self, version: str) -> Any:
        """Order as NuGet does: SemVer with four numbers."""
        return _key(version)

    def prerelease(self, version: str) -> bool:
        """What follows a hyphen."""
        return "-" in version.partition("+")[0]

    def kind(self, filename: str) -> str | None:
        """`nupkg` or None."""
        return "nupkg" if filename.lower().endswith((".nupkg", ".snupkg")) else None

    def identify(self, tree: Tree, filename: str) -> Release | None:  # noqa: ARG002
        """By the .nuspec at the root."""
        return nuspec.identify(tree)

    @property
    def habits(self) -> Habits:
        """`x.net`, `x-core`."""
        return HABITS

    def manifest(self, tree: Tree) -> Manifest | None:
        """From the .nuspec and the README."""
        return nuspec.manifest(tree)

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """What NuGet, MSBuild, the compiler and Visual Studio start by themselves."""
        return nuspec.hooks(tree)

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Install: scripts, targets and analyzers. Import: assemblies."""
        return moments.moments(tree)


ECOSYSTEM: Ecosystem = Nuget()
