"""GitHub Actions: the repository that a workflow's `uses:` names, at a tag, a branch or a commit.

The purl type is `github`, as the purl specification has it: an action *is* a repository at a revision, and
that is how OSV's `GitHub Actions` names it. `githubactions`, which some write, is the same.
An action below the repository's root (`owner/name/path@v1`) is read with the whole repository.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.github import action, moments, versions
from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.ecosystems.unrun import Unrun
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint, Release, Tree

if TYPE_CHECKING:
    import httpx

_NAME = regex(r"([a-z0-9][a-z0-9-]{0,38})/([a-z0-9._-]{1,100})(?:/[\w./-]{0,300})?")
HABITS = Habits(
    languages=frozenset({"action", "actions", "github", "gha"}),
    fused_behind=("action", "actions"),
    code=(".js", ".cjs", ".mjs", ".ts", ".sh", ".py", ".ps1", "action.yml", "action.yaml"),
    install=(r"uses:",),
)


class GitHub(Unrun):
    """Actions of GitHub."""

    type = "github"
    also = ("githubactions", "github-actions", "actions", "action")

    def normalise(self, name: str) -> str:
        """Lower case, `owner/name`; what follows is a folder of the repository, and left out."""
        match = _NAME.fullmatch(name.lower())
        if not match or match[2] in (".", ".."):
            raise UsageError(f"not the name of an action: {name!r} (OWNER/NAME, a tag or commit after an @)")
        return f"{match[1]}/{match[2].removesuffix('.git')}"

    def endpoint(self, name: str = "") -> Endpoint:  # noqa: ARG002
        """Give GITHUB_API_URL, with GH_TOKEN or GITHUB_TOKEN, else the public API."""
        from biopsy.ecosystems.github import registry  # noqa: PLC0415 - what is local asks none

        return registry.endpoint()

    def resolve(self, client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
        """Ask which commit is meant; its archive is the artifact."""
        from biopsy.ecosystems.github import registry  # noqa: PLC0415

        return registry.resolve(client, endpoint, release)

    def version_key(self, version: str) -> Any:
        """Order tags as SemVer, `v4` before `v4.1`; a commit comes before all that are tags."""
        return versions.key(version)

    def prerelease(self, version: str) -> bool:
        """A tag with something behind a hyphen."""
        return versions.prerelease(version)

    def kind(self, filename: str) -> str | None:
        """`action` for archives of repositories; None for all else."""
        return "action" if filename.lower().endswith((".tar.gz", ".zip")) else None

    def identify(self, tree: Tree, filename: str) -> Release | None:
        """By an action.yml at the root."""
        return action.identify(tree, filename)

    @property
    def habits(self) -> Habits:
        """`x-action`."""
        return HABITS

    def manifest(self, tree: Tree) -> Manifest | None:
        """From action.yml and the README."""
        return action.manifest(tree)

    def hooks(self, tree: Tree) -> Iterator[Behaviour]:
        """What the action.yml files have a runner do."""
        return action.hooks(tree)

    def moments(self, tree: Tree) -> Mapping[str, When]:
        """Install: what runs before the job's own steps. Import: what runs as a step."""
        return moments.moments(tree)


ECOSYSTEM: Ecosystem = GitHub()
