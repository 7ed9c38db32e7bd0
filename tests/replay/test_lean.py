"""A dossier is judged the same where behaviours that no rule asks for are left out: over all shipped examples."""

import random
from pathlib import Path

from msgspec.structs import replace

from biopsy import detect
from biopsy.detect.rule import NAME, Example
from biopsy.model.behaviour import Behaviour, By
from biopsy.model.dossier import Dossier
from biopsy.model.release import Artifact, Release
from biopsy.pipeline.replay_lean import Lean, lean
from biopsy.warehouse.wire import StoredBehaviour, store

RULES = detect.ready()
INDEX = detect.indexed(RULES)
EXAMPLES = [example for rule in detect.load() for example in rule.examples]
PHASES = ("install", "import", "execute", "later", "start")
OTHERS = (
    "env.read LANG @ x.py:7 (call)",
    "net.url https://docs.x.example/ @ src/thing/y.py:3",
    "pkg.malformed z.py too-deep @ z.py",
    "file.read /usr/lib/x @ install#99",
    "code.import os.path\\\\x @ n/o.py:1",
)


def whole(*examples: Example) -> tuple[Dossier, Dossier | None]:
    """Examples as one dossier, with behaviours that nobody asks for, and the dossier before it."""
    behaviours = [b for one in examples for b in one.behaviours]
    others = [Behaviour.parse(text) for text in OTHERS]
    tool = replace(others[3], by=By.TOOL)
    made = Dossier(
        "run",
        Release("npm", NAME, "1.0"),
        Artifact(f"{NAME}-1.0.tgz", "tgz", Path(f"{NAME}-1.0.tgz"), 0, ""),
        (*others, *behaviours, tool),
        tuple(outcome for one in examples for outcome in one.outcomes(PHASES)),
    )
    earlier = [b for one in examples for b in one.previous or ()]
    told = any(one.previous is not None for one in examples)
    return made, replace(made, behaviours=tuple(earlier)) if told else None


def opened(dossier: Dossier) -> Lean:
    (made,) = lean([store(dossier)], INDEX)
    assert isinstance(made, Lean)
    return made


def differs(*examples: Example) -> bool:
    made, previous = whole(*examples)
    one = opened(made)
    found = detect.match(RULES, one.dossier, previous, one.everything)
    plain = detect.match(RULES, made, previous)
    return found != plain or detect.decide(found, one.dossier) != detect.decide(plain, made)


def test_each_example_is_judged_the_same() -> None:
    assert [one.name for one in EXAMPLES if differs(one)] == []


def test_mixtures_of_examples_are_judged_the_same() -> None:
    chance = random.Random(7)
    some = [chance.sample(EXAMPLES, chance.randint(2, 40)) for _ in range(60)]
    assert not any(differs(*each) for each in some)


def test_what_no_rule_asks_for_is_left_out_until_all_is_wanted() -> None:
    made, _ = whole(EXAMPLES[0])
    one = opened(made)
    assert len(one.dossier.behaviours) < len(made.behaviours)
    assert one.whole.behaviours == made.behaviours


def test_what_does_not_parse_is_not_left_out_quietly() -> None:
    made, _ = whole(EXAMPLES[0])
    odd = [StoredBehaviour(text) for text in ("env.read HOME", "no.kind x @ y", "nothing")]
    told = list(lean([replace(store(made), behaviours=(one,)) for one in odd], INDEX))
    assert [isinstance(one, str) and "is not a dossier that this version reads" in one for one in told] == [
        True
    ] * 3
