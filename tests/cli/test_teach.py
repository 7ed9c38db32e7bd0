"""Help that fits the terminal it is read in."""

from biopsy.cli.teach import fitted

LINES = [
    "Examples",
    "  biopsy thing --with an-option     what that does, in words",
    "",
    "A sentence that is longer than",
    "the terminal is wide.",
]


def test_help_stays_as_it_was_written_where_it_fits() -> None:
    assert list(fitted(LINES, 80)) == LINES


def test_what_stands_beside_an_example_goes_below_it_where_it_does_not_fit() -> None:
    assert list(fitted(LINES, 40)) == [
        "Examples",
        "  biopsy thing --with an-option",
        "      what that does, in words",
        "",
        "A sentence that is longer than the",
        "terminal is wide.",
    ]
