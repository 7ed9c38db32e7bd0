"""What was decided can be taken back: approvals, disputes, withdrawals; nobody's later decision is lost by it."""

from pathlib import Path
from typing import Any

import pytest
from test_report_store import AT, record

from biopsy.errors import UsageError
from biopsy.reports import ledger
from biopsy.reports.database import Act, Database
from biopsy.reports.policy import Policy

ASKED = Policy(trust="approve", ids=False)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "reports.db", create=True)
    made.take("one", [("x", record("x", id="MAL-2026-1", versions=["1.0.0", "1.0.1"]))], AT)
    made.take("lab", [("y", record("y", id="LAB-1", versions=["1.0.0"]))], AT, ASKED)
    return made


def act(batch: str, reason: str = "looked at", at: str = "2026-11-05T00:00:00Z") -> Act:
    return Act("tester", at, reason, batch=batch)


def states(database: Database) -> dict[str, str]:
    return {package.name: state for package, state, _ in database.documents()}


def test_an_approval_that_is_undone_waits_again_and_what_was_out_is_withdrawn(database: Database) -> None:
    found = ledger.find(database, ["npm/y"])
    ((_, own),) = ledger.publish(database, found, act("a"))
    assert ledger.undo(database, "a", act("b")) == 1
    assert states(database)["y"] == "withdrawn"
    assert [(r["name"], r["state"]) for r in database.waiting(9)] == [("y", "review")]
    report = database.report(own) or {}
    assert report["database_specific"]["malware"]["withdrawn"]["note"] == "its approval was undone"
    ledger.reinstate(database, found, act("c"))
    assert ledger.publish(database, found, act("c")) == [(found[0][1], own)]
    assert states(database)["y"] == "published"


def test_a_rejection_that_is_undone_waits_again(database: Database) -> None:
    ledger.reject(database, ledger.find(database, ["npm/y"]), act("a"))
    assert "y" not in states(database)
    assert ledger.undo(database, "a", act("b")) == 1
    assert states(database)["y"] == "review"
    assert len(database.waiting(9)) == 1


def test_a_dispute_whose_answer_is_undone_is_open_again(database: Database) -> None:
    (which,) = ledger.find(database, ["npm/x"])
    number = ledger.dispute(database, which, act("a", "it is ours"))
    ledger.answer(database, number, act("b"), accept=True)
    ledger.undo(database, "b", act("c"))
    assert [(d.number, d.state, d.closed) for d in database.disputes()] == [(number, "open", "")]
    assert states(database)["x"] == "published"
    ledger.answer(database, number, act("d"), accept=False)
    assert database.disputes(number=number)[0].state == "rejected"


def test_a_dispute_that_is_undone_was_never_opened(database: Database) -> None:
    (which,) = ledger.find(database, ["npm/x"])
    ledger.dispute(database, which, act("a", "it is ours"))
    ledger.undo(database, "a", act("b"))
    assert [d.state for d in database.disputes()] == ["retracted"]
    assert "malware" not in (database.report("MAL-2026-1") or {}).get("database_specific", {})


def test_what_somebody_decided_since_is_not_undone_with_it(database: Database) -> None:
    found = ledger.find(database, ["npm/x"])
    ledger.withdraw(database, found, act("a", "duplicate"), ["1.0.0"])
    ledger.withdraw(database, found, act("b", "duplicate"))
    with pytest.raises(UsageError, match="undo b first"):
        ledger.undo(database, "a", act("c"))
    ledger.undo(database, "b", act("d"))
    ledger.undo(database, "a", act("e"))
    assert (database.report("MAL-2026-1") or {})["affected"][0]["versions"] == ["1.0.0", "1.0.1"]


def test_an_undoing_can_be_undone(database: Database) -> None:
    found = ledger.find(database, ["npm/x"])
    ledger.withdraw(database, found, act("a", "duplicate"))
    ledger.undo(database, "a", act("b"))
    ledger.undo(database, "b", act("c"))
    assert states(database)["x"] == "withdrawn"


def test_what_would_be_undone_is_said_first(database: Database) -> None:
    found = ledger.find(database, ["npm/x"])
    ledger.withdraw(database, found, act("a", "duplicate"))
    assert [(p.name, what) for p, what in ledger.undoing(database, "a")] == [("x", "withdrawn")]
    assert states(database)["x"] == "withdrawn"


@pytest.mark.parametrize("kind", ["new", "correction"])
def test_new_evidence_on_a_withdrawn_name_is_in_the_log_as_a_review(database: Database, kind: str) -> None:
    ledger.withdraw(database, ledger.find(database, ["npm/x"]), act("a", "false-positive"))
    source = "two" if kind == "new" else "one"
    database.take(source, [("n", record("x", id="N-1", versions=["3.0.0"]))], "2026-11-06T00:00:00Z")
    last: dict[str, Any] = database.history("npm/x", 1)[0]
    assert (last["action"], last["actor"], last["report"]) == ("review", f"source:{source}", "MAL-2026-1")
    assert last["reason"] == "the report on this name was withdrawn"


def test_versions_that_a_report_does_not_name_cannot_be_cleared_by_mistake(database: Database) -> None:
    with pytest.raises(UsageError, match=r"9\.9\.9"):
        ledger.withdraw(database, ledger.find(database, ["npm/x"]), act("a", "duplicate"), ["9.9.9"])


def test_clearing_the_last_version_withdraws_the_report(database: Database) -> None:
    found = ledger.find(database, ["npm/x"])
    ledger.withdraw(database, found, act("a", "false-positive"), ["1.0.0", "1.0.1"])
    assert states(database)["x"] == "withdrawn"


def test_what_is_withdrawn_already_is_not_withdrawn_again(database: Database) -> None:
    found = ledger.find(database, ["npm/x"])
    ledger.withdraw(database, found, act("a", "duplicate"))
    with pytest.raises(UsageError, match="withdrawn already"):
        ledger.withdraw(database, found, act("b", "false-positive"))


def test_what_stands_cannot_be_reinstated(database: Database) -> None:
    with pytest.raises(UsageError, match="stands"):
        ledger.reinstate(database, ledger.find(database, ["npm/x"]), act("a"))


def test_ids_are_not_taken_back(database: Database) -> None:
    database.take("two", [("z", record("z", versions=["1"]))], AT, Policy(trust="publish"))
    ((_, own),) = ledger.assign(database, act("a"))
    with pytest.raises(UsageError, match="ids, and those stay"):
        ledger.undo(database, "a", act("b"))
    assert database.report(own)


def test_a_dispute_is_about_versions_that_are_called_affected(database: Database) -> None:
    (which,) = ledger.find(database, ["npm/x"])
    with pytest.raises(UsageError, match=r"9\.9\.9"):
        ledger.dispute(database, which, act("a", "rebuilt"), ["9.9.9"])


def test_a_dispute_on_what_is_withdrawn_can_still_be_accepted(database: Database) -> None:
    (which,) = ledger.find(database, ["npm/x"])
    number = ledger.dispute(database, which, act("a", "it is ours"))
    ledger.withdraw(database, [which], act("b", "name-reuse"))
    ledger.answer(database, number, act("c"), accept=True)
    assert database.disputes(number=number)[0].state == "accepted"
    report = database.report("MAL-2026-1") or {}
    assert report["database_specific"]["malware"]["withdrawn"]["reason"] == "name-reuse"


def test_what_its_sources_took_back_stands_again_where_a_person_says_so(database: Database) -> None:
    database.take("two", [("z", record("z", id="TWO-1", versions=["1.0.0"]))], AT, Policy(trust="publish"))
    gone = record("z", id="TWO-1", versions=["1.0.0"], withdrawn="2026-11-04T00:00:00Z")
    database.take("two", [("z", gone)], AT, Policy(trust="publish"))
    assert states(database)["z"] == "withdrawn"
    ledger.reinstate(database, ledger.find(database, ["npm/z"]), act("a", "seen again"))
    assert states(database)["z"] == "published"
