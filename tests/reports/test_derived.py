"""What is derived of reports says what the reports say, at once and after every change."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from biopsy.reports import derived, ledger, marks, query
from biopsy.reports.briefs import Briefs
from biopsy.reports.database import Act, Database
from biopsy.reports.policy import Policy
from biopsy.reports.reader import Reader

AT = "2026-11-01T00:00:00Z"
ECOSYSTEMS = ("npm", "PyPI", "Maven", "Maven:https://maven.google.com", "NuGet")


def report(number: int, dice: random.Random) -> dict[str, Any]:
    package = {"ecosystem": dice.choice(ECOSYSTEMS), "name": f"Thing-{dice.randrange(40)}"}
    about: dict[str, Any] = {"package": package}
    if dice.random() < 0.7:
        about["versions"] = [f"{dice.randrange(3)}.0.{n}" for n in range(dice.randrange(1, 4))]
    if dice.random() < 0.5:
        about["ranges"] = [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0.0"}, {"fixed": "2.0.0"}]}]
    digest = f"{number:064x}"
    about["database_specific"] = {"iocs": {"domains": [f"h{number}.example"], "hashes": [digest]}}
    return {"id": f"LAB-{number}", "modified": AT, "published": AT, "affected": [about]}


def answers(store: Any, asked: list[query.Query]) -> list[Any]:
    pages = (query.answer(store, one) for one in asked)
    return [([query.brief(found) for found in page], token) for page, token in pages]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database, dice = Database(tmp_path / "reports.db", create=True), random.Random(5)
    database.take(
        "lab", [(str(n), json.dumps(report(n, dice)).encode()) for n in range(150)], AT, Policy("publish")
    )
    ledger.assign(database, Act("me", AT))
    database.close()
    return tmp_path / "reports.db"


def questions() -> list[query.Query]:
    made = [{"package": {"ecosystem": e, "name": f"thing-{n}"}, "version": v}
            for e in ECOSYSTEMS for n in range(40) for v in ("", "0.0.0", "1.0.0", "2.0.1")]  # fmt: skip
    return [query.parse(one) for one in made]


def test_a_batch_is_answered_as_single_questions_are(path: Path) -> None:
    reader, asked = Reader(path), questions()
    assert reader.brief([]) is reader
    whole = answers(reader, asked)
    assert sum(len(page) for page, _ in whole) > 20
    assert derived.refresh(path) > 0
    assert derived.refresh(path) == 0
    brief = reader.brief(one.package for one in asked if one.package)
    assert isinstance(brief, Briefs)
    assert answers(brief, asked) == whole


def test_what_changed_is_known_at_once(path: Path) -> None:
    derived.refresh(path)
    reader = Reader(path)
    (row, *_) = [one for one in reader.listed(ecosystem="npm", withdrawn=False, after=0, limit=50) if one.id]
    database = Database(path)
    ledger.withdraw(database, ledger.find(database, [row.id]), Act("me", AT, "false-positive"))
    database.close()
    assert reader.brief([row.package]) is reader
    derived.refresh(path)
    assert list(reader.brief([row.package]).on(row.package)) == []


def test_every_mark_leads_to_its_report_and_goes_with_it(path: Path) -> None:
    derived.refresh(path)
    reader = Reader(path)
    found = reader.marked(marks.mark("H7[.]example"), 10)
    assert [kind for kind, _ in found] == ["domain"]
    assert reader.marked(marks.mark(f"sha256:{7:064x}"), 10)
    corrected = report(7, random.Random(1)) | {"modified": "2026-11-02T00:00:00Z"}
    corrected["affected"][0]["package"] = found[0][1]["affected"][0]["package"]
    corrected["affected"][0]["database_specific"] = {}
    database = Database(path)
    database.take("lab", [("7", json.dumps(corrected).encode())], AT, Policy("publish"))
    database.close()
    derived.refresh(path)
    assert reader.marked(marks.mark("h7.example"), 10) == []
