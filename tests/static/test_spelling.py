"""Shortcuts through a text find what a pattern finds, which takes longer."""

import re

from hypothesis import given
from hypothesis import strategies as st

from biopsy.static.python.late import line_starts
from biopsy.static.python.telling import Spelling

TEXTS = st.text(alphabet="ab_0159xXé .\n\r\x0b\u2028", max_size=40)


@given(TEXTS)
def test_words_are_those_that_the_pattern_finds_numbers_or_not(text: str) -> None:
    found = set(re.findall(r"[A-Za-z_]\w*", text))
    spelling = Spelling(text)
    assert spelling.all == found
    assert {word for word in spelling.between(0, len(text)) if not word[0].isdigit()} == found


@given(TEXTS)
def test_lines_start_after_line_feeds_alone(text: str) -> None:
    assert line_starts(text) == [0, *(match.end() for match in re.finditer("\n", text))]
