"""The rules that are shipped: each does what its examples say, and none knows a name it must not know."""

import re
from collections import Counter

import pytest

from biopsy.detect import check, digest, load
from biopsy.detect.expression import Seen
from biopsy.detect.load import SHIPPED
from biopsy.detect.match import Tried
from biopsy.detect.pattern import reserved
from biopsy.detect.rule import Rule
from biopsy.model.behaviour import Kind, When
from biopsy.model.dossier import Level

RULES = load()
TRIED = check(RULES)


@pytest.mark.parametrize("tried", TRIED, ids=lambda tried: f"{tried.rule.id}: {tried.example.name}")
def test_a_rule_does_what_its_examples_say(tried: Tried) -> None:
    assert tried.matched is tried.example.match


def test_there_are_enough_stable_rules() -> None:
    assert sum(rule.status == "stable" for rule in RULES) >= 150


def test_a_stable_rule_has_a_match_and_two_near_misses() -> None:
    counts = {
        rule.id: Counter(example.match for example in rule.examples)
        for rule in RULES
        if rule.status == "stable"
    }
    assert {name: each for name, each in counts.items() if not each[True] or each[False] < 2} == {}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.convicts], ids=lambda rule: rule.id)
def test_what_convicts_is_high_and_has_three_near_misses_or_a_whole_phase_to_itself(rule: Rule) -> None:
    assert rule.severity is rule.confidence is Level.HIGH
    assert sum(not example.match for example in rule.examples) >= 2


WHENEVER = {
    "collection/clipboard-account-swapped",
    "collection/clipboard-swapped-meanwhile",
    "command-and-control/ran-what-it-was-sent",
    "command-and-control/runs-headers",
    "command-and-control/runs-what-an-address-sends",
    "evasion/bytecode-as-data",
    "execution/fetched-code-ran-when-called",
    "execution/hidden-code-fetches",
    "execution/hidden-code-steals",
    "execution/pickle-steals",
    "execution/remote-text-when-called",
    "exfil/keys-pushed",
    "exfil/secrets-to-collector-when-called",
    "exfil/several-stores-in-one-message",
    "impact/miner-fetched-when-called",
    "persistence/shell-startup-fetches",
}
"""Rules for what nobody can have asked for: theft that is hidden, that goes where nobody signs in, or sits in data."""


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.id in WHENEVER], ids=lambda rule: rule.id)
def test_what_convicts_whenever_it_runs_knows_what_honest_code_does_when_called(rule: Rule) -> None:
    assert rule.convicts
    assert len([example for example in rule.examples if not example.match]) >= 2
    leaves = [part.leaf for part in rule.when.parts() if isinstance(part, Seen)]
    assert all(not {When.TEST, When.DOCS} & leaf.when for leaf in leaves)


@pytest.mark.parametrize(
    "rule",
    [rule for rule in RULES if rule.convicts and rule.id not in WHENEVER],
    ids=lambda rule: rule.id,
)
def test_what_convicts_looks_only_at_code_that_runs_by_itself_or_at_a_canary(rule: Rule) -> None:
    """What a function does when it is called is its user's business: a client may sign in, a tool may delete."""
    leaves = [part.leaf for part in rule.when.parts() if isinstance(part, Seen)]
    # A setting is no act: beside one that has a program started in a tool's place, tests are where that shows.
    settings = [leaf for leaf in leaves if leaf.kind is Kind.PKG_CONFIG]
    alone = {"install", "start", "import", "scripts"} | ({"tests"} if settings else set())
    for leaf in (leaf for leaf in leaves if leaf not in settings):
        unasked = {p.text for p in leaf.phase} <= alone
        moments = {moment.value for moment in leaf.when} <= {"install", "start", "import"}
        asked_for_nothing = (leaf.phase or leaf.when) and unasked and moments
        assert asked_for_nothing or leaf.kind in {Kind.CANARY_LEAK, Kind.CANARY_SWAP}, leaf


def test_no_rule_keys_on_a_reserved_name_or_address() -> None:
    leaves = [(rule.id, part.leaf) for rule in RULES for part in rule.when.parts() if isinstance(part, Seen)]
    texts = [(name, p.text) for name, leaf in leaves for p in (*leaf.patterns, *leaf.but)]
    assert [one for one in texts if reserved(one[1])] == []


def test_examples_use_reserved_names_and_no_machine_of_ours() -> None:
    assert [rule.id for rule in RULES if re.search(r"(?<!runner)/work/|/root/[a-z]", rule.text)] == []


def test_rules_are_in_order_and_their_digest_depends_on_every_word() -> None:
    from msgspec.structs import replace

    assert [rule.id for rule in RULES] == sorted(rule.id for rule in RULES)
    other = (replace(RULES[0], text=RULES[0].text + "#"), *RULES[1:])
    assert digest(RULES) == digest(reversed(RULES)) != digest(other)


def test_every_rule_file_is_read() -> None:
    assert len(list(SHIPPED.rglob("*.yml"))) == len(RULES)
