"""Dates: how old a package and a release are, and how a release stands to those before it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from biopsy.ecosystems.facts.subject import Subject, published, when
from biopsy.model.behaviour import Behaviour, Kind

YOUNG = 30  # days since the first release of a package
FRESH = 3  # days since this release: most malicious ones are found by then
DORMANT = 540  # days without any release, and then this one
BURST = 8  # releases within one day


def facts(it: Subject, today: date) -> Iterator[Behaviour]:
    """Yield what dates say, as `pkg.release`; a release from the future has no age."""
    if it.listing is None:
        return
    if (ending := it.ecosystem.habits.holding) and it.release.version.endswith(ending):
        yield it.say(Kind.PKG_RELEASE, "holding")
    now = datetime.combine(today, time.max, UTC)
    here, earlier = published(it)
    moment = when(here) if here else None
    if moment is None:
        return
    known = sorted(m for one in it.listing.versions if (m := when(one)))
    if 0 <= (age := (now - known[0]).days) <= YOUNG:
        yield it.say(Kind.PKG_RELEASE, f"young {_days(age)}")
    if 0 <= (age := (now - moment).days) <= FRESH:
        yield it.say(Kind.PKG_RELEASE, f"fresh {_days(age)}")
    before = [m for one in earlier if (m := when(one))]
    if before and (gap := (moment - max(before)).days) >= DORMANT:
        yield it.say(Kind.PKG_RELEASE, f"dormant {_days(gap)}")
    burst = sum(moment - timedelta(days=1) <= m for m in before) + 1
    if burst >= BURST:
        yield it.say(Kind.PKG_RELEASE, f"burst {burst} in a day")


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
