"""Detect: rules over dossiers, findings, verdicts. Pure: a new rule replays history and runs no sandbox.

`load` reads rules, `match` finds, `decide` judges, `check` tries the rules' own examples, `digest` names them
as a set. The rule language is described in docs/rules.md.
"""

from biopsy.detect.decide import decide
from biopsy.detect.load import load
from biopsy.detect.match import Tried, check, match
from biopsy.detect.rule import Example, Rule, digest

__all__ = ["Example", "Rule", "Tried", "check", "decide", "digest", "load", "match"]
