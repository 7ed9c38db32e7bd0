"""What came late, only at a second go, or only at the first: told once, with how much later."""

import pytest

from biopsy.model.behaviour import By, Kind
from biopsy.model.run import Status
from biopsy.sandbox.inside import journal
from biopsy.sandbox.observe_later import MAX_DIFFERING, differing, span
from biopsy.sandbox.observe_ledger import Draft
from biopsy.sandbox.observe_waits import LATER, own
from biopsy.sandbox.raw import Ran
from biopsy.sandbox.tree import Node

HOST = "https://collector.example/"


def node(number: int, parent: Node | None = None, *, first: bool = False, again: str = "") -> Node:
    return Node(number, 100 + number, parent, 0, "/", "import", first=first, again=again)


DRIVER = node(1, first=True)
SHELL = node(2, DRIVER)
SLEEPER, SENDER, STRANGER = node(3, SHELL), node(4, SHELL), node(5, DRIVER)
SECOND = node(6, first=True, again="3d")


def did(time: int, who: Node, what: str = HOST, kind: Kind = Kind.NET_HTTP, by: By = By.PACKAGE) -> Draft:
    value = f"GET {what}" if kind is Kind.NET_HTTP else what
    return Draft(time, kind, value, "import", who, by)


def slept(time: int, ahead: int, who: Node = SLEEPER, root: Node = SHELL) -> tuple[int, Node, journal.Slept]:
    return time, who, journal.Slept(root.pid, ahead, ahead, ahead)


def told(*drafts: Draft, waits=(), ran=()) -> list[str]:
    return [f"{one.kind} {one.value}" for one in differing(drafts, waits, ran, str.lower)]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (31, "31s"),
        (119, "119s"),
        (120, "2m"),
        (600, "10m"),
        (7200, "2h"),
        (172_799, "48h"),
        (259_200, "3d"),
    ],
)
def test_spans_are_short_words(seconds: int, text: str) -> None:
    assert span(seconds) == text


def test_what_a_family_does_after_one_of_it_slept_is_late() -> None:
    late = did(50, SENDER)
    assert told(late, waits=[slept(40, 600)]) == [f"differs.clock 10m net.http GET {HOST}"]


def test_before_the_wait_after_a_short_one_and_elsewhere_is_not() -> None:
    waits = [slept(40, 600)]
    assert told(did(30, SENDER), waits=waits) == []
    assert told(did(50, STRANGER), waits=waits) == []
    assert told(did(50, SENDER), waits=[slept(40, 20)]) == []
    assert told(did(50, SENDER)) == []


def test_what_was_done_at_once_too_is_not_late() -> None:
    assert told(did(10, STRANGER, HOST.upper()), did(50, SENDER), waits=[slept(40, 600)]) == []


def test_only_acts_of_the_package_and_telling_ones_count() -> None:
    waits = [slept(40, 600)]
    assert told(did(50, SENDER, by=By.TOOL), waits=waits) == []
    assert told(did(50, SENDER, "/etc/hosts", Kind.FILE_READ), waits=waits) == []


def test_who_sleeps_on_and_on_is_told_with_its_first_time() -> None:
    waits = [slept(40, 600), slept(60, 1200)]
    assert told(did(50, SENDER), did(70, SENDER), waits=waits) == [f"differs.clock 10m net.http GET {HOST}"]


def go(label: str, pid: int, number: int | None = 0) -> Ran:
    return Ran("import", Status.COMPLETED, "", 0, 100, pid, number, again=label)


RAN = (go("", DRIVER.pid), go("3d", SECOND.pid))


def test_a_second_go_is_held_against_the_first() -> None:
    again = node(7, SECOND)
    first, second = did(10, SENDER, "https://one.example/"), did(90, again, "https://two.example/")
    both = did(10, SENDER), did(90, again)
    assert told(first, second, *both, ran=RAN) == [
        "differs.again 3d net.http GET https://two.example/",
        "differs.once 3d net.http GET https://one.example/",
    ]


def test_a_go_that_was_cut_short_does_not_show_what_is_done_once() -> None:
    assert told(did(10, SENDER), ran=(RAN[0], go("3d", SECOND.pid, None))) == []


def test_each_later_day_is_held_against_all_before_it() -> None:
    third = node(8, first=True, again="2031-04-01")
    days = did(90, node(7, SECOND)), did(95, node(9, third)), did(96, node(9, third), "https://new.example/")
    ran = (*RAN, go("2031-04-01", third.pid))
    assert told(*days, ran=ran) == [
        f"differs.again 3d net.http GET {HOST}",
        "differs.again 2031-04-01 net.http GET https://new.example/",
    ]


def test_a_flood_of_differences_is_cut() -> None:
    many = [did(50, SENDER, f"https://n{n}.example/") for n in range(3 * MAX_DIFFERING)]
    assert len(told(*many, waits=[slept(40, 600)])) == MAX_DIFFERING


def test_the_wait_of_our_own_drivers_is_nobodys() -> None:
    ours = (1, SLEEPER, journal.Slept(1, LATER, LATER - 3, LATER))
    assert list(own([ours, slept(2, 600)])) == [slept(2, 600)]
