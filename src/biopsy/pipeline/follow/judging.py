"""What one poll of a feed means: jobs, what is left out and why, what came late, whose clock is wrong."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from biopsy.ecosystems.feeds import Poll
from biopsy.model.feed import Change, Item
from biopsy.model.job import Job
from biopsy.model.release import Release
from biopsy.pipeline.follow.policy import Policies, Skipped
from biopsy.pipeline.follow.policy.offered import horizon, moment

log = logging.getLogger("biopsy.follow")

BURST = 2000
"""Packages in one poll from which on their names are not compared with well-known ones before they are looked
at: a comparison takes six milliseconds. What is looked at is compared then."""

SKEW = timedelta(seconds=90)
"""How far a registry's clock may be from ours before that is said."""

MAX_SERIAL = 2**63 - 1
"""Largest serial kept: what a database takes for a whole number."""

MAX_KEY = 2000
"""Longest name, version and digest together, in bytes: what fits into a key of the database."""


class Judged(Struct, frozen=True):
    """One poll, judged. `led` says of each job which item led to it; `of` too, but -1 where the job is due
    even if the item was said before.

    `skipped` counts what makes no job, by reason code.
    `refused` counts items whose names are longer than any database's key;
    `twice` counts items that stood in the poll more than once, `withdrawn` deletions and yanks, `late` items
    published before the newest that an earlier poll knew. `skew` is how many seconds the registry's clock is
    ahead of ours, where that is worth a word; `ahead` counts items published in its own future.
    """

    items: tuple[Item, ...] = ()
    jobs: tuple[Job, ...] = ()
    led: tuple[int, ...] = ()
    of: tuple[int, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)
    twice: int = 0
    refused: int = 0
    withdrawn: int = 0
    late: int = 0
    newest: str = ""
    skew: float = 0.0
    ahead: int = 0


def judge(
    poll: Poll, policies: Policies, why: str, *, now: datetime, since: datetime, newest: datetime | None
) -> Judged:
    """Judge what a poll gave. `since` is when the feed last moved, `newest` what it had named by then."""
    given = tuple(dict.fromkeys(map(sound, poll.items)))
    items = tuple(item for item in given if _size(item) <= MAX_KEY)
    compare = len({item.name for item in items}) <= BURST
    led: list[tuple[Job, int, int]] = []
    skipped: Counter[str] = Counter()
    for number, item in enumerate(items):
        made = _job(item, policies, why, since, compare=compare)
        if isinstance(made, Skipped):
            skipped[made.reason] += 1
        elif made is not None:
            # without a number or a time, what is said twice may well have happened twice
            led.append((made, number, number if item.serial is not None or item.published else -1))
    led.sort(key=_reach)
    clock = moment(poll.now) or now
    skew = (clock - now).total_seconds()
    return Judged(
        items,
        tuple(job for job, _, _ in led),
        tuple(number for _, number, _ in led),
        tuple(number for _, _, number in led),
        dict(skipped),
        twice=len(poll.items) - len(given),
        refused=len(given) - len(items),
        withdrawn=sum(item.change in (Change.DELETED, Change.YANKED) for item in items),
        late=_late(items, newest),
        newest=_newest(items, poll.newest, clock),
        skew=skew if abs(skew) > SKEW.total_seconds() else 0.0,
        ahead=sum((at := moment(item.published)) is not None and at > clock + SKEW for item in items),
    )


def sound(item: Item) -> Item:
    """Leave out of an item what no database takes: half characters, numbers and years out of all bounds."""
    texts = {
        field: getattr(item, field).encode("utf-8", "replace").decode()
        for field in ("name", "version", "filename", "digest", "reason")
        if not getattr(item, field).isascii()
    }
    serial = item.serial if item.serial is not None and abs(item.serial) <= MAX_SERIAL else None
    published = item.published if not item.published or moment(item.published) else ""
    if not texts and serial == item.serial and published == item.published:
        return item
    return replace(item, **texts, serial=serial, published=published)


def _size(item: Item) -> int:
    return sum(len(text.encode()) for text in (item.name, item.version, item.digest))


def _job(item: Item, policies: Policies, why: str, since: datetime, *, compare: bool) -> Job | Skipped | None:
    """Ask the policy; where it fails on what somebody published, the package is looked at all the same."""
    try:
        return policies.job(item, why, since, compare=compare)
    except Exception:
        log.exception("the policy fails on %r", item)
        return Job(Release(item.ecosystem, item.name), why=why, published=horizon(since, "", 0.0))


def _reach(pair: tuple[Job, int, int]) -> str:
    """Order jobs so that of several looks at one package, which the queue makes one, the furthest is kept."""
    return pair[0].published if not pair[0].release.version else ""


def _late(items: Sequence[Item], newest: datetime | None) -> int:
    if newest is None:
        return 0
    return sum((at := moment(item.published)) is not None and at < newest for item in items)


def _newest(items: Sequence[Item], said: str, clock: datetime) -> str:
    """Give the newest time of publication, of those that are not in the registry's own future.

    One wrong date must not make everything after it look late.
    """
    moments = [at for text in (said, *(i.published for i in items)) if (at := moment(text))]
    believed = [at for at in moments if at <= clock + SKEW]
    return f"{max(believed).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if believed else ""
