import json
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from evals.run import Result, Seen
from rich.console import Console

from evals import strata, table


def result(expected: str, verdict: str, twin: str | None = None) -> Result:
    made = Seen(twin, "because") if twin else None
    return Result(
        "X1", "title", "P01", expected, "import", Seen(verdict, "reason", ("rule/a",), (), ("import",)), made
    )


CASES = [
    (result("malicious", "malicious", "benign"), True),
    (result("malicious", "malicious", "suspicious"), True),
    (result("malicious", "suspicious", "benign"), False),
    (result("suspicious", "suspicious", "benign"), True),
    (result("malicious", "malicious", "malicious"), False),
    (result("malicious", "malicious", "error"), False),
    (result("malicious", "error", "benign"), False),
    (result("benign", "benign"), True),
    (result("benign", "malicious"), False),
]


@pytest.mark.parametrize(("one", "good"), CASES)
def test_a_result_is_good_when_the_bad_is_found_and_the_harmless_is_not_convicted(
    one: Result, good: bool
) -> None:
    assert one.good is good


def test_totals_count_what_was_found_and_whom_it_wronged() -> None:
    sums = table.totals([one for one, _ in CASES], 12)
    assert (sums.malicious, sums.detected, sums.harmless, sums.convicted, sums.suspected) == (7, 5, 9, 2, 1)


def test_results_are_shown_and_written(tmp_path: Path) -> None:
    results = [one for one, _ in CASES]
    sums = table.totals(results, 12)
    out = StringIO()
    console = Console(file=out, width=140)
    table.show(console, results)
    strata.show(console, results)
    table.summary(console, sums)
    assert "5 of 7" in out.getvalue()
    table.write(tmp_path / "x" / "latest.json", results, sums, strata.rows(results))
    written = json.loads((tmp_path / "x" / "latest.json").read_text())
    assert written["totals"]["detected"] == 5
    assert len(written["results"]) == len(results)
    assert written["strata"][0]["malicious"] == 7


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 0, 0, 1), (10, 10, 0.722, 1), (0, 10, 0, 0.278), (50, 100, 0.404, 0.596)],
)
def test_an_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert strata.wilson(hits, of) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_what_is_kept_aside_is_told_by_technique_and_not_by_name() -> None:
    out = StringIO()
    missed = msgspec.structs.replace(
        result("malicious", "benign"), id="HSECRET", technique="slow boat; by night"
    )
    strata.techniques(Console(file=out, width=140), [missed])
    assert "slow boat" in out.getvalue()
    assert "HSECRET" not in out.getvalue()
