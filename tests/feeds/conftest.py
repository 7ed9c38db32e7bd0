"""A stand-in registry with a history, a clock that tests turn, and a client."""

from collections.abc import Iterator

import httpx
import pytest
from tests.feeds.following import NAMES
from tests.registry import StandIn


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        self.now += 0.001  # nothing happens at the same moment
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    one = Clock()
    monkeypatch.setattr("biopsy.ecosystems.feeds.asking.time.time", one)
    return one


@pytest.fixture
def registry(clock: Clock) -> Iterator[StandIn]:
    """Every registry has one old package, an hour old when a test begins."""
    with StandIn(clock) as one:
        for ecosystem, name in NAMES.items():
            one.publish(ecosystem, name.replace("some", "old", 1), "0.1.0")
        clock.now += 3600
        yield one
        assert one.errors == []


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, verify=False, timeout=5.0, follow_redirects=True) as one:
        yield one
