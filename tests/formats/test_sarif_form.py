"""SARIF: what code hosts and dashboards read."""

import json
import re
from typing import Any

import pytest
import sample

from biopsy.formats import by_name


def runs(*analyses: Any) -> Any:
    log = json.loads(by_name("sarif").render(*analyses))
    assert log["version"] == "2.1.0"
    return log["runs"]


def test_a_finding_is_a_result_of_its_rule() -> None:
    (run,) = runs(sample.malicious())
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        r["ruleId"] for r in run["results"]
    ]
    assert {result["ruleId"]: result["level"] for result in run["results"]} == {
        "exfil/canary-leak": "error",
        "execution/remote-code": "error",
        "persistence/ci-workflow": "error",
        "exfil/secret-flow": "error",
        "evasion/long-sleep": "warning",
        "obfuscation/string-array": "note",
    }


def test_what_was_read_has_a_line_and_what_was_seen_has_a_place_in_the_run() -> None:
    results = {result["ruleId"]: result for result in runs(sample.malicious())[0]["results"]}
    flow = results["exfil/secret-flow"]["locations"][0]["physicalLocation"]
    assert flow == {"artifactLocation": {"uri": "bundle.js"}, "region": {"startLine": 41}}
    leak = results["exfil/canary-leak"]["locations"][0]
    assert leak["logicalLocations"] == [{"fullyQualifiedName": "laptop/install#23"}]
    assert len(results["exfil/canary-leak"]["relatedLocations"]) == 5


def test_what_did_not_finish_is_no_success() -> None:
    (run,) = runs(sample.unknown())
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["results"] == []
    assert "gfortran" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_the_same_finding_keeps_its_fingerprint_in_another_run() -> None:
    again = sample.malicious()
    first, second = (runs(one)[0]["results"][0]["partialFingerprints"] for one in (sample.malicious(), again))
    assert first == second


@pytest.mark.parametrize("text", sample.NASTY)
def test_a_path_cannot_read_as_another_place(text: str) -> None:
    (run,) = runs(sample.hostile(text))
    for location in run["results"][0]["locations"]:
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", location["physicalLocation"]["artifactLocation"]["uri"])


def test_each_analysis_is_a_run() -> None:
    assert len(runs(*sample.ALL)) == len(sample.ALL)


def test_what_is_new_since_the_release_before_is_said_of_its_finding() -> None:
    log = json.loads(by_name("sarif").render(sample.malicious()))
    new = {r["ruleId"]: r["properties"].get("newSince") for r in log["runs"][0]["results"]}
    assert new["exfil/canary-leak"] == "pkg:npm/%40sim/palette@2.4.0"
