"""The releases before, for a replay: found as `biopsy show` finds them, and read many at once."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from biopsy import ecosystems
from biopsy.ecosystems.order import earlier
from biopsy.errors import UsageError
from biopsy.model.dossier import Dossier
from biopsy.model.release import Release
from biopsy.pipeline import before
from biopsy.warehouse import Stored, Warehouse, restore

Versions = Mapping[tuple[str, str], tuple[str, ...]]
"""Of packages of which several versions are kept, by ecosystem and name, those versions."""


def expected(dossier: Dossier, versions: Versions) -> bool:
    """Whether there may be a release before a dossier to judge it beside; no file is opened."""
    if dossier.against:
        return dossier.against != before.NONE
    return _before(dossier.release, versions) is not None


def read(dossiers: Sequence[Dossier], warehouse: Warehouse, versions: Versions) -> dict[str, Dossier | None]:
    """Give what each dossier is judged beside, by its run id: what it was compared with when it was made.

    Where that is not there any more, or nothing was, the newest fitting one of the version before.
    """
    named = {one.against: one.release for one in dossiers if one.against not in {"", before.NONE}}
    found = {run_id: restore(stored) for run_id, stored in warehouse.several(named).items()} if named else {}
    made = {one.run_id: found.get(one.against) for one in dossiers}
    rest = [one for one in dossiers if one.against != before.NONE and made[one.run_id] is None]
    if rest:
        shelf = _Shelf(warehouse, rest, versions)
        made |= {one.run_id: shelf.kept(one) for one in rest}
    return made


def _before(release: Release, versions: Versions) -> Release | None:
    """The version before, of those that are kept."""
    known = versions.get((release.ecosystem, release.name))
    if not known or not release.version:
        return None
    try:
        ecosystem = ecosystems.by_type(release.ecosystem)
    except UsageError:
        return None  # what is only kept, not known: nobody can tell what is earlier
    ordered = sorted({*known, release.version}, key=ecosystem.version_key)
    version = earlier(ordered, release.version, ecosystem.prerelease)
    return replace(release, version=version) if version else None


class _Shelf:
    """The dossiers of the versions before some releases, read at once; it is asked as a warehouse is.

    Most of them do not fit and are never looked into: their behaviours stay text.
    """

    def __init__(self, warehouse: Warehouse, dossiers: Sequence[Dossier], versions: Versions) -> None:
        self._warehouse, self._versions = warehouse, versions
        wanted = {found for one in dossiers if (found := _before(one.release, versions))}
        self._held = warehouse.of_several(wanted)
        self._stored = {one.run_id: one for some in self._held.values() for one in some}

    def kept(self, dossier: Dossier) -> Dossier | None:
        if _before(dossier.release, self._versions) is None:
            return None
        release = dossier.release
        versions = self._versions[release.ecosystem, release.name]
        found = before.kept(dossier, self, versions)
        stored = self._stored.get(found.run_id) if found else None
        return restore(stored) if stored else found

    def versions(self, release: Release) -> tuple[str, ...]:
        return self._versions.get((release.ecosystem, release.name), ())

    def of(self, release: Release) -> Iterator[Dossier]:
        """The dossiers of a release without their behaviours, or, if they were not read at once, whole."""
        if release not in self._held:
            return self._warehouse.of(release)
        return (restore(_bare(one)) for one in self._held[release])


def _bare(stored: Stored) -> Stored:
    return replace(stored, behaviours=())
