"""One screen: what a person at a terminal sees."""

from typing import Any

import pytest
import sample
from rich.cells import cell_len

from biopsy.formats import by_name

TEXT: Any = by_name("text")


@pytest.mark.parametrize("analysis", sample.ALL, ids=lambda a: a.verdict.call)
def test_it_fits_one_screen_with_the_verdict_and_why_first(analysis: Any) -> None:
    lines = TEXT.render(analysis).splitlines()
    assert len(lines) <= 42
    assert analysis.verdict.call.upper() in lines[1]
    assert analysis.verdict.reason[:60] in lines[2]


def test_the_evidence_is_named_with_its_place() -> None:
    shown = TEXT.render(sample.malicious())
    assert "canary.leak npm-token > collector.example:443 as clear  @ laptop/install#23" in shown


def test_what_a_static_reading_did_not_do_is_said() -> None:
    shown = TEXT.render(sample.read_only())
    assert "nothing was run" in shown.lower()
    assert "Contacted" not in shown


def test_why_a_phase_did_not_finish_is_said() -> None:
    assert "install (laptop): build-failed: gfortran is not in the image" in TEXT.render(sample.unknown())


def test_what_was_lost_is_said() -> None:
    assert "1 malformed" in TEXT.render(sample.malicious())


@pytest.mark.parametrize("text", sample.NASTY)
def test_no_control_reaches_the_terminal_and_nothing_reads_as_markup(text: str) -> None:
    shown = TEXT.render(sample.hostile(text))
    assert all(char.isprintable() or char == "\n" for char in shown)
    if text.startswith("[bold"):
        assert "[bold red]markup[/]" in shown


@pytest.mark.parametrize("text", sample.NASTY)
def test_in_colour_the_only_escapes_are_colours(text: str) -> None:
    shown = TEXT.render(sample.hostile(text), colour=True)
    pieces = shown.split("\x1b")
    assert len(pieces) > 10
    assert all(piece.startswith("[") and "m" in piece[:12] for piece in pieces[1:])


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for analysis in (*sample.ALL, *map(sample.hostile, sample.NASTY)):
        assert max(map(cell_len, TEXT.render(analysis, width=width).splitlines())) <= width


def test_there_is_no_colour_unless_it_is_asked_for() -> None:
    assert "\x1b" not in TEXT.render(sample.malicious())


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_no_width_cuts_off_where_a_finding_stands(width: int) -> None:
    analysis = sample.malicious()
    shown = TEXT.render(analysis, width=width)
    for finding in analysis.findings:
        if finding.title in shown:
            assert f"@ {finding.evidence[0].where}" in shown
