"""What a registry offers of a release: which files, since when, whether it is the first."""

from datetime import UTC, datetime, timedelta

from biopsy.ecosystems import Listing
from biopsy.errors import UsageError
from biopsy.model.release import Remote
from biopsy.pipeline.follow.policy.lines import Which

FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Years that a time of publication may lie in."""

STRENGTH = ("sha512", "sha384", "sha256", "blake2b_256", "sha1", "md5")
"""Digests, the strongest first: of those a registry gives, the strongest names an artifact."""


def wanted(listing: Listing, which: Which) -> tuple[Remote, ...]:
    """Choose artifacts: those that an install would take stand first."""
    if which is Which.EVERY:
        first = listing.choose("all")
        return (*first, *(remote for remote in listing.artifacts if remote not in first))
    if which is Which.INSTALL:
        return listing.choose()
    try:
        return listing.choose(which.value)
    except UsageError:
        return listing.choose()  # a release without one is not left out for it


def is_new(remote: Remote, after: datetime | None) -> bool:
    """Whether a file is no older than what counts as new; where nobody says, it is."""
    uploaded = moment(remote.uploaded or "")
    return after is None or uploaded is None or uploaded >= after


def is_first(listing: Listing) -> bool | None:
    """Whether the release is the first of its package; None where the registry names no releases."""
    if not listing.versions:
        return None
    times = [pair for one in listing.versions if (pair := (one.time or "", one.version))[0]]
    first = min(times)[1] if len(times) == len(listing.versions) else listing.versions[0].version
    return first == listing.release.version


def strongest(remote: Remote) -> str:
    """Give the strongest digest of a file as `algorithm:hex`; empty where the registry says none."""
    given = dict(remote.digests)
    return next((f"{name}:{given[name]}" for name in STRENGTH if given.get(name)), "")


def horizon(since: datetime, published: str, window: float) -> str:
    """Say from when on a release is new to a look: the feed's moment or the poll before, less the window."""
    said = moment(published)
    start = min(since, said) if said else since
    return f"{(start - timedelta(seconds=window)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def moment(text: str) -> datetime | None:
    """Read a time as RFC 3339 writes it, in UTC where it does not say; None for what is none.

    Years in which no registry published anything are none: one cannot reckon with the first and the last.
    1970 is one, since a look for all releases says it.
    """
    try:
        found = datetime.fromisoformat(text[:64])
    except ValueError:
        return None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
