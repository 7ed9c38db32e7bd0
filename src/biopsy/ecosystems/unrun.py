"""What ecosystems have in common whose packages are read and never run."""

from pathlib import Path

from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.errors import UsageError
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


def only_read(target: str) -> bool:
    """Whether analysing a target runs nothing, told by its name alone: then nobody has to be root for it.

    Of a folder, and of an archive that may be of several ecosystems, the name tells nothing.
    """
    from biopsy.ecosystems import all_ecosystems, by_type, parse_target  # noqa: PLC0415 - they find this module

    try:
        found = parse_target(target)
        if not isinstance(found, Path):
            return _unrun(by_type(found.ecosystem))
    except UsageError:
        return False
    fitting = [one for one in all_ecosystems() if found.is_file() and one.kind(found.name)]
    return bool(fitting) and all(map(_unrun, fitting))


def _unrun(ecosystem: Ecosystem) -> bool:
    return isinstance(ecosystem, Unrun)
