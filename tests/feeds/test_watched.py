"""Watching packages by name: what is new, withdrawn or gone since the last look."""

import hashlib
import json

import httpx
import pytest
from tests.feeds.conftest import Clock
from tests.feeds.following import Follower, follow
from tests.registry import StandIn, build

from biopsy.ecosystems import feeds
from biopsy.errors import RegistryError, UsageError
from biopsy.model.feed import Change, Item

ECOSYSTEMS = pytest.mark.parametrize("ecosystem", ["pypi", "npm"])


def _release(registry: StandIn, clock: Clock, ecosystem: str, name: str, version: str) -> bytes:
    clock.now += 2
    filename, data = (build.tgz if ecosystem == "npm" else build.wheel)(name, version)
    registry.publish(ecosystem, name, version, [(filename, data)])
    return data


def _watch(registry: StandIn, client: httpx.Client, ecosystem: str, *names: str) -> Follower:
    return follow(registry, client, feeds.watched(ecosystem, names))


def _said(items: list[Item]) -> list[tuple[str, str, str]]:
    return [(i.name, i.version, i.change) for i in items]


@ECOSYSTEMS
def test_the_first_look_says_nothing_and_the_next_what_is_new_with_its_digest(
    registry: StandIn, client: httpx.Client, clock: Clock, ecosystem: str
) -> None:
    _release(registry, clock, ecosystem, "watched-one", "1.0.0")
    follower = _watch(registry, client, ecosystem, "watched-one")
    assert follower.poll(rounds=2) == []
    data = _release(registry, clock, ecosystem, "watched-one", "1.1.0")
    (item,) = follower.poll()
    algorithm = "sha512" if ecosystem == "npm" else "sha256"
    assert (item.version, item.digest) == ("1.1.0", f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}")
    assert item.published


def test_a_file_added_to_an_old_release_is_new(registry: StandIn, client: httpx.Client, clock: Clock) -> None:
    _release(registry, clock, "pypi", "watched-one", "1.0.0")
    follower = _watch(registry, client, "pypi", "watched-one")
    follower.poll()
    clock.now += 86400
    registry.publish("pypi", "watched-one", "1.0.0", [build.sdist("watched-one", "1.0.0")])
    (item,) = follower.poll()
    assert (item.version, item.filename) == ("1.0.0", "watched_one-1.0.0.tar.gz")


@ECOSYSTEMS
def test_yanks_deletions_and_the_end_of_a_package_are_told_once(
    registry: StandIn, client: httpx.Client, clock: Clock, ecosystem: str
) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        _release(registry, clock, ecosystem, "watched-one", version)
    follower = _watch(registry, client, ecosystem, "watched-one")
    follower.poll()
    registry.world.yank(ecosystem, "watched-one", "1.0.0", "do not use")
    registry.world.delete(ecosystem, "watched-one", "1.1.0")
    assert _said(follower.poll(rounds=2)) == [
        ("watched-one", "1.0.0", Change.YANKED),
        ("watched-one", "1.1.0", Change.DELETED),
    ]
    assert follower.items[0].reason == "do not use"
    registry.world.unyank(ecosystem, "watched-one", "1.0.0")
    assert _said(follower.poll()) == [("watched-one", "1.0.0", Change.UNYANKED)]
    registry.world.delete(ecosystem, "watched-one")
    assert _said(follower.poll(rounds=3)) == [("watched-one", "", Change.DELETED)]


@ECOSYSTEMS
def test_a_name_that_was_free_is_new_when_somebody_takes_it(
    registry: StandIn, client: httpx.Client, clock: Clock, ecosystem: str
) -> None:
    follower = _watch(registry, client, ecosystem, "not-yet")
    assert follower.poll() == []
    _release(registry, clock, ecosystem, "not-yet", "0.0.1")
    assert _said(follower.poll()) == [("not-yet", "0.0.1", Change.NEW)]


@ECOSYSTEMS
def test_a_long_list_is_asked_for_in_slices_and_only_what_changed_is_sent(
    registry: StandIn, client: httpx.Client, clock: Clock, ecosystem: str
) -> None:
    names = [f"watched-{n}" for n in range(45)]
    for name in names:
        _release(registry, clock, ecosystem, name, "1.0.0")
    follower = _watch(registry, client, ecosystem, *names)
    follower.poll()
    assert [p.more for p in follower.polls] == [True, True, False]
    _release(registry, clock, ecosystem, "watched-44", "2.0.0")
    assert _said(follower.poll()) == [("watched-44", "2.0.0", Change.NEW)]
    assert sum(key.endswith(" etag") for key in follower.validators) == 45


@ECOSYSTEMS
def test_one_package_that_cannot_be_read_does_not_hide_the_others(
    registry: StandIn, client: httpx.Client, clock: Clock, ecosystem: str
) -> None:
    for name in ("watched-1", "watched-2"):
        _release(registry, clock, ecosystem, name, "1.0.0")
    follower = _watch(registry, client, ecosystem, "watched-1", "watched-2")
    follower.poll()
    for name in ("watched-1", "watched-2"):
        _release(registry, clock, ecosystem, name, "1.1.0")
    bad = registry.mischief.add("garbage", "watched-1")
    assert _said(follower.poll()) == [("watched-2", "1.1.0", Change.NEW)]
    assert "watched-1" in follower.polls[-1].why[0]
    registry.mischief.stop(bad)
    assert _said(follower.poll()) == [("watched-1", "1.1.0", Change.NEW)]


@ECOSYSTEMS
def test_a_registry_that_is_away_is_trouble_and_one_that_is_busy_keeps_its_place(
    registry: StandIn, client: httpx.Client, clock: Clock, ecosystem: str
) -> None:
    for name in ("watched-1", "watched-2"):
        _release(registry, clock, ecosystem, name, "1.0.0")
    follower = _watch(registry, client, ecosystem, "watched-1", "watched-2")
    with registry.outage(), pytest.raises(RegistryError):
        follower.poll()
    registry.mischief.add("status", "watched-2", status=429, retry_after="5", times=1)
    follower.poll()
    assert (follower.polls[-1].retry_after, json.loads(follower.cursor)["at"]) == (5.0, 1)
    follower.poll()
    assert "at" not in json.loads(follower.cursor)


@pytest.mark.parametrize(
    ("ecosystem", "names", "why"),
    [
        ("pypi", [], "1 to"),
        ("pypi", ["fine", "not fine"], "not fine"),
        ("npm", ["../../etc/passwd"], "no names"),
        ("npm", [f"n{n}" for n in range(1001)], "1001"),
        ("hackage", ["lens"], "cannot be watched"),
    ],
)
def test_a_list_that_cannot_be_watched_is_refused(ecosystem: str, names: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        feeds.watched(ecosystem, names)


@ECOSYSTEMS
@pytest.mark.parametrize(
    "document",
    [
        {},
        {"releases": {"1.0": 5, "2.0": [7, {"upload_time_iso_8601": 3}]}, "last_serial": "x"},
        {
            "versions": {"1.0.0": 1, "2.0.0": {"dist": [], "deprecated": {}}},
            "time": {"1.0.0": 9, "modified": []},
        },
        {"versions": {"1.0.0": {"dist": {"integrity": "sha512-%%% sha999-QQ=="}}}, "time": {}},
    ],
)
def test_documents_of_any_shape_are_survived(
    registry: StandIn, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, ecosystem: str, document: object
) -> None:
    from tests.registry import answering, npm, pypi

    follower = _watch(registry, client, ecosystem, "watched-one")
    follower.poll()
    for module in (npm, pypi):
        monkeypatch.setattr(module, "answer", lambda *_: answering.said(document))
    follower.poll(rounds=2)
    assert all(item.name == "watched-one" for item in follower.items)


@ECOSYSTEMS
def test_a_package_of_more_releases_than_are_remembered_says_only_the_new_one(
    registry: StandIn, client: httpx.Client, clock: Clock, monkeypatch: pytest.MonkeyPatch, ecosystem: str
) -> None:
    monkeypatch.setattr("biopsy.ecosystems.feeds.watching.MAX_VERSIONS", 10)
    for number in range(30):
        _release(registry, clock, ecosystem, "watched-one", f"1.{number}.0")
    follower = _watch(registry, client, ecosystem, "watched-one")
    follower.poll()
    _release(registry, clock, ecosystem, "watched-one", "1.3.1")
    assert _said(follower.poll()) == [("watched-one", "1.3.1", Change.NEW)]
