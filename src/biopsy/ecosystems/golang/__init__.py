"""Go modules, by the module proxy's protocol (https://go.dev/ref/mod#goproxy-protocol)."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from biopsy.ecosystems.choosing import univers_key
from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.golang import identity, module, moments
from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.ecosystems.unrun import Unrun
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.release import Endpoint, Release, Tree

if TYPE_CHECKING:
    import httpx

HABITS = Habits(
    languages=frozenset({"go", "golang"}),
    fused_before=("go",),
    fused_behind=("go",),
    code=(".go", ".c", ".s", ".cc", ".cpp", ".m"),
    install=(r"go (?:get|install)(?: -u)?",),
)
_key = univers_key("GolangVersion")


class Golang(Unrun):
    """Go modules."""

    type = "golang"
    also = ("go", "gomod")
    undated = True

    def normalise(self, name: str) -> str:
        """Leave it as it is: paths of modules are told apart by case."""
        if not identity.is_path(name):
            raise UsageError(f"not the path of a Go module: {name!r} (as in go.mod: HOST/OWNER/NAME)")
        return name

    def endpoint(self, name: str = "") -> Endpoint:  # noqa: ARG002
        """Give the first proxy of GOPROXY, by the environment or `go env -w`, else the public one."""
        from biopsy.ecosystems.golang import proxy  # noqa: PLC0415 - what is local asks none

        return proxy.endpoint()

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Ask the proxy for the list of versions, and about one."""
        from biopsy.ecosystems.golang import proxy  # noqa: PLC0415

        return proxy.resolve(client, endpoint, release)

    def version_key(self, version: str) -> Any:
        """Order as Go does: SemVer, and pseudo-versions of commits."""
        return _key(version)

    def prerelease(self, version: str) -> bool:
        """What follows a hyphen; so a pseudo-version is one."""
        return "-" in version.partition("+")[0]

    def kind(self, filename: str) -> str | None:
        """`module` for the zip of a version."""
        lower = filename.lower()
        return "module" if lower.endswith(".zip") and ("@v" in lower or lower[:1] == "v") else None

    def identify(self, tree: Tree, filename: str) -> Release | None:
        """By go.mod, and the folder `path@version` that a proxy's zip has around everything."""
        return identity.identify(tree, filename)

    @property
    def habits(self) -> Habits:
        """`go-x`, `x-go`."""
        return HABITS

    def manifest(self, tree: Tree) -> Manifest | None:
        """From go.mod and the README."""
        return module.manifest(tree)

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """What go.mod and the directives in the code say."""
        return module.hooks(tree)

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Import: whatever is linked into a program, whose init functions run first of all."""
        return moments.moments(tree)


ECOSYSTEM: Ecosystem = Golang()
