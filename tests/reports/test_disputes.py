"""Objections, approvals, and what comes back after it was withdrawn."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_report_store import AT, record

from biopsy.errors import UsageError
from biopsy.reports import ledger, validate
from biopsy.reports.database import Act, Database
from biopsy.reports.policy import Policy

LATER = "2026-11-05T00:00:00Z"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "reports.db", create=True)
    made.take("one", [("x", record("x", id="MAL-2026-1", versions=["1.0.0", "1.0.1"], details="Bad."))], AT)
    return made


def act(reason: str = "", batch: str = "b") -> Act:
    return Act("tester", LATER, reason, batch=batch)


def only(database: Database) -> tuple[str, dict[str, Any]]:
    ((_, state, report),) = database.documents()
    return state, report


def test_a_dispute_is_shown_and_the_report_stands(database: Database) -> None:
    (which,) = ledger.find(database, ["npm/x"])
    number = ledger.dispute(database, which, act("it is ours"), proof="dns: TXT of x.dev")
    state, report = only(database)
    assert (state, number) == ("published", 1)
    assert report["database_specific"]["malware"]["disputes"] == [
        {"state": "open", "opened": LATER, "reason": "it is ours", "proof": "dns: TXT of x.dev"}
    ]
    assert validate.check(report) == ()
    assert database.disputes(state="open")[0].due == "2026-11-19T00:00:00Z"


def test_an_accepted_dispute_withdraws_and_can_be_undone(database: Database) -> None:
    (which,) = ledger.find(database, ["npm/x"])
    number = ledger.dispute(database, which, act("it is ours"))
    ledger.answer(database, number, act("the record is there", "b2"), accept=True)
    state, report = only(database)
    assert (state, report["withdrawn"]) == ("withdrawn", LATER)
    assert report["database_specific"]["malware"]["withdrawn"]["reason"] == "false-positive"
    assert report["database_specific"]["malware"]["disputes"][0]["state"] == "accepted"
    assert validate.check(report) == ()
    with pytest.raises(UsageError, match="open"):
        ledger.answer(database, number, act("again"), accept=False)
    ledger.undo(database, "b2", act())
    assert only(database)[0] == "published"


def test_a_dispute_on_versions_clears_only_these(database: Database) -> None:
    (which,) = ledger.find(database, ["npm/x"])
    number = ledger.dispute(database, which, act("rebuilt"), ["1.0.1"])
    ledger.answer(database, number, act(), accept=True)
    state, report = only(database)
    assert (state, report["affected"][0]["versions"]) == ("published", ["1.0.0"])
    assert [c["version"] for c in report["database_specific"]["malware"]["cleared"]] == ["1.0.1"]
    assert validate.check(report) == ()


def test_a_rejected_dispute_stays_to_be_seen(database: Database) -> None:
    (which,) = ledger.find(database, ["npm/x"])
    ledger.answer(database, ledger.dispute(database, which, act("no")), act("it does"), accept=False)
    state, report = only(database)
    assert (state, report["database_specific"]["malware"]["disputes"][0]["state"]) == (
        "published",
        "rejected",
    )


@pytest.mark.parametrize(("reason", "proof"), [("", ""), ("mine", "trust me"), (" ", "dns: x")])
def test_a_dispute_needs_a_reason_and_a_proof_that_can_be_looked_at(
    database: Database, reason: str, proof: str
) -> None:
    (which,) = ledger.find(database, ["npm/x"])
    with pytest.raises(UsageError):
        ledger.dispute(database, which, act(reason), proof=proof)


def test_new_evidence_on_a_withdrawn_report_waits_to_be_looked_at(database: Database) -> None:
    found = ledger.find(database, ["npm/x"])
    ledger.withdraw(database, found, act("false-positive"))
    database.take("two", [("y", record("x", id="TWO-1", versions=["2.0.0"]))], "2026-11-06T00:00:00Z")
    assert only(database)[0] == "withdrawn"
    (waiting,) = database.waiting(10)
    assert (waiting["source"], waiting["state"]) == ("two", "review")
    with pytest.raises(UsageError, match="reinstate"):
        ledger.publish(database, found, act())
    ledger.reinstate(database, found, act("reinfected"))
    ledger.publish(database, found, act("reinfected"))
    state, report = only(database)
    assert (state, "2.0.0" in report["affected"][0]["versions"]) == ("published", True)


def test_what_waits_gets_its_id_when_it_is_approved(database: Database) -> None:
    held = record("y", versions=["1.0.0"], published="2026-11-02T00:00:00Z")
    database.take("biopsy", [("pkg:npm/y@1.0.0", held)], AT, Policy(trust="approve", ids=False))
    assert [r["state"] for r in database.search("y", "", 9)] == ["review"]
    ((package, own),) = ledger.publish(database, ledger.find(database, ["npm/y"]), act("looked at"))
    assert (package.name, own) == ("y", "MAL-2026-2")
    assert (database.report("MAL-2026-2") or {})["affected"][0]["versions"] == ["1.0.0"]
    assert json.dumps(database.history("npm/y", 9))
