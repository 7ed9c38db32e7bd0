"""Policies: what may stand in one, what wins, and what is said of one that is wrong."""

from datetime import date

import pytest

from biopsy.cli.guard_policy import POLICY
from biopsy.errors import UsageError
from biopsy.guard import policy
from biopsy.guard.packument import Packument, filtered, read
from biopsy.guard.policy import PolicyError
from biopsy.guard.ruling import ALLOWED, Action, Known, Offered, Ruling, State, rule
from biopsy.guard.showing import Shown, client
from biopsy.guard.wanted import wanted
from biopsy.web.guard.known import TYPES

NOW = 1_800_000_000.0
DAY = 86400


def made(text: str) -> policy.Policy:
    return policy.read(text.encode(), TYPES)


def test_the_policy_to_begin_with_is_what_holds_without_one() -> None:
    assert made(POLICY).terms("npm", "x") == made("").terms("npm", "x") == policy.DEFAULT


def test_the_policy_of_the_documentation_is_one() -> None:
    text = (policy.__doc__ or "").partition("wins:\n")[2]
    assert made(text).terms("npm", "@types/node").age == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1", "unknown field `a`"),
        ("ecosystems: {pip: {}}", "no ecosystem 'pip'"),
        ("minimum-age: 3y", "no age: '3y'"),
        ("packages: [{names: ['pkg:npm/x'], minimum-age: soon}]", "no age: 'soon'"),
        ("packages: [{names: ['x'], minimum-age: 0}]", "no pattern of releases"),
        ("packages: [{names: ['pkg:cobol/x']}]", "no ecosystem 'cobol'"),
        ("reserved: [{names: ['pkg:gem/acme-*']}]", "no ecosystem 'gem'; guarded are: npm, pypi"),
        ("ecosystems: {cargo: {minimum-age: 3d}}", "no ecosystem 'cargo'; guarded are: npm, pypi"),
        ("overrides: [{release: 'pkg:npm/x@1', expires: 2026-01-01}]", "missing required field `reason`"),
        ("overrides: [{release: 'pkg:npm/x@1', reason: because, expires: soon}]", "overrides[0].expires"),
        ("reserved: [{names: ['pkg:npm/x'], registry: 'ftp://x'}]", "an http(s) address"),
        ("malicious: allow", "Invalid enum value 'allow'"),
        ("[", "not YAML"),
        ("- 1", "Expected `object`"),
        ("x: !!python/object/apply:os.system [id]", "not YAML"),
        ("#" * (policy.MAX_FILE + 1), "the limit of a policy"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises((PolicyError, UsageError)) as error:
        made(text)
    assert said in str(error.value)


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_ecosystem_may_be_named(kind: str) -> None:
    assert made(f"ecosystems: {{{kind}: {{minimum-age: 9d}}}}").terms(kind, "x").age == 9 * DAY


@pytest.mark.parametrize(
    ("pattern", "name", "version", "fits"),
    [
        ("pkg:npm/@types/*", "@types/node", "1.0.0", True),
        ("pkg:npm/%40types/*", "@types/node", "1.0.0", True),
        ("pkg:npm/@types/*", "@other/node", "1.0.0", False),
        ("pkg:npm/x@1.*", "x", "1.2", True),
        ("pkg:npm/x@1.*", "x", "2.0", False),
        ("pkg:npm/@a/x@1.*", "@a/x", "1.2", True),
        ("pkg:npm/x", "X", "1.2", False),
    ],
)
def test_a_pattern_means_what_it_says(pattern: str, name: str, version: str, fits: bool) -> None:
    found = wanted(pattern, TYPES)
    assert (found.fits("npm", name) and found.version_fits(version)) is fits


def test_names_in_patterns_are_spelled_as_their_ecosystem_does() -> None:
    assert wanted("pkg:pypi/Acme_Tool.*", TYPES).fits("pypi", "acme-tool-x")


def test_what_is_more_particular_wins_and_further_down_of_equals() -> None:
    one = made(
        "minimum-age: 1d\necosystems: {npm: {minimum-age: 2d, suspicious: block}}\n"
        "packages: [{names: ['pkg:npm/x*'], minimum-age: 3d}, {names: ['pkg:npm/xy'], minimum-age: 4d}]"
    )
    ages = [
        one.terms(*which).age / DAY for which in (("pypi", "x"), ("npm", "a"), ("npm", "x"), ("npm", "xy"))
    ]
    assert ages == [1, 2, 3, 4]
    assert one.terms("npm", "xy").suspicious == "block"


BAD, ODD = Known("malicious", "it steals", "MAL-2026-1"), Known("suspicious", "it listens")


@pytest.mark.parametrize(
    ("text", "known", "age", "scripts", "action", "why"),
    [
        ("", Known(), 2, False, "allow", ""),
        ("", BAD, 2, False, "block", "malicious"),
        ("malicious: warn", BAD, 2, False, "warn", "malicious"),
        ("malicious: warn", BAD, 0.5, False, "block", "too-new"),
        ("", ODD, 2, False, "warn", "suspicious"),
        ("suspicious: block", ODD, 2, False, "block", "suspicious"),
        ("", Known(), 0.5, False, "block", "too-new"),
        ("", Known(), None, False, "allow", ""),
        ("undated: block", Known(), None, False, "block", "undated"),
        ("install-scripts: block", Known(), 2, True, "block", "install-scripts"),
        ("install-scripts: block", Known(), 2, False, "allow", ""),
        ("reserved: [{names: ['pkg:npm/x']}]", Known(), 2, False, "block", "reserved"),
        ("overrides: [{release: 'pkg:npm/x@1.0.0', reason: seen, expires: 2100-01-01}]", BAD, 2, False, "allow",
         "override"),
        ("overrides: [{release: 'pkg:npm/x@2.0.0', reason: seen, expires: 2100-01-01}]", BAD, 2, False, "block",
         "malicious"),
        ("unknown: block", Known("unknown", "it ended early"), 2, False, "block", "unknown"),
    ],
)  # fmt: skip
def test_what_is_worst_decides(  # noqa: PLR0917 - a table
    text: str, known: Known, age: float | None, scripts: bool, action: str, why: str
) -> None:
    offered = Offered("npm", "x", "1.0.0", None if age is None else NOW - age * DAY, scripts)
    ruling = rule(made(text), offered, known, State(NOW))
    assert (ruling.action.value, ruling.rule) == (action, why)


def test_a_licence_ends_with_its_day() -> None:
    one = made("overrides: [{release: 'pkg:npm/x@1', reason: seen, expires: 2026-11-22}]")
    days = (date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 23))
    assert [one.override("npm", "x", "1", day) is not None for day in days] == [True, True, False]


def document(tags: dict[str, str], *versions: str) -> Packument:
    import msgspec

    return read(msgspec.json.encode({"name": "x", "dist-tags": tags, "versions": {v: {} for v in versions}}))


@pytest.mark.parametrize(
    ("tags", "versions", "gone", "left"),
    [
        ({"latest": "2.0.0"}, ("1.0.0", "1.5.0", "2.0.0"), {"2.0.0"}, {"latest": "1.5.0"}),
        ({"latest": "2.0.0"}, ("1.0.0", "2.0.0", "3.0.0"), {"2.0.0"}, {"latest": "1.0.0"}),
        ({"latest": "2.0.0"}, ("1.0.0", "2.0.0-rc.1", "2.0.0"), {"2.0.0"}, {"latest": "1.0.0"}),
        ({"latest": "2.0.0"}, ("2.0.0-rc.1", "2.0.0"), {"2.0.0"}, {"latest": "2.0.0-rc.1"}),
        (
            {"next": "2.0.0-rc.2"},
            ("1.0.0", "2.0.0-rc.1", "2.0.0-rc.2"),
            {"2.0.0-rc.2"},
            {"next": "2.0.0-rc.1"},
        ),
        ({"latest": "1.0.0"}, ("1.0.0", "1.0.10", "1.0.9"), {"1.0.0"}, {"latest": "1.0.10"}),
        ({"latest": "1.0.0"}, ("1.0.0",), {"1.0.0"}, {}),
        (
            {"latest": "1.0.0", "old": "0.9.0"},
            ("1.0.0", "0.9.0"),
            {"1.0.0"},
            {"latest": "0.9.0", "old": "0.9.0"},
        ),
    ],
)
def test_tags_move_to_the_newest_that_is_left(
    tags: dict[str, str], versions: tuple[str, ...], gone: set[str], left: dict[str, str]
) -> None:
    blocked = Ruling(Action.BLOCK, "malicious", "bad")
    ruled = {v: blocked if v in gone else ALLOWED for v in versions}
    held = filtered(document(tags, *versions), ruled, Shown.NOTHING, lambda v, r: v, lambda r: r.reason)
    assert held["dist-tags"] == left
    assert set(held["versions"]) == set(versions) - gone


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ('pip/26.3 {"ci":null}', Shown.REQUIRES), ("uv/0.13.9 {}", Shown.YANKED), ("poetry/2.5.1", Shown.YANKED),
        ("npm/11.19.1 node/v20", Shown.POLICY), ("pnpm/10.34.9 npm/?", Shown.DEPRECATED),
        ("yarn/1.22.22 npm/?", Shown.NOTHING), ("yarn/4.18.1 npm/?", Shown.DEPRECATED), ("Bun/1.4.5", Shown.NOTHING),
        ("", Shown.NOTHING), ("x" * 10_000, Shown.NOTHING),
    ],
)  # fmt: skip
def test_each_client_is_told_in_its_own_way(agent: str, shown: Shown) -> None:
    assert client(agent).shown is shown
