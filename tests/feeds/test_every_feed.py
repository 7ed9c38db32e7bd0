"""What every feed promises, asked of each against a registry that behaves and one that does not."""

import httpx
import pytest
from tests.feeds.conftest import Clock
from tests.feeds.following import EVERY, LOOKS, NAMES, follow
from tests.registry import StandIn

from biopsy.ecosystems import all_ecosystems, feeds
from biopsy.ecosystems.feeds.asking import moment
from biopsy.errors import RegistryError, UsageError
from biopsy.model.feed import Change

feed_names = pytest.mark.parametrize("name", EVERY)


def _publish(registry: StandIn, clock: Clock, ecosystem: str, *versions: str) -> set[tuple[str, str]]:
    for version in versions:
        clock.now += 1.0
        registry.publish(ecosystem, NAMES[ecosystem], version)
    clock.now += 1.0
    return {(NAMES[ecosystem], version) for version in versions}


def _expected(name: str, wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(package, "") for package, _ in wanted} if name in LOOKS else wanted


def test_the_table_of_feeds_is_whole_and_each_ecosystem_has_one_main_feed() -> None:
    every = list(feeds.all_feeds())
    assert sorted(f.name for f in every) == sorted(EVERY)
    assert sorted(f.ecosystem for f in every if f.main) == sorted(NAMES)
    assert {f.ecosystem for f in every} <= {one.type for one in all_ecosystems()}  # what is said is analysed
    assert all(feeds.by_name(f.ecosystem).name == f.name for f in every if f.main)


def test_a_feed_that_there_is_not_is_answered_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="npm/changes"):
        feeds.by_name("hackage")


@feed_names
def test_it_says_what_comes_after_its_start_and_nothing_older(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str
) -> None:
    follower = follow(registry, client, name)
    assert follower.poll() == []
    wanted = _publish(registry, clock, follower.feed.ecosystem, "1.0.0", "1.1.0")
    follower.poll()
    assert _expected(name, wanted) <= follower.releases()
    assert {package for package, _ in follower.releases()} == {NAMES[follower.feed.ecosystem]}
    assert (follower.gaps, [p.refused for p in follower.polls if p.refused]) == ([], [])


@feed_names
def test_it_says_nothing_twice_where_nothing_happens(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str
) -> None:
    follower = follow(registry, client, name)
    _publish(registry, clock, follower.feed.ecosystem, "1.0.0")
    follower.poll()
    clock.now += 120
    assert follower.poll(rounds=2) == []


@feed_names
def test_entries_twice_and_out_of_order_are_said_once_each(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str
) -> None:
    follower = follow(registry, client, name)
    registry.mischief.add("duplicate")
    registry.mischief.add("shuffle")
    wanted = _publish(registry, clock, follower.feed.ecosystem, *(f"1.{n}.0" for n in range(9)))
    follower.poll(rounds=2)
    assert _expected(name, wanted) <= follower.releases()
    keys = [(i.name, i.version, i.change, i.filename, i.serial) for i in follower.items]
    assert len(keys) == len(set(keys)) or name in LOOKS


@feed_names
@pytest.mark.parametrize("trick", ["status", "cut", "garbage", "gone"])
def test_what_a_bad_answer_hid_comes_with_the_next_good_one(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str, trick: str
) -> None:
    follower = follow(registry, client, name)
    wanted = _publish(registry, clock, follower.feed.ecosystem, "1.0.0", "1.1.0")
    bad = registry.mischief.add(trick)
    before = follower.cursor
    with pytest.raises(RegistryError):
        follower.poll()
    assert follower.cursor == before
    registry.mischief.stop(bad)
    follower.poll()
    assert _expected(name, wanted) <= follower.releases()


@feed_names
@pytest.mark.parametrize(
    ("status", "retry", "seconds"), [(429, "", 60.0), (429, "7", 7.0), (503, "120", 120.0)]
)
def test_a_registry_that_asks_to_be_left_alone_is(  # noqa: PLR0917
    registry: StandIn, client: httpx.Client, name: str, status: int, retry: str, seconds: float
) -> None:
    follower = follow(registry, client, name)
    registry.mischief.add("status", status=status, retry_after=retry)
    poll = follower.feed.poll(client, follower.endpoint, follower.cursor, {})
    assert (poll.items, poll.cursor, poll.retry_after) == ((), follower.cursor, seconds)


@feed_names
def test_a_day_of_outage_loses_nothing_that_the_registry_still_tells(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str
) -> None:
    follower = follow(registry, client, name)
    wanted = set()
    with registry.outage():
        for hour in range(22):
            clock.now += 3600
            wanted |= _publish(registry, clock, follower.feed.ecosystem, f"1.{hour}.0")
            if hour % 6 == 0:
                with pytest.raises(RegistryError):
                    follower.poll()
    follower.poll(rounds=2)
    assert _expected(name, wanted) <= follower.releases()
    assert follower.gaps == []


LATE = sorted(set(EVERY) - {"nuget/catalog", "npm/changes", "gem/index"})
"""Where entries can show later than what came after them; the others have an order of their own."""


@pytest.mark.parametrize("name", LATE)
def test_an_entry_that_shows_after_later_ones_is_said(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str
) -> None:
    follower = follow(registry, client, name)
    ecosystem = follower.feed.ecosystem
    of, late = registry.world.of[ecosystem], f"{NAMES[ecosystem]}2"
    registry.publish(ecosystem, late, "1.0.0")
    early = _publish(registry, clock, ecosystem, "1.1.0")
    of.hidden = {e.serial for e in of.events if e.name == late}
    follower.poll()
    assert _expected(name, early) <= follower.releases()
    assert late not in {item.name for item in follower.items}
    clock.now += 10
    of.hidden = set()
    assert {item.name for item in follower.poll()} == {late}


@feed_names
def test_an_entry_of_the_future_does_not_hide_what_comes(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str
) -> None:
    follower = follow(registry, client, name)
    ecosystem = follower.feed.ecosystem
    registry.world.publish(ecosystem, NAMES[ecosystem], "9.9.9", at=clock.now + 30 * 86400)
    follow_on = follower.feed.poll if name == "composer/changes" else None
    if follow_on:  # its cursor is the registry's newest moment: one of the future is refused
        with pytest.raises(RegistryError, match="future"):
            follower.poll()
        return
    follower.poll()
    clock.now += 600
    wanted = _publish(registry, clock, ecosystem, "1.0.0")
    follower.poll()
    assert _expected(name, wanted) <= follower.releases()


@feed_names
def test_a_registry_whose_clock_is_an_hour_off_is_followed_and_its_clock_is_told(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str
) -> None:
    ecosystem = feeds.by_name(name).ecosystem
    registry.world.of[ecosystem].skew = 3600.0
    follower = follow(registry, client, name)
    wanted = _publish(registry, clock, ecosystem, "1.0.0")
    follower.poll()
    assert _expected(name, wanted) <= follower.releases()
    told = moment(follower.polls[-1].now)
    assert told is not None
    assert 3500 < told - clock.now < 3700


@feed_names
@pytest.mark.parametrize("cursor", ["", "[]", '{"at": "x"}', "-1", "9" * 60, "\ud800"])
def test_what_is_no_cursor_is_refused_as_a_mistake_of_ours(
    registry: StandIn, client: httpx.Client, name: str, cursor: str
) -> None:
    feed = feeds.by_name(name)
    with pytest.raises(UsageError):
        feed.poll(client, feed.endpoint({name: registry.url(feed.ecosystem)}), cursor, {})


@feed_names
def test_an_address_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(RegistryError, match="not an http"):
        feeds.by_name(name).endpoint({name: "ftp://registry.example/"})


@pytest.mark.parametrize("name", ["gem/index", "pypi/changelog", "nuget/catalog"])
def test_deletions_are_told(registry: StandIn, client: httpx.Client, clock: Clock, name: str) -> None:
    follower = follow(registry, client, name)
    _publish(registry, clock, follower.feed.ecosystem, "1.0.0")
    registry.world.delete(follower.feed.ecosystem, NAMES[follower.feed.ecosystem], "1.0.0")
    clock.now += 1
    follower.poll()
    assert [i.version for i in follower.items if i.change is Change.DELETED] == ["1.0.0"]
