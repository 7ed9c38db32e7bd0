"""The same artifact analysed again gets the same verdict, and is seen doing the same but for a documented list.

Twice a package here; `BIOPSY_STABILITY=5` does it five times, with all of `bench.stability.CASES`.
"""

import os
from pathlib import Path

import pytest
from bench.stability import CASES, Seen, analyse, artifacts, compare

from thorough import WHOLE

ROUNDS = int(os.environ.get("BIOPSY_STABILITY", "2"))
SOME = CASES if ROUNDS > 2 else ("C23", "P03") if WHOLE else ("P03",)


def _seen(*behaviours: str, verdict: str = "benign", rules: tuple[str, ...] = ()) -> Seen:
    return Seen(verdict, rules, rules, frozenset(behaviours), ())


def test_what_one_analysis_alone_saw_is_told() -> None:
    wobble = compare([_seen("file.read /a"), _seen("file.read /a", "file.read /b")])
    assert (wobble.stable, wobble.other) == (False, ("file.read /b (1 of 2)",))


def test_another_verdict_is_told_whatever_was_seen() -> None:
    wobble = compare([_seen(), _seen(verdict="malicious", rules=("exfil/x",))])
    assert (wobble.stable, wobble.verdicts) == (False, ("benign", "malicious"))


@pytest.mark.sandbox
@pytest.mark.parametrize("case", SOME)
def test_the_same_artifact_is_seen_and_judged_alike_every_time(
    case: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOPSY_HOME", str(home))
    profiles = () if ROUNDS > 2 else ("laptop",)
    for title, path in artifacts(tmp_path, (case,)):
        wobble = analyse(path, profiles, ROUNDS)
        assert wobble.stable, (title, wobble.verdicts, wobble.rules, wobble.other)
        if ROUNDS <= 2:
            break
