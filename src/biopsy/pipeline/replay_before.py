"""The releases before, for a replay: found as `biopsy show` finds them, and read many at once."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from msgspec.structs import replace

from biopsy import ecosystems
from biopsy.ecosystems.order import earlier
from biopsy.errors import UsageError
from biopsy.model.dossier import Dossier
from biopsy.model.release import Release
from biopsy.pipeline import before
from biopsy.warehouse import Stored, Warehouse, restore

AT_ONCE = 4
"""Versions that are looked through at a time, back from a release."""

Versions = Mapping[tuple[str, str], tuple[str, ...]]
"""Of packages of which several versions are kept, by ecosystem and name, those versions."""


def expected(dossier: Dossier, versions: Versions) -> bool:
    """Whether there may be a release before a dossier to judge it beside; no file is opened."""
    if dossier.against:
        return dossier.against != before.NONE
    return next(_earlier(dossier.release, versions), None) is not None


def read(dossiers: Sequence[Dossier], warehouse: Warehouse, versions: Versions) -> dict[str, Dossier | None]:
    """Give what each dossier is judged beside, by its run id: what it was compared with when it was made.

    Where that is not there any more, or nothing was, the newest fitting one of the version before.
    """
    named = {one.against: one.release for one in dossiers if one.against not in {"", before.NONE}}
    found = {run_id: _restored(one) for run_id, one in warehouse.several(named).items()} if named else {}
    made = {one.run_id: found.get(one.against) for one in dossiers}
    rest = [one for one in dossiers if one.against != before.NONE and made[one.run_id] is None]
    return made | _fitting(rest, warehouse, versions)


def _fitting(
    dossiers: Sequence[Dossier], warehouse: Warehouse, versions: Versions
) -> dict[str, Dossier | None]:
    """Give the newest kept dossier of the version before that was made as each of these was.

    As `before.kept` finds it, but for all at once: where that of one version does not fit, the one before it.
    """
    found: dict[str, Dossier | None] = {one.run_id: None for one in dossiers}
    left = [(one, before.Wanted.beside(one), _earlier(one.release, versions)) for one in dossiers]
    while left:
        chosen = {one.run_id: list(islice(releases, AT_ONCE)) for one, _, releases in left}
        held = warehouse.of_several({release for some in chosen.values() for release in some})
        for one, wanted, _ in left:
            every = (stored for release in chosen[one.run_id] for stored in held[release])
            fits = (_restored(stored) for stored in every if wanted.met(restore(_bare(stored))))
            found[one.run_id] = next((kept for kept in fits if kept is not None), None)
        left = [each for each in left if chosen[each[0].run_id] and found[each[0].run_id] is None]
    return found


def _earlier(release: Release, versions: Versions) -> Iterator[Release]:
    """The versions before, of those that are kept, the newest first."""
    known = versions.get((release.ecosystem, release.name))
    if not known or not release.version:
        return
    try:
        ecosystem = ecosystems.by_type(release.ecosystem)
    except UsageError:
        return  # what is only kept, not known: nobody can tell what is earlier
    ordered = sorted({*known, release.version}, key=ecosystem.version_key)
    while version := earlier(ordered, release.version, ecosystem.prerelease):
        yield replace(release, version=version)
        ordered.remove(version)


def _restored(stored: Stored) -> Dossier | None:
    """Open a dossier; one that cannot be read is passed over, as `Warehouse.of` does."""
    try:
        return restore(stored)
    except ValueError:
        return None


def _bare(stored: Stored) -> Stored:
    """Most of them do not fit, and are never looked into: their behaviours stay text."""
    return replace(stored, behaviours=())
