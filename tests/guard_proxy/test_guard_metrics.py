"""What the guard tells Prometheus and probes: as documented, under any name, and nothing that a client said."""

import re
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from tests.guard_proxy.conftest import Made, Running
from tests.guard_proxy.test_guard_hostile import mine

Start = Callable[..., Running]
GUIDE = Path(__file__).parents[2] / "docs" / "guard.md"


def numbers(one: Running) -> dict[tuple[str, ...], float]:
    """Every number: by its name, and the values of its labels in the order of their names."""
    families = text_string_to_metric_families(one.get("/metrics").text)
    return {
        (s.name, *(s.labels[label] for label in sorted(s.labels))): s.value
        for f in families
        for s in f.samples
    }


def test_what_is_decided_and_answered_is_counted(ruled: Start) -> None:
    one = ruled("minimum-age: 0\n")
    one.packument("bad-js")
    one.packument("bad-js")
    assert one.get("/npm/bad-js/-/bad-js-1.1.0.tgz").status_code == 403
    assert one.get("/npm/bad-js/-/bad-js-1.0.0.tgz").status_code == 200
    found = numbers(one)
    decided = "biopsy_guard_decisions_total"
    assert found[decided, "block", "file", "npm", "malicious"] == 1
    assert found[decided, "allow", "file", "npm", ""] == 1
    assert found[decided, "block", "listing", "npm", ""] == 2
    assert found["biopsy_guard_answers_total", "GET", "npm", "403"] == 1
    assert found["biopsy_guard_answer_seconds_count", "npm"] == 4
    assert found["biopsy_guard_upstream_total", "npm", "2xx"] == 2
    assert found["biopsy_guard_cache_total", "no", "listing"] == 1
    assert found["biopsy_guard_cache_total", "yes", "listing"] == 3
    assert found["biopsy_guard_cache_total", "no", "file"] == 1
    assert found["biopsy_guard_reports_stale",] == 0


def test_registries_that_do_not_answer_are_counted(ruled: Start, made: Made) -> None:
    made.answers["/npm/x"] = (503, {}, b"")
    one = ruled("minimum-age: 0\n", endpoint=mine(made))
    assert one.get("/npm/x").status_code == 502
    assert numbers(one)["biopsy_guard_upstream_total", "npm", "5xx"] == 2


def test_no_series_is_made_of_what_clients_say(guarded: Running) -> None:
    def series() -> int:
        return len(numbers(guarded))

    for _ in range(2):
        for path in ("/npm/<script>", "/x" * 500, "/pypi/simple/nobody-has-this/", "/npm/none/1"):
            guarded.http.request("BREW", guarded.url + path)
            guarded.get(path)
        before = series()
    for number in range(20):
        guarded.http.request(f"BREW{number}", f"{guarded.url}/npm/x{number}")
        guarded.get(f"/npm/{number}/{number}")
    assert series() == before


def test_probes_are_answered_under_any_name(ruled: Start) -> None:
    one = ruled("minimum-age: 0\n")
    for path in ("/healthz", "/metrics"):
        assert one.get(path, host="10.0.0.7:8700").status_code == 200
    assert one.get("/healthz").json()["ok"] is True
    assert one.get("/", host="10.0.0.7:8700").status_code == 421


def test_a_guard_that_lets_nothing_through_is_not_well(ruled: Start, tmp_path: Path) -> None:
    one = ruled("stale: {after: 1d, then: block}\n", database=tmp_path / "none.db")
    answer = one.get("/healthz")
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert "no reports" in answer.json()["stale"]


def test_every_metric_is_documented_and_the_other_way_round(guarded: Running) -> None:
    held = {family.name for family in guarded.guard.metrics.registry.collect()}
    assert {
        name.removesuffix("_total") for name in re.findall(r"`(biopsy_guard_\w+)`", GUIDE.read_text())
    } == held
