"""Detect: rules over dossiers, findings, verdicts. Pure: a new rule replays history and runs no sandbox.

`load` reads rules, `ready` gives them to judge by, `match` finds, `decide` judges, `classify` says what sort
of thing it is, `iocs` by what others can recognise it, `techniques` what a behaviour is in the words of
ATT&CK, `compare` what became of it since an earlier release. `check` and `check_classes` try the examples of
rules and classes, `digest` names the rules as a set. The rule language is described in docs/rules.md.
"""

from biopsy.detect.attack import served, technique, techniques
from biopsy.detect.classify import Class, TriedClass, check_classes, classes, classify
from biopsy.detect.compare import compare, side_of
from biopsy.detect.decide import decide
from biopsy.detect.index import Index
from biopsy.detect.iocs import iocs
from biopsy.detect.load import load, ready
from biopsy.detect.match import Tried, check, indexed, match
from biopsy.detect.rule import Example, Rule, digest

__all__ = [
    "Class",
    "Example",
    "Index",
    "Rule",
    "Tried",
    "TriedClass",
    "check",
    "check_classes",
    "classes",
    "classify",
    "compare",
    "decide",
    "digest",
    "indexed",
    "iocs",
    "load",
    "match",
    "ready",
    "served",
    "side_of",
    "technique",
    "techniques",
]
