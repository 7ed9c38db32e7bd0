"""The policy: what makes a verdict, and what an analysis that did not finish may still say."""

from itertools import permutations

import msgspec
import pytest
from made_rules import behaviours, dossier, finding

from biopsy.detect import decide
from biopsy.model.behaviour import By
from biopsy.model.dossier import Call, Finding
from biopsy.model.run import Outcome, Status, Step, Watch

PROOF = finding(convicts=True, name="exfil/proof", title="Sends a key")
DOUBT = finding("medium", "medium", name="evasion/doubt", title="Hides")
HINT = finding("low", "high", name="install/hint")
ONLY = ["canary.read ssh-key @ import#1"]

VERDICTS = [
    ([], Call.BENIGN),
    ([HINT], Call.BENIGN),
    ([finding("high", "low")], Call.BENIGN),
    ([DOUBT], Call.SUSPICIOUS),
    ([finding("high", "high")], Call.SUSPICIOUS),
    ([finding("high", "high")] * 9, Call.SUSPICIOUS),
    ([PROOF], Call.MALICIOUS),
    ([HINT, DOUBT, PROOF], Call.MALICIOUS),
    ([finding(status="draft", convicts=True)], Call.BENIGN),
    ([finding(status="retired", convicts=True)], Call.BENIGN),
    ([finding("high", "medium", convicts=True)], Call.SUSPICIOUS),
]


@pytest.mark.parametrize(("findings", "call"), VERDICTS)
def test_one_proof_convicts_and_doubts_never_do(findings: list[Finding], call: Call) -> None:
    assert decide(findings, dossier(*ONLY)).call is call


GAPS = [
    ({"ended": ["install completed", "import timeout too-long"]}, "import timeout (too-long)"),
    ({"ended": ["laptop/install failed"]}, "install under laptop failed"),
    ({"ended": ["install crashed memory: 3 GiB"]}, "install crashed (memory)"),
    ({"ended": ["install skipped left-out"]}, "install skipped (left-out)"),
    ({"ended": []}, "nothing was run"),
    ({"ended": [], "static_only": True}, "nothing was run"),
    ({"static_only": True}, "nothing was run"),
    ({"watches": (Watch("laptop", dropped=1),)}, "not all that happened under laptop was recorded"),
]


@pytest.mark.parametrize(("more", "reason"), GAPS)
def test_an_incomplete_analysis_is_unknown_and_says_why(more: dict, reason: str) -> None:
    verdict = decide([HINT], dossier(**more))
    assert verdict.call is Call.UNKNOWN
    assert reason in verdict.reason


@pytest.mark.parametrize(("more", "reason"), GAPS)
def test_what_was_found_stands_in_an_incomplete_analysis(more: dict, reason: str) -> None:
    malicious, suspicious = (decide([found], dossier(*ONLY, **more)) for found in (PROOF, DOUBT))
    assert (malicious.call, suspicious.call) == (Call.MALICIOUS, Call.SUSPICIOUS)
    assert reason in malicious.reason
    assert reason in suspicious.reason


@pytest.mark.parametrize(
    "value", ["archive.bomb total 512 MiB @ .", "archive.damaged zip: no end record @ ."]
)
def test_an_archive_that_was_not_read_to_its_end_is_no_benign_one(value: str) -> None:
    assert decide([], dossier(value)).call is Call.UNKNOWN


def test_code_that_runs_at_install_and_was_not_read_to_its_end_is_a_gap() -> None:
    found = decide([], dossier("pkg.malformed setup.py too-deep @ setup.py:3 (install)"))
    assert found.call is Call.UNKNOWN
    assert "not read to its end (setup.py too-deep)" in found.reason
    others = [
        "pkg.malformed x.js too-deep @ x.js:3 (call)",
        "pkg.malformed setup.py SyntaxError @ setup.py (install)",
    ]
    assert decide([], dossier(*others)).call is Call.BENIGN


def test_a_benign_one_says_how_far_its_run_came() -> None:
    whole = Outcome("laptop", "import", Status.COMPLETED, steps=(Step("a", Status.COMPLETED),))
    part = Outcome("ci", "import", Status.COMPLETED, steps=(*whole.steps, Step("a.b", Status.SKIPPED, "x")))
    half, other = msgspec.structs.replace(part, profile="laptop"), dossier().outcomes[0]
    for outcomes, words in (
        ((whole, other), "Every phase was run and nothing worrying was found."),
        (
            (part, whole),
            "Every phase was run (at least 1 of 2 modules imported) and nothing worrying was found.",
        ),
        ((part, half), "Every phase was run (1 of 2 modules imported) and nothing worrying was found."),
    ):
        verdict = decide([], msgspec.structs.replace(dossier(), outcomes=outcomes))
        assert (verdict.call, verdict.reason) == (Call.BENIGN, words)


def test_having_had_nothing_to_do_is_no_gap() -> None:
    ended = ["install completed", "scripts skipped no-scripts", "start skipped no-interpreter: none"]
    assert decide([], dossier(ended=ended)).call is Call.BENIGN


def test_the_worst_comes_first_and_the_rest_is_counted() -> None:
    found = [finding("medium", "high", name=f"evasion/r{n}", title=f"T{n}") for n in range(5)]
    verdict = decide([*found, finding("high", "high", name="exfil/worst", title="Worst")], dossier(*ONLY))
    assert verdict.because[0] == "exfil/worst"
    assert verdict.categories == ("exfil", "evasion")
    assert verdict.reason == "Worst; T0; T1; 3 more."


def test_only_what_decided_is_named() -> None:
    assert decide([HINT, DOUBT, PROOF], dossier(*ONLY)).because == ("exfil/proof",)


def test_a_dependencys_doing_weighs_the_same_and_is_said() -> None:
    evidence = behaviours(*ONLY, by=By.DEPENDENCY, owner="left-pad")
    verdict = decide([finding(convicts=True, evidence=evidence, title="Sends a key")], dossier(*ONLY))
    assert verdict.call is Call.MALICIOUS
    assert verdict.reason == "Sends a key (by the dependency left-pad)."


def test_the_order_of_findings_does_not_change_the_call() -> None:
    calls = {decide(order, dossier(*ONLY)).call for order in permutations([HINT, DOUBT, PROOF])}
    assert calls == {Call.MALICIOUS}


def test_what_is_only_ever_read_is_judged_by_what_was_read() -> None:
    read = dossier(*ONLY, ended=["run skipped read-only"], static_only=True)
    assert read.read_only
    assert decide([], read).call is Call.BENIGN
    assert "read, not run" in decide([], read).reason
    assert decide([DOUBT], read).call is Call.SUSPICIOUS


@pytest.mark.parametrize(
    ("where", "call"), [("(import)", Call.UNKNOWN), ("(call)", Call.UNKNOWN), ("(test)", Call.BENIGN)]
)
def test_what_is_only_read_is_not_benign_where_a_file_could_not_be_read(where: str, call: Call) -> None:
    lost = f"pkg.malformed a/B.class ClassFormat @ a/B.class {where}"
    read = dossier(*ONLY, lost, ended=["run skipped read-only"], static_only=True)
    assert decide([], read).call is call
    assert ("a/B.class" in decide([], read).reason) is (call is Call.UNKNOWN)
