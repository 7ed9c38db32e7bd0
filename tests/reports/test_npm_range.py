"""What a report affects, as npm's clients read it."""

import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy.reports import matching
from biopsy.reports.npm_range import npm_range
from biopsy.reports.versions import SEMVER

SIGNS = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
VERSIONS = [f"{a}.{b}.0{c}" for a in range(4) for b in range(3) for c in ("", "-beta.1")]


def report(
    versions: list[str], events: list[dict[str, str]], cleared: list[str] | None = None
) -> dict[str, Any]:
    about: dict[str, Any] = {"package": {"ecosystem": "npm", "name": "x"}, "versions": versions}
    about |= {"ranges": [{"type": "SEMVER", "events": events}]} if events else {}
    ours = {"malware": {"cleared": [{"version": v} for v in cleared or ()]}}
    return {"id": "MAL-2026-900001", "affected": [about], "database_specific": ours}


@pytest.mark.parametrize(
    ("made", "asked", "words"),
    [
        (report([], [{"introduced": "0"}]), ["1.0.0"], "*"),
        (report([], [{"introduced": "0"}]), ["1.0.0-rc.1"], "* || 1.0.0-rc.1"),
        (report(["2.0.0", "1.0.0"], []), ["2.0.0"], "2.0.0 || 1.0.0"),
        (report(["9.0.0"], [{"introduced": "1.0.0"}, {"fixed": "2.0.0"}]), ["1.5.0"], ">=1.0.0 <2.0.0 || 9.0.0"),
        (report([], [{"introduced": "0"}, {"last_affected": "1.0.0"}]), ["1.0.0"], "<=1.0.0"),
        (report([], [{"introduced": "0"}], ["1.0.0"]), ["2.0.0"], "<1.0.0 || >1.0.0"),
    ],
)  # fmt: skip
def test_a_range_holds_all_that_a_report_affects(made: dict[str, Any], asked: list[str], words: str) -> None:
    assert npm_range(made, asked) == words


def holds(words: str, version: str) -> bool:
    """Whether a range holds a version, as semver does with `includePrerelease`."""
    return any(all(within(one, version) for one in part.split(" ")) for part in words.split(" || "))


def within(comparator: str, version: str) -> bool:
    sign = comparator.rstrip("0123456789.-betar") or "="
    return comparator == "*" or SIGNS[sign](SEMVER(version), SEMVER(comparator.removeprefix(sign)))


_EVENT = st.builds(
    lambda name, version: {name: version},
    st.sampled_from(["introduced", "fixed", "last_affected", "limit"]),
    st.sampled_from([*VERSIONS, "0", "none"]),
)


@given(
    st.lists(st.sampled_from(VERSIONS), max_size=3),
    st.lists(_EVENT, max_size=5),
    st.lists(st.sampled_from(VERSIONS), max_size=2),
)
def test_a_range_and_the_report_agree_on_every_version(
    versions: list[str], events: list[dict[str, str]], cleared: list[str]
) -> None:
    made = report(versions, events, cleared)
    bad = [v for v in VERSIONS if matching.affects(made, "npm", v)]
    words = npm_range(made, bad[:1])
    assert [v for v in VERSIONS if words and holds(words, v)] == bad, words
