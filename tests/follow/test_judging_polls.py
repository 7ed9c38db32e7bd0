"""What a poll means: jobs for what is in it, whatever that is."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy import queue
from biopsy.ecosystems.feeds import Poll
from biopsy.model.feed import Change, Item
from biopsy.model.job import Job
from biopsy.pipeline.follow import judging, writing
from biopsy.pipeline.follow.judging import BURST, MAX_SERIAL, Judged, judge
from biopsy.pipeline.follow.policy import Policies
from biopsy.queue import Queue, Seen
from biopsy.queue import feeds as filing

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Policies:
    return Policies(tmp_path_factory.mktemp("home"))


def judged(policies: Policies, *items: Item, **also: Any) -> Judged:
    return judge(Poll(items, **also), policies, "feed x", now=NOON, since=NOON, newest=None)


ODD_TIMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01", "now", "\ud800")
ITEMS = st.builds(
    Item,
    st.sampled_from(["pypi", "npm", "golang"]),
    st.text(min_size=1, max_size=40),
    st.text(max_size=20),
    st.sampled_from(list(Change)),
    st.text(max_size=20),
    st.sampled_from(["", "sha256:00", "\ud800"]),
    st.one_of(st.sampled_from(ODD_TIMES), st.datetimes().map(lambda at: at.isoformat() + "Z")),
    st.one_of(st.none(), st.integers()),
    st.text(st.characters(), max_size=20),
)


@given(st.lists(ITEMS, max_size=8), st.sampled_from(ODD_TIMES))
def test_nothing_that_a_registry_says_is_an_error(policies: Policies, items: list[Item], now: str) -> None:
    found = judged(policies, *items, now=now, newest=now)
    assert len(found.jobs) == len(found.led) == len(found.of)
    for item in found.items:
        assert item == judging.sound(item)
        assert item.serial is None or abs(item.serial) <= MAX_SERIAL
    for job, number in zip(found.jobs, found.led, strict=True):
        assert job.release.name == found.items[number].name


def test_of_two_looks_at_a_package_the_one_further_back_comes_first(policies: Policies) -> None:
    near, far = (Item("pypi", "a", str(n), published=f"2026-11-{n}T00:00:00Z") for n in (20, 10))
    found = judged(policies, near, far)
    assert [job.published for job in found.jobs] == ["2026-11-09T00:00:00Z", "2026-11-19T00:00:00Z"]
    assert found.led == (1, 0)


def test_what_has_neither_number_nor_time_is_looked_at_each_time(policies: Policies) -> None:
    found = judged(policies, Item("npm", "a", change=Change.CHANGED), Item("npm", "b", serial=3))
    assert (found.led, found.of) == ((0, 1), (-1, 1))


def test_a_name_too_long_for_a_key_is_left_out_and_counted(policies: Policies) -> None:
    found = judged(policies, Item("npm", "\U0001f600" * 501), Item("npm", "a"))
    assert (len(found.items), found.refused) == (1, 1)


def test_a_policy_that_fails_on_a_name_does_not_lose_the_package(
    policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> Job:
        raise ValueError("odd")

    monkeypatch.setattr(policies, "job", fails)
    (job,) = judged(policies, Item("npm", "odd", "1.0.0", digest="sha512:aa")).jobs
    assert (job.release.name, job.release.version) == ("odd", "")


def test_a_burst_is_not_compared_name_by_name(policies: Policies, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(policies, "_resembles", lambda release: asked.append(release.name) or ())
    judged(policies, *(Item("npm", f"p{n}") for n in range(BURST + 1)))
    assert asked == []
    judged(policies, Item("npm", "p"))
    assert asked == ["p"]


def test_one_item_that_cannot_be_written_does_not_stop_the_rest(
    policies: Policies, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = filing._record

    async def refuses(made: Any, feed: str, items: list[Item]) -> Any:
        if any(item.name == "poison" for item in items):
            raise ValueError("no such character")
        return await real(made, feed, items)

    monkeypatch.setattr(filing, "_record", refuses)
    names = [f"p{n}" for n in range(6)] + ["poison"] + [f"q{n}" for n in range(4)]
    found = judged(policies, *(Item("npm", name, "1.0.0", digest="sha512:aa", serial=1) for name in names))

    async def story(held: Queue) -> None:
        await held.advance("npm/x", "", "1", (), (), Seen())
        moved, left_out = await writing.write(held, "npm/x", ("1", "2"), found, Seen())
        assert (moved.items, moved.jobs.new, left_out) == (10, 10, 1)
        assert (await held.feed("npm/x")).cursor == "2"
        assert {entry.job.release.name for entry in await held.jobs()} == set(names) - {"poison"}

    async def whole() -> None:
        async with queue.open(queue.Settings(tmp_path, dsn)) as held:
            await story(held)

    asyncio.run(whole())


@pytest.mark.parametrize("bad", ["\ud800", "a\0b", "x" * 400])
def test_odd_text_is_written(policies: Policies, dsn: str, tmp_path: Path, bad: str) -> None:
    found = judged(policies, Item("npm", bad, bad, digest=bad, reason=bad, filename=bad, serial=2**70))

    async def whole() -> None:
        async with queue.open(queue.Settings(tmp_path, dsn)) as held:
            moved, left_out = await writing.write(held, "npm/x", ("", "1"), found, Seen())
            assert (moved.items, left_out) == (1, 0)

    asyncio.run(whole())
