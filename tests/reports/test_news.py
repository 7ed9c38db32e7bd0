"""What happened to reports is told as it was: new, changed, withdrawn, reinstated."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from biopsy.reports import forms, ledger
from biopsy.reports.database import Act, Database
from biopsy.reports.policy import Policy

AT = "2026-11-01T00:00:00Z"


def record(name: str, **parts: Any) -> tuple[str, bytes]:
    about = {"package": {"ecosystem": parts.pop("ecosystem", "npm"), "name": name}, "versions": ["1.0.0"]}
    made = {"modified": AT, "published": AT, "details": "Words.", "affected": [about], **parts}
    return name, json.dumps(made).encode()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    held = Database(tmp_path / "reports.db", create=True)
    held.take("one", [record("x", id="MAL-2026-1"), record("y", id="MAL-2026-2")], AT)
    return held


def told(database: Database, cursor: int) -> list[tuple[str, str]]:
    return [(event.kind, event.id) for event in database.since(cursor)]


def test_what_came_is_new_and_only_what_has_an_id_is_news(database: Database) -> None:
    database.take("one", [record("z")], AT, Policy("publish"))
    assert told(database, 0) == [("new", "MAL-2026-1"), ("new", "MAL-2026-2")]
    ledger.assign(database, Act("tester", AT))
    assert told(database, 2) == [("new", "MAL-2026-3")]


def test_each_step_is_told_by_what_it_is(database: Database) -> None:
    head = database.head()
    which = ledger.find(database, ["MAL-2026-1"])
    database.take("two", [record("x", id="TWO-1", details="More words.")], AT)
    database.settle(which, Act("tester", AT))
    assert told(database, head) == [("changed", "MAL-2026-1")]
    head = database.head()
    ledger.withdraw(database, which, Act("tester", AT, "duplicate"))
    assert told(database, head) == [("withdrawn", "MAL-2026-1")]
    head = database.head()
    ledger.reinstate(database, which, Act("tester", AT))
    assert told(database, head) == [("reinstated", "MAL-2026-1")]
    kinds = [(e.kind, e.id) for e in database.latest(10)["npm"]]
    assert kinds == [
        ("reinstated", "MAL-2026-1"),
        ("withdrawn", "MAL-2026-1"),
        ("changed", "MAL-2026-1"),
        ("new", "MAL-2026-2"),
        ("new", "MAL-2026-1"),
    ]


def test_what_is_undone_is_told_as_such(database: Database) -> None:
    head = database.head()
    which = ledger.find(database, ["MAL-2026-1"])
    ledger.withdraw(database, which, Act("tester", "2026-11-02T00:00:00Z", "duplicate", batch="b"))
    ledger.undo(database, "b", Act("tester", AT))
    assert told(database, head) == [("withdrawn", "MAL-2026-1"), ("reinstated", "MAL-2026-1")]
    assert [event.last for event in database.since(head)] == [False, True]


def test_a_file_of_the_first_form_is_brought_up(tmp_path: Path, database: Database) -> None:
    database.close()
    file = sqlite3.connect(tmp_path / "reports.db")
    file.executescript("ALTER TABLE log DROP COLUMN state; DROP TABLE webhooks; PRAGMA user_version = 1")
    file.close()
    again = Database(tmp_path / "reports.db")
    assert told(again, 0) == [("new", "MAL-2026-1"), ("new", "MAL-2026-2")]
    assert [e.id for e in again.latest(1)[""]] == ["MAL-2026-2"]
    again.close()
    assert forms.form(sqlite3.connect(tmp_path / "reports.db")) == forms.VERSION
