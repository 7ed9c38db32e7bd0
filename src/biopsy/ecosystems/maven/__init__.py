"""Maven: repositories of jars, as https://maven.apache.org/repositories/layout.html lays them out."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from biopsy.ecosystems.choosing import univers_key
from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.maven import identity, jar, moments
from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.ecosystems.unrun import Unrun
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint, Release, Tree

if TYPE_CHECKING:
    import httpx

HABITS = Habits(
    languages=frozenset({"java", "jvm", "kotlin", "scala", "jdk", "android"}),
    fused_behind=("java", "kt", "android"),
    code=(".class", ".java", ".kt", ".kts", ".groovy", ".scala", ".so", ".dll", ".dex"),
)
_EARLY = regex(
    r"(?i)(?:^|[.\d_-])(?:snapshot|alpha|beta|milestone|rc|cr|preview|ea|pre|dev|[abm]\d)(?:[.\d_-]|$)"
)
_key = univers_key("MavenVersion")


class Maven(Unrun):
    """Jars and what else stands in a repository of Maven's."""

    type = "maven"
    also = ("mvn", "gradle")
    undated = True

    def normalise(self, name: str) -> str:
        """`group/artifact`, as package URLs have it; people write `group:artifact`."""
        plain = name.replace(":", "/", 1)
        if not identity.is_name(plain):
            raise UsageError(f"not the name of a Maven artifact: {name!r} (GROUP:ARTIFACT)")
        return plain

    def endpoint(self, name: str = "") -> Endpoint:  # noqa: ARG002
        """Give the mirror of central that settings.xml names, else the public repository."""
        from biopsy.ecosystems.maven import configuration  # noqa: PLC0415 - what is local asks none

        return configuration.endpoint()

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Read maven-metadata.xml, the pom and the hash beside the jar."""
        from biopsy.ecosystems.maven import repository  # noqa: PLC0415

        return repository.resolve(client, endpoint, release)

    def version_key(self, version: str) -> Any:
        """Order as Maven does."""
        return _key(version)

    def prerelease(self, version: str) -> bool:
        """By the words that Maven orders before a release, and those that people use."""
        return early(version)

    def kind(self, filename: str) -> str | None:
        """`jar` for jars and what is made like them, `pom` for a pom alone; None for all else."""
        if filename.lower().endswith(".pom"):
            return "pom"
        return "jar" if filename.lower().endswith((".jar", ".war", ".ear", ".aar")) else None

    def identify(self, tree: Tree, filename: str) -> Release | None:
        """By the pom that is inside, the jar's manifest, and the file's name."""
        return identity.identify(tree, filename)

    @property
    def habits(self) -> Habits:
        """`x-java`, `x-kt`."""
        return HABITS

    def manifest(self, tree: Tree) -> Manifest | None:
        """From the pom."""
        return jar.manifest(tree)

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """What the pom, the manifest and `META-INF/services` have others start."""
        return jar.hooks(tree)

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Install: annotation processors. Start: agents. Import: classes, whose static code runs first."""
        return moments.moments(tree)


def early(version: str) -> bool:
    """Whether a version is one before a release."""
    return _EARLY.search(version) is not None


ECOSYSTEM: Ecosystem = Maven()
