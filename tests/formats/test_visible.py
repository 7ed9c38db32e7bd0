"""What hostile text looks like once it is safe to look at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy.formats.views.visible import MAX_RUN, visible

ANY = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain words, 100%", "plain words, 100%"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("line\nbreak\r\n\ttab", "line\\nbreak\\r\\n\\ttab"),
        ("\udcff", "\\udcff"),
        ("\U000e0041", "\\U000e0041"),
        ("zero\u200bwidth\u3164filler", "zero\\u200bwidth\\u3164filler"),
        ("日本 שלום 😀 é", "日本 שלום 😀 é"),
        ("\ufe01" * 500, "‹500 invisible characters›"),
    ],
)
def test_what_acts_or_hides_is_spelled_out_and_the_rest_is_left_alone(raw: str, shown: str) -> None:
    assert visible(raw) == shown


def test_line_breaks_and_tabs_stay_where_lines_are_wanted() -> None:
    assert visible("a\r\n\tb\rc\n", lines=True) == "a\n\tb\\rc\n"


@given(ANY, st.integers(1, 40))
def test_nothing_unprintable_is_left_and_the_limit_holds(raw: str, limit: int) -> None:
    shown = visible(raw, limit=limit)
    assert shown.isprintable()
    assert len(shown) <= limit + 1


def test_a_run_at_the_limit_is_still_spelled_out() -> None:
    assert visible("\u200b" * MAX_RUN) == "\\u200b" * MAX_RUN
