"""What a regular expression needs is found in its branches, and a search by it finds what trying each finds."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy import detect
from biopsy.detect.expression import Seen
from biopsy.detect.needles import needles
from biopsy.detect.pattern import Pattern
from biopsy.detect.sieve import Laid

PATTERNS = list({
    pattern
    for rule in detect.load()
    for part in rule.when.parts()
    if isinstance(part, Seen)
    for pattern in part.leaf.patterns
})  # fmt: skip
VALUES = list({b.value for rule in detect.load() for one in rule.examples for b in one.behaviours})
FEW = [
    Pattern.of(text)
    for text in (r"/(?i)\bkill\b|sudo/", r"/^(?:ab|cd+e)f?$/", r"/x(?:ab)?(?:12|34)/", "/a?/")
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"/\b(?:curl|wget)\b/", (("curl", "wget"), False)),
        (r"/(?i)\bGet-Clipboard\b/", (("get-clipboard",), True)),
        (r"/(?i)\bpowershell(?:\.exe)?\b.*(?:DownloadString|iex)/", (("powershell",), True)),
        (r"/^(?:who|w)$/", ((), False)),
        (r"/(?:curl)?\d/", ((), False)),
        (r"/(?:(?i:curl)|wget)/", ((), False)),
    ],
)
def test_needles_are_what_every_match_holds(text: str, found: object) -> None:
    assert needles(Pattern.of(text)) == found


def test_searching_finds_what_trying_each_value_finds() -> None:
    laid = Laid(VALUES)
    wrong = [p.text for p in PATTERNS if list(laid.fitting(p)) != [v for v in VALUES if p.matches(v)]]
    assert len(PATTERNS) > 500
    assert wrong == []


@given(st.lists(st.text("KILkilIſKİı sudoabcdef1234x\n", max_size=12), unique=True, max_size=8))
def test_letters_that_are_the_same_to_an_expression_are_not_missed(values: Sequence[str]) -> None:
    for pattern in FEW:
        assert list(Laid(values).fitting(pattern)) == [v for v in values if pattern.matches(v)]
