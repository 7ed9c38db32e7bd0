"""ATT&CK: every technique that is named is in the table, and behaviours get those that fit them."""

import re

import pytest
from made_rules import dossier

from biopsy.detect import load, match, served, technique, techniques
from biopsy.detect.attack import known
from biopsy.detect.attack_table import read
from biopsy.errors import RuleError
from biopsy.model.attack import TACTICS
from biopsy.model.behaviour import Behaviour, Kind

RULES = load()
HEAD = "techniques:\n  T1041: {name: Exfiltration, tactics: [exfiltration]}\n"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_technique_of_a_rule_has_a_name(rule) -> None:
    assert [name for name in rule.attack if technique(name) is None] == []


def test_every_technique_has_the_form_of_one_a_name_and_a_tactic() -> None:
    for one in known().techniques.values():
        assert re.fullmatch(r"T\d{4}(\.\d{3})?", one.id)
        assert one.name
        assert one.tactics
        assert set(one.tactics) <= set(TACTICS)


def test_a_sub_technique_is_named_after_its_parent() -> None:
    table = known().techniques
    for one in table.values():
        parent = table.get(one.id.partition(".")[0])
        if "." in one.id and parent is not None:
            assert one.name.startswith(f"{parent.name}:") or ": " not in one.name, one


@pytest.mark.parametrize(
    ("behaviour", "wanted"),
    [
        ("canary.read ssh-key @ install#1", "T1552.004"),
        ("canary.leak npm-token > x.example:443 as clear @ install#1", "T1041"),
        ("file.write /home/ada/.bashrc @ import#1", "T1546.004"),
        ("process.exec /bin/sh -c id @ import#1", "T1059.004"),
        ("code.flow env:* > network @ a.py:1", "T1552.001"),
        ("env.read * @ a.py:1", "T1552.001"),
        ("net.http GET https://x.example/ @ import#1", "T1071.001"),
        ("evasion.sleep 300 @ a.py:1", "T1497.003"),
        ("pkg.name typosquat requests @ registry", "T1036.005"),
    ],
)
def test_a_behaviour_is_given_its_technique(behaviour: str, wanted: str) -> None:
    assert wanted in techniques(Behaviour.parse(behaviour))


@pytest.mark.parametrize("behaviour", ["env.read HOME @ a.py:1", "file.read /home/ada/x.txt @ import#1"])
def test_an_ordinary_behaviour_is_given_none(behaviour: str) -> None:
    assert techniques(Behaviour.parse(behaviour)) == ()


def test_an_analysis_names_the_techniques_of_its_behaviours_and_findings() -> None:
    made = dossier("canary.leak ssh-key > x.example:443 as clear @ install#9")
    attack = served(match(RULES, made), made)
    assert {"T1041", "T1552.001"} <= {one.id for one in attack.techniques}
    assert attack.facts[Kind.CANARY_LEAK, "ssh-key > x.example:443 as clear"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "behaviours:\n  - {when: {net.send: x}, attack: [T9999]}\n", "4: `T9999` is not among"),
        (
            HEAD + "behaviours:\n  - {when: {net.send: x, when: import}, attack: [T1041]}\n",
            "4: a line looks at kind",
        ),
        (HEAD + "behaviours:\n  - {when: {not: {net.send: x}}, attack: [T1041]}\n", "4: a line looks at one"),
        (HEAD.replace("exfiltration]", "stealing]") + "behaviours: [{}]\n", "2: `stealing` is no tactic"),
        ("techniques: {}\n", "1: `behaviours` is missing"),
    ],
)
def test_a_mistake_in_the_table_is_said_at_its_line(text: str, said: str) -> None:
    with pytest.raises(RuleError, match=re.escape(f"a.yml:{said}")):
        read(text, "a.yml")
