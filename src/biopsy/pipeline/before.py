"""The release before: which one it is, and what was seen of it, in a kept analysis or one made now."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from biopsy import ecosystems
from biopsy.ecosystems.order import earlier
from biopsy.errors import BiopsyError, UsageError
from biopsy.model.dossier import Dossier
from biopsy.model.regex import regex
from biopsy.model.release import Release
from biopsy.pipeline.reasons import UNTRIED
from biopsy.pipeline.source import Sample, collect
from biopsy.warehouse import Warehouse

NONE = "none"
"""What `against` says where no comparison is wanted."""

RUN_ID = regex(r"\d{8}-\d{6}-[0-9a-f]{8}")


class Desk(Struct, frozen=True):
    """Where another release is looked at: `examine` reads a sample, and runs it where that is wanted."""

    warehouse: Warehouse
    store: Path
    scratch: Path
    examine: Callable[[Sample], Dossier]


class Before(Struct, frozen=True):
    """What to compare with. No dossier: there is nothing, or `note` says why it could not be looked at."""

    dossier: Dossier | None = None
    release: Release | None = None
    note: str = ""


class Wanted(Struct, frozen=True):
    """How an earlier analysis must have been made to stand beside this one: alike, and no less of it."""

    kind: str
    readers: str
    image: str
    cells: frozenset[tuple[str, str]]

    @classmethod
    def beside(cls, dossier: Dossier) -> "Wanted":
        """What a dossier asks of the one that it is compared with."""
        tool = dossier.tool
        return cls(dossier.artifact.kind, tool.readers, tool.image, _cells(dossier))

    def met(self, kept: Dossier) -> bool:
        """Whether a kept dossier will do. One whose sandbox broke will not: it is tried again."""
        if (kept.artifact.kind, kept.tool.readers) != (self.kind, self.readers):
            return False
        return not self.cells or (kept.tool.image == self.image and self.cells <= _cells(kept))


def _cells(dossier: Dossier) -> frozenset[tuple[str, str]]:
    """Each phase under each profile that was tried, whatever became of it."""
    if dossier.static_only:
        return frozenset()
    return frozenset((o.profile, o.phase) for o in dossier.outcomes if not o.reason.startswith(UNTRIED))


def find(sample: Sample, dossier: Dossier, desk: Desk) -> Before:
    """The release before a sample, as its registry has it; of a local artifact, only what is kept."""
    if sample.listing is None:
        return Before(kept(dossier, desk.warehouse))
    if sample.listing.previous is None:
        return Before()
    release = replace(sample.release, version=sample.listing.previous)
    if known := _fitting(desk.warehouse, release, Wanted.beside(dossier)):
        return Before(known)
    try:
        return Before(_look(release.purl, dossier, desk))
    except BiopsyError as err:
        return Before(release=release, note=str(err))


def named(target: str, dossier: Dossier, desk: Desk) -> Before:
    """What a person named to compare with: the id of a kept analysis, a release, a file or a folder.

    Raises what looking at it raises: whoever names something wants to know that it is not there.
    """
    if RUN_ID.fullmatch(target):
        return Before(desk.warehouse.get(target))
    return Before(_look(target, dossier, desk))


def kept(dossier: Dossier, warehouse: Warehouse) -> Dossier | None:
    """The newest kept dossier of the version before, made in the same way; nothing is looked at anew."""
    release = dossier.release
    if not release.version:
        return None
    ecosystem, wanted = ecosystems.by_type(release.ecosystem), Wanted.beside(dossier)
    versions = sorted({*warehouse.versions(release), release.version}, key=ecosystem.version_key)
    while version := earlier(versions, release.version, ecosystem.prerelease):
        if found := _fitting(warehouse, replace(release, version=version), wanted):
            return found
        versions.remove(version)
    return None


def recorded(dossier: Dossier, warehouse: Warehouse) -> Dossier | None:
    """What a kept dossier was compared with, if it is still there; else what stands before it now."""
    if dossier.against:
        try:
            return warehouse.get(dossier.against)
        except UsageError:
            pass
    return kept(dossier, warehouse)


def check(target: str | None, warehouse: Warehouse) -> None:
    """Raise UsageError early where there can be nothing to compare with under this name."""
    if target in {None, NONE}:
        return
    if RUN_ID.fullmatch(str(target)):
        warehouse.get(str(target))
    else:
        ecosystems.parse_target(str(target))


def _look(target: str, dossier: Dossier, desk: Desk) -> Dossier:
    """Fetch what `target` names, of the same form where it has that, and examine it unless that was done."""
    form = dossier.artifact.kind if dossier.artifact.kind in {"sdist", "wheel"} else None
    try:
        (sample,) = collect(target, form, desk.store, desk.scratch)
    except UsageError:
        if form is None:
            raise
        (sample,) = collect(target, None, desk.store, desk.scratch)
    same = sample.artifact.sha256
    if same == dossier.artifact.sha256:
        return dossier
    wanted = replace(Wanted.beside(dossier), kind=sample.artifact.kind)
    return _fitting(desk.warehouse, sample.release, wanted, same) or desk.examine(sample)


def _fitting(warehouse: Warehouse, release: Release, wanted: Wanted, sha256: str = "") -> Dossier | None:
    """The newest kept dossier of a release that was made as is wanted, of this artifact if one is named."""
    for dossier in warehouse.of(release):
        if wanted.met(dossier) and sha256 in {"", dossier.artifact.sha256}:
            return dossier
    return None
