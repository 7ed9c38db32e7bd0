"""What ecosystems have in common whose packages are read and never run."""

from biopsy.ecosystems.protocol import Listing
from biopsy.model.release import Artifact, Tree
from biopsy.model.run import Phase


class Unrun:
    """Packages that are read: no phase is planned, and there is nothing of a client's to take off as noise.

    An analysis says so (`read, not run`) and is judged by what was read.
    """

    def plan(
        self,
        tree: Tree,  # noqa: ARG002
        artifact: Artifact,  # noqa: ARG002
        listing: Listing | None = None,  # noqa: ARG002
    ) -> tuple[Phase, ...]:
        """Plan nothing."""
        return ()

    def empty(self) -> tuple[tuple[str, bytes], ...]:
        """Give no empty package: nothing is run that it could be compared with."""
        return ()
