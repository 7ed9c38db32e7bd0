"""The bench of profiles ends: each analysis has a limit, all together have one, and what was not done is told."""

import sys
import time
from pathlib import Path

import pytest
from bench import apart, profiles
from bench.apart import REST, Cost, Unmeasurable


def _cost(seconds: float) -> Cost:
    return Cost(seconds, seconds / 2, "benign", {"run": seconds - 1}, {"install": seconds / 3, REST: 1.0})


def test_the_median_of_what_was_measured_is_told_with_where_it_went(tmp_path: Path) -> None:
    took = {"npm:a@1": 10.0, "npm:b@1": 50.0, "npm:c@1": 20.0}
    bench = profiles.Bench(tmp_path, do=lambda _home, target, _profiles, _patience: _cost(took[target]))
    rows = {row["what"].strip(): row for row in profiles.real(bench, took)}
    assert rows["median of 3 real packages, both profiles"]["met"] is True
    assert (rows["phase install"]["seconds"], rows["stage run"]["note"]) == (20.0 / 3, "longest 49.0 s")


def test_what_cannot_be_measured_is_told_and_the_others_count(tmp_path: Path) -> None:
    def do(_home: Path, target: str, _profiles: tuple[str, ...], _patience: float) -> Cost:
        if target == "npm:gone@1":
            raise Unmeasurable("no such release")
        return _cost(60.0)

    rows = list(profiles.real(profiles.Bench(tmp_path, do=do), ("npm:gone@1", "npm:b@1")))
    assert rows[0]["note"] == "not measured: no such release"
    assert (rows[2]["what"], rows[2]["met"]) == ("median of 1 real packages, both profiles", False)


def test_no_analysis_begins_when_the_time_is_up_and_none_has_longer_than_is_left(tmp_path: Path) -> None:
    given = list[float]()

    def do(_home: Path, _target: str, _profiles: tuple[str, ...], patience: float) -> Cost:
        given.append(patience)
        return _cost(1.0)

    assert len(list(profiles.real(profiles.Bench(tmp_path, 30.0, do), ("npm:a@1",)))) > 1
    rows = list(profiles.real(profiles.Bench(tmp_path, 0.0, do), ("npm:a@1", "npm:b@1")))
    assert [row["note"] for row in rows] == ["not measured: no time was left for it"] * 2
    assert given == [pytest.approx(30.0, abs=5.0)]


def test_an_analysis_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = tmp_path / "python"
    stuck.write_text("#!/bin/sh\nsleep 60 & sleep 60\n")
    stuck.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stuck))
    began = time.monotonic()
    with pytest.raises(Unmeasurable, match="not done after 0 s"):
        apart.measure(tmp_path, "npm:a@1", (), 0.3)
    assert time.monotonic() - began < 20
