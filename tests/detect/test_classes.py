"""Classes: each does what its examples say, none is given to the innocent, and a mistake is said at its line."""

import pytest
from made_rules import dossier, finding

from biopsy.detect import check_classes, classes, classify, load, match
from biopsy.detect.class_table import read
from biopsy.detect.classify import TABLE, TriedClass
from biopsy.detect.expression import Ref
from biopsy.detect.pattern import Pattern
from biopsy.detect.scene import Scene
from biopsy.errors import RuleError

RULES = load()
STABLE = {rule.id for rule in RULES if rule.status == "stable"}


@pytest.mark.parametrize(
    "tried", check_classes(RULES), ids=lambda tried: f"{tried.name}: {tried.example.name}"
)
def test_a_class_does_what_its_examples_say(tried: TriedClass) -> None:
    assert tried.matched is tried.example.match


@pytest.mark.parametrize("one", classes(), ids=lambda one: one.name)
def test_a_class_that_names_a_rule_names_one_that_there_is(one) -> None:
    named = {part.rule for part in one.when.parts() if isinstance(part, Ref)}
    wild = {name for name in named if "*" in name}
    assert not named - wild - STABLE
    assert not named or any(Pattern.of(name).matches(rule) for name in named for rule in STABLE)


@pytest.mark.parametrize(
    "name", ["dependency-confusion", "typosquat", "credential-theft", "info-stealer", "dropper"]
)
def test_the_classes_of_the_issue_are_there(name: str) -> None:
    assert name in {one.name for one in classes()}


LEAK = "canary.leak ssh-key > drop.example:443 as clear @ install#9"


def given(*seen: str) -> set[str]:
    made = dossier(*seen)
    return {one.name for one in classify(match(RULES, made), made)}


def test_several_classes_may_hold() -> None:
    assert {"credential-theft", "worm"} <= given(LEAK, "process.exec npm publish @ install#12")


def test_a_benign_package_is_accused_of_nothing() -> None:
    assert given("pkg.name typosquat requests @ registry", "env.read HOME @ thing/a.py:2 (import)") == set()


def test_telemetry_is_said_of_a_benign_package_too_since_it_accuses_nobody() -> None:
    assert given("net.http POST https://api.segment.io/v1/track @ install#4") <= {"telemetry"}
    assert given("net.http POST https://api.segment.io/v1/track @ install#4")


def test_a_draft_finding_makes_no_class() -> None:
    made = dossier("code.native ELF @ thing/a.so")
    drafts = [finding(status="draft", name="exfil/canary-leak"), finding(name="other/rule", convicts=True)]
    assert classify(drafts, made) == ()


def test_a_class_shows_the_evidence_it_stands_on() -> None:
    made = dossier(LEAK)
    (theft,) = (one for one in classify(match(RULES, made), made) if one.name == "credential-theft")
    assert [str(b) for b in theft.evidence] == [LEAK]


def test_every_mistake_is_said_at_its_line() -> None:
    text = "classes:\n  - class: a\n    title: A\n    accuses: maybe\n    why: too short\n    when: {no.kind: x}\n    examples: []\n"
    with pytest.raises(RuleError) as caught:
        read(text, "c.yml")
    said = str(caught.value)
    assert "c.yml:4: `accuses` must be true or false" in said
    assert "c.yml:5: `why`" in said
    assert "c.yml:6: no such kind" in said
    assert "c.yml:7: a class has examples of both kinds" in said


def test_two_classes_of_one_name_are_refused() -> None:
    text = TABLE.read_text("utf-8")
    once = text[text.index("  - class: miner") : text.index("  - class: clipper")]
    with pytest.raises(RuleError, match="two classes are called `miner`"):
        read(text + once, "c.yml")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.convicts], ids=lambda rule: rule.id)
def test_what_convicts_says_what_sort_of_thing_it_is(rule) -> None:
    alone = {rule.id: dossier(LEAK).behaviours}
    assert any(one.accuses and one.when.evaluate(Scene(()), alone) for one in classes())
