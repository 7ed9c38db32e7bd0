"""More never hides: what a rule found stays found, whatever else a package does besides.

`not` could break that promise, so no rule that counts has it; the rest of the language keeps it by its form.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from made_rules import dossier

from biopsy.detect import check, classify, decide, load, match
from biopsy.detect.expression import Not
from biopsy.detect.match import MAX_EVIDENCE
from biopsy.detect.rule import Example, Rule, evaluate
from biopsy.model.behaviour import Behaviour, InFile
from biopsy.model.dossier import Call

RULES = load()
BY_ID = {rule.id: rule for rule in RULES}
FOUND = [
    (one.rule, one.example) for one in check(RULES) if one.example.match and one.rule.status != "retired"
]
OTHERS = sorted({b for rule in RULES for one in rule.examples for b in one.behaviours}, key=str)
ORDER = [Call.BENIGN, Call.UNKNOWN, Call.SUSPICIOUS, Call.MALICIOUS]


def test_no_rule_that_counts_takes_comfort_in_what_is_absent() -> None:
    assert [
        rule.id
        for rule in RULES
        if rule.status == "stable" and any(isinstance(p, Not) for p in rule.when.parts())
    ] == []


def _more(example: Example, added: list[Behaviour]) -> Example:
    return Example(example.name, example.match, (*added, *example.behaviours), example.previous, ())


def _elsewhere(behaviour: Behaviour) -> bool:
    """What makes a package out of somebody else's module is another matter: see `belong`."""
    return not (isinstance(behaviour.where, InFile) and "/" in behaviour.where.path)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FOUND), st.lists(st.sampled_from(list(filter(_elsewhere, OTHERS))), max_size=40))
def test_what_a_rule_found_it_finds_in_whatever_is_added(
    found: tuple[Rule, Example], added: list[Behaviour]
) -> None:
    rule, example = found
    needed = [BY_ID[name] for name in rule.needs]
    scene = _more(example, added).scene({"install", "start", "import", "scripts", "execute"})
    assert rule.id in {one.id for one, _ in evaluate([*needed, rule], scene)}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(OTHERS), max_size=12),
    st.lists(st.sampled_from(list(filter(_elsewhere, OTHERS))), max_size=12),
)
def test_what_is_added_lowers_no_verdict_and_takes_no_class(
    few: list[Behaviour], added: list[Behaviour]
) -> None:
    before, after = dossier(*few), dossier(*added, *few)
    said, more = match(RULES, before), match(RULES, after)
    assert {one.rule for one in said} <= {one.rule for one in more}
    assert ORDER.index(decide(more, after).call) >= ORDER.index(decide(said, before).call)
    assert {one.name for one in classify(said, before)} <= {one.name for one in classify(more, after)}


def test_evidence_past_its_limit_hides_no_finding() -> None:
    flood = [f"canary.read decoy-{n} @ import#{n + 1}" for n in range(4 * MAX_EVIDENCE)]
    flood += ["net.dns a.example @ import#900"] * 3
    leak = "canary.leak ssh-key > x.example:443 as clear @ import#999"
    made = dossier(*flood, leak)
    assert decide(match(RULES, made), made).call is Call.MALICIOUS
