"""How often a registry is asked, and what it is told of who asks."""

import httpx
import pytest

from biopsy.errors import UsageError
from biopsy.pipeline.follow.pace import LONGEST, LONGEST_WISH, Turns, agent, client, pause


def test_the_user_agent_names_a_contact() -> None:
    assert agent().startswith("biopsy/")
    assert agent("you@example.org").endswith("(+you@example.org)")
    with client("https://example.org/about") as made:
        assert made.headers["user-agent"].endswith("(+https://example.org/about)")


@pytest.mark.parametrize(
    "contact", ["you", "a b@example.org", "you@example.org)\r\nx: y", "ü@example.org", "x" * 300]
)
def test_what_is_no_contact_is_refused(contact: str) -> None:
    with pytest.raises(UsageError, match="no contact"):
        agent(contact)


def test_requests_to_one_host_are_kept_apart_and_others_need_not_wait() -> None:
    now, slept = [100.0], []
    turns = Turns(2.0, clock=lambda: now[0], sleep=slept.append)
    for url in ("https://a.example/1", "https://a.example/2", "https://b.example/", "https://a.example/3"):
        turns(httpx.Request("GET", url))
    assert slept == [2.0, 4.0]
    now[0] = 200.0
    turns(httpx.Request("GET", "https://a.example/4"))
    assert slept == [2.0, 4.0]


@pytest.mark.parametrize(
    ("failures", "wish", "least", "most"),
    [
        (0, None, 27, 33),
        (1, None, 54, 66),
        (3, None, 216, 264),
        (50, None, LONGEST * 0.9, LONGEST * 1.1),
        (0, 120.0, 120, 120),
        (2, 10.0, 108, 132),
        (0, 1000000000.0, LONGEST_WISH, LONGEST_WISH),
    ],
)
def test_the_pause_doubles_with_failures_and_keeps_to_a_wish(
    failures: int, wish: float | None, least: float, most: float
) -> None:
    for chance in (0.0, 0.5, 1.0):
        assert least - 1e-6 <= pause(30.0, failures, wish, lambda c=chance: c) <= most + 1e-6


def test_a_feed_that_is_seldom_asked_is_not_asked_more_often_for_failing() -> None:
    assert pause(3600.0, 4, None, lambda: 0.5) == 3600.0
