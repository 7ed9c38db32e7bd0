"""The index asks fewer rules and finds what asking every rule finds: over the examples of all that are shipped."""

import random
from collections.abc import Sequence

import pytest

from biopsy import detect
from biopsy.detect import sieve
from biopsy.detect.index import Index
from biopsy.detect.match import indexed
from biopsy.detect.rule import NAME, Example, Rule, evaluate
from biopsy.detect.scene import Scene

RULES = tuple(rule for rule in detect.load() if rule.status != "retired")
EXAMPLES = [example for rule in RULES for example in rule.examples]
PHASES = ("install", "import", "execute", "later", "start")

Found = list[tuple[str, list[str]]]


def scene(*examples: Example) -> Scene:
    """Lay several examples out as one package, beside what their previous releases did, if they have any."""
    behaviours = [b for one in examples for b in one.behaviours]
    outcomes = [outcome for one in examples for outcome in one.outcomes(PHASES)]
    said = [b for one in examples for b in one.previous or ()]
    previous = Scene(said, outcomes) if any(one.previous is not None for one in examples) else None
    return Scene(behaviours, outcomes, previous, NAME)


def plainly(*examples: Example) -> Found:
    """What asking every rule finds."""
    return [(rule.id, [*map(str, found)]) for rule, found in evaluate(RULES, scene(*examples))]


def quickly(asked: Index, *examples: Example) -> Found:
    """What the index finds."""
    return [(rule.id, [*map(str, found)]) for rule, found in asked.evaluate(scene(*examples))]


def test_each_example_of_each_rule_is_judged_as_by_asking_every_rule() -> None:
    asked = Index(RULES)
    differing = [one.name for one in EXAMPLES if quickly(asked, one) != plainly(one)]
    assert len(EXAMPLES) > 1000
    assert not differing


def groups() -> list[Sequence[Example]]:
    """Mixtures of two to forty examples, the same each time; half of them have a previous release."""
    chance = random.Random(20261122)
    earlier = [one for one in EXAMPLES if one.previous is not None]
    made: list[Sequence[Example]] = []
    for number in range(120):
        some = chance.sample(EXAMPLES, chance.randint(2, 40))
        made.append([*some, *chance.sample(earlier, 2)] if number % 2 else some)
    return made


def test_mixtures_of_examples_are_judged_as_by_asking_every_rule() -> None:
    asked = Index(RULES)
    assert [quickly(asked, *some) for some in groups()] == [plainly(*some) for some in groups()]


def test_a_sieve_that_must_forget_judges_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve, "MAX_KNOWN", 300)
    asked = Index(RULES)
    some = EXAMPLES[::9]
    assert [quickly(asked, one) for one in some] == [plainly(one) for one in some]


def test_rules_without_what_they_look_at_find_as_asking_each_does() -> None:
    leading = [rule for rule in RULES if rule.needs]
    asked = Index(leading)
    some = [example for rule in leading for example in rule.examples]
    assert some
    plain = [[rule.id for rule, _ in evaluate(leading, scene(one))] for one in some]
    assert [[rule.id for rule, _ in asked.evaluate(scene(one))] for one in some] == plain


def test_the_index_of_one_tuple_of_rules_is_made_once() -> None:
    rules: tuple[Rule, ...] = RULES[:3]
    assert indexed(rules) is indexed(rules)
    assert indexed(RULES[1:4]) is not indexed(rules)
