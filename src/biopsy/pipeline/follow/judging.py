"""What one poll of a feed means: jobs, what is left out and why, what came late, whose clock is wrong."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field

from biopsy.ecosystems.feeds import Poll
from biopsy.model.feed import Change, Item
from biopsy.model.job import Job
from biopsy.pipeline.follow.policy import Policies, Skipped

BURST = 2000
"""Packages in one poll from which on their names are not compared with well-known ones before they are looked
at: a comparison takes six milliseconds. What is looked at is compared then."""

SKEW = timedelta(seconds=90)
"""How far a registry's clock may be from ours before that is said."""


class Judged(Struct, frozen=True):
    """One poll, judged. `of` says of each job which item led to it; -1: whatever was said before, it is due.

    `skipped` counts what makes no job, by reason code.
    `twice` counts items that stood in the poll more than once, `withdrawn` deletions and yanks, `late` items
    published before the newest that an earlier poll knew. `skew` is how many seconds the registry's clock is
    ahead of ours, where that is worth a word; `ahead` counts items published in its own future.
    """

    items: tuple[Item, ...] = ()
    jobs: tuple[Job, ...] = ()
    of: tuple[int, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)
    twice: int = 0
    withdrawn: int = 0
    late: int = 0
    newest: str = ""
    skew: float = 0.0
    ahead: int = 0


def judge(
    poll: Poll, policies: Policies, why: str, *, now: datetime, since: datetime, newest: datetime | None
) -> Judged:
    """Judge what a poll gave. `since` is when the feed last moved, `newest` what it had named by then."""
    items = tuple(dict.fromkeys(poll.items))
    compare = len({item.name for item in items}) <= BURST
    led: list[tuple[Job, int]] = []
    skipped: Counter[str] = Counter()
    for number, item in enumerate(items):
        made = policies.job(item, why, since, compare=compare)
        if isinstance(made, Skipped):
            skipped[made.reason] += 1
        elif made is not None:
            # without a number or a time, what is said twice may well have happened twice
            led.append((made, number if item.serial is not None or item.published else -1))
    led.sort(key=_reach)
    clock = _when(poll.now) or now
    skew = (clock - now).total_seconds()
    return Judged(
        items,
        tuple(job for job, _ in led),
        tuple(number for _, number in led),
        dict(skipped),
        twice=len(poll.items) - len(items),
        withdrawn=sum(item.change in (Change.DELETED, Change.YANKED) for item in items),
        late=_late(items, newest),
        newest=_newest(items, poll.newest, clock),
        skew=skew if abs(skew) > SKEW.total_seconds() else 0.0,
        ahead=sum((moment := _when(item.published)) is not None and moment > clock + SKEW for item in items),
    )


def _reach(pair: tuple[Job, int]) -> str:
    """Order jobs so that of several looks at one package, which the queue makes one, the furthest is kept."""
    return pair[0].published if not pair[0].release.version else ""


def _late(items: Sequence[Item], newest: datetime | None) -> int:
    if newest is None:
        return 0
    return sum((moment := _when(item.published)) is not None and moment < newest for item in items)


def _newest(items: Sequence[Item], said: str, clock: datetime) -> str:
    """Give the newest time of publication, of those that are not in the registry's own future.

    One wrong date must not make everything after it look late.
    """
    moments = [moment for text in (said, *(i.published for i in items)) if (moment := _when(text))]
    believed = [moment for moment in moments if moment <= clock + SKEW]
    return f"{max(believed).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if believed else ""


def _when(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
