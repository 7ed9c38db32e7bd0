"""What falls between two polls is noticed, counted, and fetched where the registry still tells it."""

import json

import httpx
import pytest
from tests.feeds.conftest import Clock
from tests.feeds.following import NAMES, Follower, follow
from tests.registry import Did, StandIn

from biopsy.ecosystems.feeds import Gap
from biopsy.ecosystems.feeds.asking import stamp
from biopsy.model.feed import Change, Item


def _fill(follower: Follower, gap: Gap) -> list[Item] | None:
    items: list[Item] = []
    for _ in range(200):
        poll = follower.feed.fill(follower.client, follower.endpoint, gap)
        if poll is None:
            return None
        items += poll.items
        if not poll.more:
            return items
        gap = Gap(poll.cursor, gap.end, gap.expected, gap.why)
    raise AssertionError(gap)


def _hide(registry: StandIn, ecosystem: str, first: int, last: int) -> list[int]:
    of = registry.world.of[ecosystem]
    serials = [e.serial for e in of.events if e.did is Did.RELEASE][first:last]
    of.hidden |= {e.serial for e in of.events if serials[0] <= e.serial <= serials[-1]}
    return serials


def test_a_serial_that_shows_late_is_waited_for(
    registry: StandIn, client: httpx.Client, clock: Clock
) -> None:
    follower = follow(registry, client, "pypi/changelog")
    for n in range(5):
        registry.publish("pypi", "late", f"1.{n}")
    hidden = registry.world.of["pypi"].hidden
    late = next(e for e in registry.world.of["pypi"].events if e.version == "1.2")
    hidden.add(late.serial)
    follower.poll()
    assert ("late", "1.2") not in follower.releases()
    clock.now += 300
    hidden.clear()
    assert [(i.name, i.version, i.serial) for i in follower.poll()] == [("late", "1.2", late.serial)]
    assert follower.gaps == []
    assert "holes" not in follower.cursor or json.loads(follower.cursor)["holes"] == []


def test_a_serial_that_never_shows_is_given_up_after_ten_minutes(
    registry: StandIn, client: httpx.Client, clock: Clock
) -> None:
    follower = follow(registry, client, "pypi/changelog")
    for n in range(3):
        registry.publish("pypi", "rolled-back", f"1.{n}")
    of = registry.world.of["pypi"]
    of.hidden.add(of.events[-2].serial)
    follower.poll()
    assert len(json.loads(follower.cursor)["holes"]) == 1
    clock.now += 700
    follower.poll()
    assert json.loads(follower.cursor)["holes"] == []


def test_many_missing_serials_are_a_gap_that_is_counted_and_filled(
    registry: StandIn, client: httpx.Client
) -> None:
    follower = follow(registry, client, "pypi/changelog")
    registry.world.burst("pypi", 300, prefix="gap")
    missing = _hide(registry, "pypi", 100, 200)
    follower.poll()
    (gap,) = follower.gaps
    assert gap.expected == len(registry.world.of["pypi"].hidden) >= len(missing)
    early = follower.feed.fill(client, follower.endpoint, gap)
    assert early is not None
    assert (early.more, early.cursor) == (True, gap.start)
    registry.world.of["pypi"].hidden.clear()
    filled = _fill(follower, gap)
    assert filled is not None
    assert {f"gap-{n}" for n in range(300)} == {i.name for i in (*follower.items, *filled)}
    assert len(filled) == gap.expected


def test_serials_that_never_show_are_no_gap_for_ever(
    registry: StandIn, client: httpx.Client, clock: Clock
) -> None:
    follower = follow(registry, client, "pypi/changelog")
    registry.world.burst("pypi", 300, prefix="gap")
    _hide(registry, "pypi", 100, 200)
    follower.poll()
    clock.now += 7 * 3600
    assert _fill(follower, follower.gaps[0]) == []


@pytest.mark.parametrize("ecosystem", ["pypi", "npm"])
def test_a_registry_that_counts_from_the_beginning_again_is_a_gap_and_is_followed_on(
    registry: StandIn, client: httpx.Client, ecosystem: str
) -> None:
    name = "pypi/changelog" if ecosystem == "pypi" else "npm/changes"
    follower = follow(registry, client, name)
    of = registry.world.of[ecosystem]
    of.events.clear()
    of.serial = 5
    registry.publish(ecosystem, NAMES[ecosystem], "2.0.0")
    follower.poll()
    assert "beginning" in follower.gaps[0].why
    registry.publish(ecosystem, NAMES[ecosystem], "2.1.0")
    assert NAMES[ecosystem] in {i.name for i in follower.poll()}


@pytest.mark.parametrize(("name", "filled"), [("pypi/rss", False), ("cargo/rss", True)])
def test_a_burst_larger_than_a_window_is_a_gap(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str, filled: bool
) -> None:
    follower = follow(registry, client, name)
    ecosystem = follower.feed.ecosystem
    for number in range(250):
        clock.now += 60
        registry.publish(ecosystem, f"burst-{number}", "1.0.0")
    follower.poll()
    (gap,) = follower.gaps[:1]
    assert gap.start < gap.end
    more = _fill(follower, gap)
    if not filled:
        assert more is None
        return
    assert more is not None
    assert {i.change for i in more} == {Change.CHANGED}
    assert {f"burst-{n}" for n in range(250)} <= {i.name for i in (*follower.items, *more)}


def test_a_burst_larger_than_what_maven_shows_is_a_gap_and_is_filled(
    registry: StandIn, client: httpx.Client, clock: Clock
) -> None:
    follower = follow(registry, client, "maven/search")
    for number in range(3300):
        registry.publish("maven", "test.example/burst", f"1.{number}")
    clock.now += 10
    follower.poll()
    (gap,) = follower.gaps
    more = _fill(follower, gap)
    assert more is not None
    assert {f"1.{n}" for n in range(3300)} <= {i.version for i in (*follower.items, *more)}


def test_packagist_that_forgot_is_a_gap(registry: StandIn, client: httpx.Client, clock: Clock) -> None:
    follower = follow(registry, client, "composer/changes")
    clock.now += 3 * 86400
    registry.publish("composer", "some/package", "1.0.0")
    assert follower.poll() == []
    assert "no longer knows" in follower.gaps[0].why
    clock.now += 10
    registry.publish("composer", "some/package", "1.1.0")
    assert {i.name for i in follower.poll()} == {"some/package"}


def test_a_file_of_gems_written_anew_is_a_gap_and_its_end_is_found_again(
    registry: StandIn, client: httpx.Client, clock: Clock
) -> None:
    for number in range(60):
        registry.publish("gem", f"gem-{number:03}", "1.0.0")
    follower = follow(registry, client, "gem/index")
    registry.world.of["gem"].rewritten = True
    assert follower.poll() == []
    assert "anew" in follower.gaps[0].why
    assert follower.poll() == []
    assert len(follower.gaps) == 1


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("npm/changes", 100_000),
        ("pypi/changelog", 2_000),
        ("golang/index", 5_000),
        ("nuget/catalog", 7_000),
    ],
)
def test_a_burst_is_taken_in_pages_and_whole(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str, count: int
) -> None:
    follower = follow(registry, client, name)
    registry.world.burst(follower.feed.ecosystem, count)
    clock.now += 10
    follower.poll()
    assert len({i.name for i in follower.items}) == count
    assert follower.gaps == []
    assert sum(p.refused for p in follower.polls) == 0


@pytest.mark.parametrize("count", [700])
def test_a_burst_of_gems_is_read_in_several_polls(
    registry: StandIn, client: httpx.Client, clock: Clock, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr("biopsy.ecosystems.feeds.gem_timeframe.PAGES", 10)
    follower = follow(registry, client, "gem/timeframe")
    for number in range(count):
        registry.publish("gem", f"burst-{number}", "1.0.0")
    follower.poll()
    assert {f"burst-{n}" for n in range(count)} <= {i.name for i in follower.items}
    assert follower.gaps == []


@pytest.mark.parametrize(("name", "count"), [("gem/timeframe", 2000), ("golang/index", 4500)])
def test_a_stretch_of_time_can_be_asked_for_again(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str, count: int
) -> None:
    follower = follow(registry, client, name)
    since = stamp(clock.now)
    registry.world.burst(follower.feed.ecosystem, count)
    clock.now += 86400
    filled = _fill(follower, Gap(since, stamp(clock.now - 40000)))
    assert filled is not None
    assert {f"burst-{n}" for n in range(count)} == {i.name for i in filled}


def test_one_bad_answer_is_not_taken_for_a_file_of_gems_written_anew(
    registry: StandIn, client: httpx.Client, clock: Clock
) -> None:
    for number in range(60):
        registry.publish("gem", f"gem-{number:03}", "1.0.0")
    follower = follow(registry, client, "gem/index")
    registry.publish("gem", "some_gem", "1.0.0")
    registry.mischief.add("garbage", "/versions", times=1)
    assert [i.name for i in follower.poll()] == ["some_gem"]
    assert follower.gaps == []


def test_a_release_that_maven_shows_late_is_found_behind_many_newer_ones(
    registry: StandIn, client: httpx.Client, clock: Clock
) -> None:
    follower = follow(registry, client, "maven/search")
    late = registry.world.clock()
    registry.world.burst("maven", 450, prefix="test.example/burst")
    clock.now += 10
    follower.poll()
    registry.world.publish("maven", "test.example/late", "1.0", at=late)
    assert [i.name for i in follower.poll()] == ["test.example/late"]
