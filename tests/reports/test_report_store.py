"""The report database: the same claims in any order give the same bytes, nothing is lost, no id comes twice."""

import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from biopsy.errors import UsageError
from biopsy.reports import layout, ledger
from biopsy.reports.claim import Package
from biopsy.reports.database import Act, Database
from biopsy.reports.policy import Policy

AT = "2026-11-01T00:00:00Z"
SHARED = Path(os.environ.get("BIOPSY_SHARED") or Path(__file__).parents[3] / "shared")
REAL = SHARED / "data/osv-reports.jsonl.gz"


def record(name: str, **parts: Any) -> bytes:
    about: dict[str, Any] = {"package": {"ecosystem": parts.pop("ecosystem", "npm"), "name": name}}
    about |= {k: parts.pop(k) for k in ("versions", "ranges") if k in parts}
    made = {"modified": AT, "published": AT, "details": "", "affected": [about], **parts}
    return json.dumps(made).encode()


ALL = [{"type": "SEMVER", "events": [{"introduced": "0"}]}]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "reports.db", create=True)


def documents(database: Database) -> list[tuple[Package, str, bytes]]:
    return [(p, state, json.dumps(d).encode()) for p, state, d in database.documents()]


def test_a_correction_replaces_what_its_source_said(database: Database) -> None:
    database.take("one", [("a", record("x", id="ONE-1", versions=["1.0.0", "2.0.0"]))], AT)
    later = record("x", id="ONE-1", versions=["2.0.0"], modified="2026-11-02T00:00:00Z")
    database.take("one", [("a", later)], AT)
    ((_, _, document),) = database.documents()
    assert document["affected"][0]["versions"] == ["2.0.0"]


def test_where_sources_disagree_the_narrow_claim_holds_and_the_wide_one_is_kept(database: Database) -> None:
    database.take("one", [("a", record("x", id="ONE-1", versions=["1.0.0"]))], AT)
    database.take("two", [("b", record("x", id="TWO-1", ranges=ALL))], AT)
    ((_, _, document),) = database.documents()
    assert document["affected"][0].get("ranges") is None
    assert document["affected"][0]["versions"] == ["1.0.0"]
    assert [d["source"] for d in document["database_specific"]["malware"]["disputed"]] == ["two"]


def test_a_report_that_every_source_took_back_is_withdrawn(database: Database) -> None:
    database.take("one", [("a", record("x", id="ONE-1", versions=["1.0.0"]))], AT)
    database.take("one", [("a", record("x", id="ONE-1", withdrawn="2026-11-03T00:00:00Z"))], AT)
    ((_, state, document),) = database.documents()
    assert (state, document["withdrawn"]) == ("withdrawn", "2026-11-03T00:00:00Z")


def test_what_was_taken_before_changes_nothing(database: Database) -> None:
    one = ("a", record("x", id="ONE-1", versions=["1.0.0"]))
    assert [t.new for t in database.take("one", [one], AT)] == [1]
    before = documents(database)
    assert [t.new for t in database.take("one", [one], "2026-12-01T00:00:00Z")] == [0]
    assert documents(database) == before


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{", "not-json"),
        (b"[]", "not-an-object"),
        (b'{"affected": null}', "no-package"),
        (b'{"a": 1, "a": 2}', "duplicate-name"),
        (b"[" * 100_000, "too-deep"),
        (record("../../etc/passwd"), "bad-name"),
        (record("x", ecosystem="Nowhere"), "bad-ecosystem"),
    ],
)
def test_what_is_no_report_is_kept_with_its_reason(database: Database, data: bytes, code: str) -> None:
    good = ("good", record("x", versions=["1"]))
    assert [t.code for t in database.take("one", [("bad", data), good], AT)] == [code, ""]
    assert len(documents(database)) == 1


def test_no_id_is_given_twice_not_even_that_of_a_withdrawn_report(database: Database) -> None:
    for name in ("x", "y"):
        database.take("one", [(name, record(name, id=f"MAL-2026-{7 if name == 'x' else 9}"))], AT)
    act = Act("tester", AT, "false-positive: a test")
    ledger.withdraw(database, ledger.find(database, ["MAL-2026-9"]), act)
    assert database.next_id("2026", database.number(Package("npm", "z")), AT) == "MAL-2026-10"


def test_a_bulk_withdrawal_can_be_undone(database: Database) -> None:
    database.take("one", [(n, record(n, id=f"MAL-2026-{i}")) for i, n in enumerate("xyz")], AT)
    before = documents(database)
    act = Act("tester", "2026-11-05T00:00:00Z", "duplicate", batch="b1")
    ledger.withdraw(database, ledger.find(database, ["npm/x", "npm/y"]), act)
    assert [state for _, state, _ in database.documents()] == ["withdrawn", "withdrawn", "published"]
    assert ledger.undo(database, "b1", Act("tester", "2026-11-06T00:00:00Z")) == 2
    assert documents(database) == before


def test_a_withdrawal_needs_one_of_the_reasons(database: Database) -> None:
    with pytest.raises(UsageError, match="reason"):
        ledger.withdraw(database, [], Act("tester", AT, "because"))


def test_the_directory_layout_is_read_and_written_both_ways(database: Database, tmp_path: Path) -> None:
    database.take("one", [("x", record("@scope/X", id="MAL-2026-1", versions=["1.0.0"]))], AT)
    assert written(database, tmp_path / "out") == (1, 0, 0)
    ((path, _),) = layout.read(tmp_path / "out")
    assert path == "malicious/npm/@scope/x/MAL-2026-1.json"
    assert written(database, tmp_path / "out") == (0, 0, 0)


def written(database: Database, folder: Path) -> tuple[int, int, int]:
    made = layout.write(folder, layout.of(database), database.knows)
    return made.changed, made.stale, made.left


def test_a_file_that_says_the_same_stays_and_a_stranger_is_left_alone(
    database: Database, tmp_path: Path
) -> None:
    database.take("one", [("x", record("x", id="MAL-2026-1", versions=["1.0.0"]))], AT)
    written(database, tmp_path)
    file = tmp_path / "osv/malicious/npm/x/MAL-2026-1.json"
    file.write_text(json.dumps(json.loads(file.read_text()), indent=7))
    stranger = tmp_path / "osv/malicious/npm/y/MAL-2026-9.json"
    stranger.parent.mkdir()
    stranger.write_text("{")
    assert written(database, tmp_path) == (0, 0, 1)
    act = Act("tester", AT, "false-positive")
    ledger.withdraw(database, ledger.find(database, ["MAL-2026-1"]), act)
    assert written(database, tmp_path) == (1, 1, 1)
    assert stranger.is_file()
    assert not file.parent.exists()


def test_no_link_in_a_repository_leads_out_of_it(database: Database, tmp_path: Path) -> None:
    database.take("one", [("x", record("x", id="MAL-2026-1", versions=["1.0.0"]))], AT)
    (tmp_path / "away").mkdir()
    (tmp_path / "in/osv/malicious/npm").mkdir(parents=True)
    (tmp_path / "in/osv/malicious/npm/x").symlink_to(tmp_path / "away")
    with pytest.raises(UsageError, match="out of the folder"):
        written(database, tmp_path / "in")
    assert list((tmp_path / "away").iterdir()) == []


def test_what_waits_is_written_beside_and_not_among_the_malicious(database: Database, tmp_path: Path) -> None:
    database.take("lab", [("x", record("x", id="LAB-1", versions=["1.0.0"]))], AT, Policy(trust="approve"))
    written(database, tmp_path)
    ((path, _),) = layout.read(tmp_path)
    assert path.startswith("unmergable/npm/x/MAL-0000-lab-")


def test_what_every_source_links_to_is_joined(database: Database) -> None:
    for source in ("one", "two"):
        made = record("x", id=f"{source}-1", versions=["1"], upstream=[f"UP-{source}", "UP"], related=["R"])
        database.take(source, [("x", made)], AT)
    ((_, _, report),) = database.documents()
    assert (report["upstream"], report["related"]) == (["UP-one", "UP", "UP-two"], ["R"])


def test_an_edit_by_hand_that_changed_no_time_counts(database: Database) -> None:
    for day, versions in (("01", ["1.0.0"]), ("02", ["2.0.0"]), ("03", ["3.0.0"])):
        edited = record("x", id="MAL-2026-1", versions=versions)
        database.take("one", [("x", edited)], f"2026-11-{day}T00:00:00Z")
        assert (database.report("MAL-2026-1") or {})["affected"][0]["versions"] == versions


@pytest.mark.skipif(not REAL.is_file(), reason="the real reports are not on this machine")
def test_real_reports_come_out_as_they_came_in_whatever_their_order(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in gzip.decompress(REAL.read_bytes()).splitlines()[::8]]
    objects = [(line["path"], json.dumps(line["report"]).encode()) for line in lines]
    made = []
    for seed, sources in ((0, ["a"]), (1, ["a"]), (2, ["a", "b"])):
        database = Database(tmp_path / f"{seed}.db", create=True)
        random.Random(seed).shuffle(objects)
        for number, source in enumerate(sources):
            database.take(source, objects[number :: len(sources)], AT)
        made.append(documents(database))
        paths = {f"osv/{layout.place(p, d, state).path}" for p, state, d in database.documents()}
        assert paths == {line["path"] for line in lines}
    assert made[0] == made[1] == made[2]


@pytest.mark.skipif(not REAL.is_file(), reason="the real reports are not on this machine")
def test_a_real_repository_comes_back_to_the_byte_where_it_is_added_up(
    database: Database, tmp_path: Path
) -> None:
    files = (REAL, REAL.with_name("osv-reports-2026.jsonl.gz"))
    lines = [
        json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()[::9]
    ]
    held = {line["path"].removeprefix("osv/"): line["report"] for line in lines}
    for path, report in held.items():
        trust = "approve" if path.startswith("unmergable/") else "publish"
        database.take("theirs", [(path, json.dumps(report).encode())], AT, Policy(trust=trust))
    assert {where.path: made for where, made in layout.of(database, additive=True)} == held
    ours = {where.path for where, _ in layout.of(database)}
    assert ours == held.keys()
