"""What facts are made of."""

from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.names.listed import Names, load
from biopsy.ecosystems.protocol import Ecosystem, Listing, Published
from biopsy.model.behaviour import Behaviour, InFile, InRegistry, Kind, Where
from biopsy.model.release import Release, Tree

YEARS = range(1990, 2101)
"""Years that a registry can mean."""


class Subject(Struct, frozen=True):
    """A release, its tree, what the registry answered (None for a local artifact), and its own manifest."""

    ecosystem: Ecosystem
    release: Release
    tree: Tree
    listing: Listing | None
    home: Path | None
    manifest: Manifest | None

    @property
    def names(self) -> Names:
        """The names of its ecosystem that are in wide use."""
        return load(self.release.ecosystem, self.home)

    @property
    def popular(self) -> bool:
        """Whether its own name is one of them; where there is no list, nobody knows, and it is not."""
        return self.release.name in self.names

    @property
    def shown(self) -> Manifest | None:
        """What the registry shows for its manifest."""
        return self.listing.manifest if self.listing else None

    @property
    def where(self) -> Where:
        """Where what is said of the release as a whole was seen: in the registry, else in its manifest."""
        if self.listing is not None:
            return InRegistry()
        return InFile(self.manifest.path) if self.manifest else InFile(self._first())

    def _first(self) -> str:
        paths = [file.path for file in self.tree.files]
        known = ("package.json", "pyproject.toml", "setup.cfg", "setup.py")
        return next((path for path in known if path in paths), paths[0] if paths else ".")

    def say(self, kind: Kind, value: str, where: Where | None = None, detail: str = "") -> Behaviour:
        """Make a fact."""
        return Behaviour(kind, value, where or self.where, detail=detail)


def published(it: Subject) -> tuple[Published | None, tuple[Published, ...]]:
    """Give the entry of the release in its registry's history, and all others that came before it in time.

    Where the registry does not tell times, the order of versions stands in for them.
    """
    if it.listing is None:
        return None, ()
    here = next((v for v in it.listing.versions if v.version == it.release.version), None)
    if here is None:
        return None, ()
    moment, place, earlier = when(here), it.listing.versions.index(here), []
    for at, one in enumerate(it.listing.versions):
        other = when(one)
        if at != place and (other < moment if moment and other else at < place):
            earlier.append(one)
    return here, tuple(earlier)


def when(one: Published) -> datetime | None:
    """Give the moment at which a version was published; None where nobody can tell."""
    try:
        moment = datetime.fromisoformat((one.time or "")[:40])
    except ValueError:
        return None
    if moment.year not in YEARS:
        return None  # neither a real moment, nor one to reckon with
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def previous(it: Subject) -> Published | None:
    """Give the version before this one as `order.previous` chooses it."""
    listing = it.listing
    if listing is None or listing.previous is None:
        return None
    return next((one for one in listing.versions if one.version == listing.previous), None)
