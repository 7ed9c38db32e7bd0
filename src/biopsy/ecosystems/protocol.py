"""What an ecosystem promises, and what its registry says of a release."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.names.words import Habits
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, InRegistry, Kind, When
from biopsy.model.release import Artifact, Endpoint, Release, Remote, Tree
from biopsy.model.run import Phase

if TYPE_CHECKING:
    import httpx

MAX_TEXT = 500
"""Longest text kept of what a registry says in prose (a summary, a reason), in characters."""


class Published(Struct, frozen=True):
    """One version that the registry offers. `time` is RFC 3339 as the registry wrote it, where it did."""

    version: str
    time: str | None = None
    yanked: str | None = None  # the reason; may be empty
    publisher: str = ""  # the account that published it
    mail: str = ""  # …and the address that it had then
    maintainers: tuple[str, ...] = ()  # the accounts that could, at that time
    provenance: bool | None = None  # attested; None where the registry says it of no release
    signed: bool | None = None  # by the registry; None where it signs no release
    trusted: bool = False  # published by a build service that the registry knows, not by a person's token
    touched: str | None = None  # when its newest file was added, where a release may have several


class Facts(Struct, frozen=True):
    """The little of a registry's metadata that people and rules look at; empty where it says nothing."""

    summary: str = ""
    homepage: str = ""
    repository: str = ""
    license: str = ""
    author: str = ""
    deprecated: str | None = None
    newest: str = ""  # what an install without a version would take
    status: str = ""  # of the project, where the registry marks it: `archived`, `quarantined reason`


class Listing(Struct, frozen=True):
    """A registry's answer about one release.

    `release` has its exact version. `artifacts` stand in the order in which an install on the sandbox's
    machine prefers them. `versions` are all there are, oldest first by the ecosystem's own ordering.
    """

    release: Release
    artifacts: tuple[Remote, ...]
    versions: tuple[Published, ...] = ()
    facts: Facts = Facts()
    manifest: Manifest | None = None  # what the registry shows for the release's manifest
    before: Manifest | None = None  # …and for that of the release before
    owners: tuple[str, ...] = ()  # the accounts that may publish it now
    advisories: tuple[str, ...] = ()  # records of malware that the registry itself names: `MAL-…`
    signature: str = (
        ""  # what became of checking the registry's own: good, wrong, expired; empty: not checked
    )
    previous: str | None = None  # the version before, of those that were not withdrawn (`order.previous`)

    def choose(self, which: str | None = None) -> tuple[Remote, ...]:
        """Pick what to analyse: what an install takes (None), `sdist`, `wheel`, or `all` (both).

        An ecosystem with one form of artifact gives that, whatever is asked. UsageError where the release
        has no such artifact.
        """
        if which not in (None, "", "sdist", "wheel", "all"):
            raise UsageError(f"no such choice of artifact: {which!r}; there are: sdist, wheel, all")
        first: dict[str, Remote] = {}
        for remote in self.artifacts:
            first.setdefault(remote.kind, remote)
        if not which or not first.keys() & {"sdist", "wheel"}:
            return self.artifacts[:1]
        if which == "all":
            return tuple(first[kind] for kind in ("sdist", "wheel") if kind in first)
        if which not in first:
            have = ", ".join(r.filename for r in self.artifacts[:5])
            raise UsageError(f"{self.release.purl} has no {which}; it has: {have}")
        return (first[which],)

    def behaviours(self) -> Iterator[Behaviour]:
        """Say as `pkg.release` what is special.

        `first`, `only`, `newest`, `yanked …`, `deprecated …`, `archived`, `quarantined …`, `advisory MAL-…`.
        """
        here = self.release.version
        values = []
        if self.versions and self.versions[0].version == here:
            values.append("first")
        if len(self.versions) == 1:
            values.append("only")
        if self.facts.newest == here:
            values.append("newest")
        reason = next((v.yanked for v in self.versions if v.version == here), None)
        if reason is not None:
            values.append(f"yanked {reason}".strip())
        if self.facts.deprecated is not None:
            values.append(f"deprecated {self.facts.deprecated}".strip())
        if self.facts.status:
            values.append(self.facts.status)
        values += [f"advisory {record}" for record in self.advisories]
        for value in values:
            yield Behaviour(Kind.PKG_RELEASE, value, InRegistry())


class Ecosystem(Protocol):
    """One package ecosystem. Only `endpoint` and `resolve` reach outside; the rest are pure."""

    @property
    def type(self) -> str:
        """The purl type: `pypi`, `npm`."""

    def normalise(self, name: str) -> str:
        """Give the one spelling of a package's name; UsageError where it can be none."""

    def endpoint(self, name: str = "") -> Endpoint:
        """Give the registry that this machine's own client would ask for `name`."""

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Ask the registry. UsageError: no such package or version. RegistryError: no good answer."""

    def version_key(self, version: str) -> Any:
        """Give what orders versions; what is no version comes before all that are."""

    def prerelease(self, version: str) -> bool:
        """Say whether a version is one before a release: an alpha, a candidate, a development version."""

    def kind(self, filename: str) -> str | None:
        """Give the form of an artifact of this name, or None where this ecosystem has no such files."""

    def identify(self, tree: Tree, filename: str) -> Release | None:
        """Say which release a local artifact is; None where it is not of this ecosystem.

        `filename` is the artifact's; of a folder it is the folder's name and a slash.
        """

    @property
    def habits(self) -> Habits:
        """What is particular to its names."""

    def manifest(self, tree: Tree) -> Manifest | None:
        """Give what the archive itself says; None where there is no manifest that can be read."""

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """Yield what the manifests say: `pkg.hook`, `pkg.entry`, `pkg.dependency`, `pkg.malformed`."""

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Say of each code file when it runs, as far as reading can tell."""

    def plan(self, tree: Tree, artifact: Artifact, listing: Listing | None = None) -> tuple[Phase, ...]:
        """Give the phases that a run of this artifact goes through, in order."""

    def empty(self) -> tuple[tuple[str, bytes], ...]:
        """Give empty packages, as (file name, content), whose runs show what the tools do by themselves.

        Each is `identify`-able, and has what makes the tools do all that they can do. Nothing where
        nothing is run.
        """
