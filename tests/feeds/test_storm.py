"""Hours of everything going wrong at once: nothing that a registry published stays unsaid."""

import random

import httpx
import pytest
from tests.feeds.conftest import Clock
from tests.feeds.following import EVERY, LOOKS, Follower, follow
from tests.registry import StandIn

from biopsy.errors import RegistryError

TRICKS = ("status", "cut", "garbage", "gone", "duplicate", "shuffle")
PREFIX = {"npm": "@storm/", "composer": "storm/", "golang": "storm.test/", "maven": "storm.test/"}


def _poll(follower: Follower) -> None:
    try:
        follower.poll()
    except RegistryError:
        return


@pytest.mark.parametrize("name", EVERY)
def test_a_storm_loses_nothing(registry: StandIn, client: httpx.Client, clock: Clock, name: str) -> None:
    dice = random.Random(name)
    follower = follow(registry, client, name)
    ecosystem, published = follower.feed.ecosystem, set()
    of = registry.world.of[ecosystem]
    for trick in TRICKS:
        registry.mischief.add(trick, ecosystem=ecosystem, share=0.12, status=dice.choice([429, 500, 503]))
    for hour in range(40):
        for number in range(dice.randrange(6)):
            clock.now += dice.uniform(0, 5)
            package = f"{PREFIX.get(ecosystem, '')}storm-{hour}-{number}"
            registry.publish(ecosystem, package, "1.0.0")
            published.add((package, "" if name in LOOKS else "1.0.0"))
        if name == "pypi/changelog":
            of.hidden = {e.serial for e in of.events[-8:] if dice.random() < 0.2}
        clock.now += dice.uniform(1, 300)
        _poll(follower)
    of.hidden = set()
    registry.mischief.stop()
    clock.now += 30
    follower.poll(rounds=2)
    assert published - follower.releases() == set()
    assert follower.gaps == []
    assert {v for _, v in follower.releases()} <= {"", "1.0.0"}
