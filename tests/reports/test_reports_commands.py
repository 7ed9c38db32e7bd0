"""What a stranger types: every command of `biopsy reports`, with what is right and with what is wrong."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from test_report_store import record

from biopsy.cli.app import biopsy


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def run(home: Path, *words: str, given: bytes = b"") -> tuple[int, str, str]:
    done = CliRunner().invoke(biopsy, ["reports", *words], input=given, env={"BIOPSY_HOME": str(home)})
    return done.exit_code, done.stdout, done.stderr


def added(home: Path, *names: str) -> list[str]:
    """Reports on packages of npm, each of 1.0.0 and 1.0.1; returns their ids."""
    for name in names:
        words = ("--version", "1.0.0", "--version", "1.0.1", "--details", "Sends tokens to evil.example.")
        assert run(home, "add", f"npm/{name}", *words)[0] == 0
    rows = json.loads(run(home, "list", "-f", "json")[1])
    return [row["id"] for row in reversed(rows)]


def batch(home: Path) -> str:
    (row,) = json.loads(run(home, "log", "--decisions", "--limit", "1", "-f", "json")[1])
    return str(row["batch"])


def repository(folder: Path, *records: tuple[str, bytes]) -> Path:
    for path, data in records:
        file = folder / "osv" / path
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
    return folder


STANDS = ("malicious/npm/thing/MAL-2026-7.json", record("thing", id="MAL-2026-7", versions=["1.0.0"]))
NEW = ("malicious/npm/other/MAL-0000-other.json", record("other", versions=["2.0.0"], details="Steals."))
ASKED = ("unmergable/npm/odd/MAL-0000-odd.json", record("odd", versions=["3.0.0"], details="Odd."))


@pytest.mark.parametrize("command", ["add", "approve", "assign", "dispute", "export", "import", "ingest", "init",
    "list", "log", "merge", "reinstate", "search", "show", "stats", "undo", "validate", "withdraw"])  # fmt: skip
def test_help_says_what_a_command_is_for(command: str, home: Path) -> None:
    status, text, _ = run(home, command, "--help")
    assert status == 0
    assert "Examples" in text or command == "init"
    assert not home.exists()


@pytest.mark.parametrize("words", [
    ("list",), ("show", "x"), ("search", "x"), ("stats",), ("log",), ("assign",), ("approve",), ("merge",), ("tick",),
    ("sources",), ("export", "out"), ("withdraw", "x", "--reason", "test"), ("undo", "x"), ("dispute", "--list"),
])  # fmt: skip
def test_without_a_database_it_is_said_how_one_is_made(words: tuple[str, ...], home: Path) -> None:
    status, text, error = run(home, *words)
    assert (status, text) == (2, "")
    assert "biopsy reports init" in error
    assert not home.exists()


def test_a_report_by_hand_gets_its_id_and_is_shown(home: Path) -> None:
    (own,) = added(home, "thing")
    status, text, _ = run(home, "show", "npm/thing")
    assert status == 0
    assert text.startswith(f"{own}  npm/thing  published\n")
    assert "1.0.0, 1.0.1" in text
    assert "Sends tokens to evil.example." in text
    assert json.loads(run(home, "show", own, "-f", "json")[1])["id"] == own


@pytest.mark.parametrize(("words", "why"), [
    (("npm/thing", "--details", "x"), "which versions"),
    (("npm/thing", "--version", "1"), "--details"),
    (("thing", "--version", "1", "--details", "x"), "neither a file nor ecosystem/name"),
    (("npm/thing", "--version", "VERSIONSHERE", "--details", "x"), "not a valid report"),
    (("npm/../../etc", "--version", "1", "--details", "x"), "not a valid report"),
    (("npm/thing", "--version", "1", "--details", "x", "--source", "Mine!"), "no name of a source"),
])  # fmt: skip
def test_what_is_wrong_with_a_report_by_hand_is_said(words: tuple[str, ...], why: str, home: Path) -> None:
    status, _, error = run(home, "add", *words)
    assert status == 2
    assert why in error
    assert not home.exists()


def test_a_name_that_half_the_world_installs_waits_for_a_person(home: Path) -> None:
    words = ("--version", "99.0.0", "--details", "It does.")
    assert "waits" in run(home, "add", "npm/lodash", *words)[1]
    assert "waits for a person" in run(home, "show", "npm/lodash")[1]
    assert "MAL-" in run(home, "approve", "npm/lodash", "--reason", "seen")[1]


@pytest.mark.parametrize("word", ["thing", "th1ng", "thnig", "evil.example", "evil[.]example", "MAL-"])
def test_a_report_is_found_by_what_is_known_of_it(word: str, home: Path, tmp_path: Path) -> None:
    made = record("thing", id="LAB-1", versions=["1.0.0"], details="Sends.",
                  database_specific={"iocs": {"domains": ["evil.example"]}})  # fmt: skip
    file = tmp_path / "records.jsonl"
    file.write_bytes(made)
    assert run(home, "ingest", "lab", str(file), "--trust", "publish")[0] == 0
    status, text, _ = run(home, "search", word, "-f", "json")
    assert (status, [row["name"] for row in json.loads(text)]) == (0, ["thing"])
    assert run(home, "search", "nothing-like-it")[0] == 1


def test_a_repository_is_taken_over_and_written_back(home: Path, tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo", STANDS, NEW, ASKED)
    before = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.json")}
    status, text, _ = run(home, "import", str(folder), "-q")
    assert (status, text) == (0, "3 read, 3 new, 0 in quarantine, 1 wait: biopsy reports approve\n")
    assert run(home, "export", str(folder), "--compat", "-q")[1] == "0 files written, 0 removed\n"
    assert {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.json")} == before
    assert "MAL-2026-8" in run(home, "assign")[1]
    assert run(home, "export", str(folder), "--compat", "-q")[1] == "1 files written, 1 removed\n"
    assert (folder / "osv/malicious/npm/other/MAL-2026-8.json").is_file()


def test_what_waits_in_a_repository_is_approved_by_a_person(home: Path, tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo", STANDS, ASKED)
    run(home, "import", str(folder), "-q")
    assert "MAL-2026-8" in run(home, "approve", "npm/odd")[1]
    run(home, "export", str(folder), "-q")
    assert [p.name for p in folder.rglob("npm/odd/*")] == ["MAL-2026-8.json"]


def test_compat_adds_up_where_our_own_way_takes_the_narrow_claim(home: Path, tmp_path: Path) -> None:
    everything = [{"type": "SEMVER", "events": [{"introduced": "0"}]}]
    for name, parts in (("one", {"versions": ["1.0.0"]}), ("two", {"ranges": everything})):
        file = tmp_path / f"{name}.json"
        file.write_bytes(record("thing", id=f"{name}-1", details=f"Says {name}.", **parts))
        run(home, "ingest", name, str(file), "--trust", "publish")
    ours = json.loads(run(home, "show", "npm/thing", "-f", "json")[1])
    theirs = json.loads(run(home, "show", "npm/thing", "--compat")[1])
    assert (ours["affected"][0]["versions"], ours["affected"][0].get("ranges")) == (["1.0.0"], None)
    assert (theirs["affected"][0]["versions"], theirs["affected"][0]["ranges"]) == (["1.0.0"], everything)
    assert "malware" not in theirs["database_specific"]
    assert [o["source"] for o in theirs["database_specific"]["malicious-packages-origins"]] == ["one", "two"]
    assert theirs["details"].count("## Source: ") == 2


def test_a_withdrawal_is_tried_done_and_undone(home: Path) -> None:
    added(home, "one", "two")
    words = ("withdraw", "npm/one", "npm/two", "--reason", "duplicate: of another")
    assert "2 reports would be withdrawn; nothing was changed" in run(home, *words, "--dry-run")[1]
    assert "withdrawn" not in run(home, "stats")[1]
    assert "2 reports withdrawn" in run(home, *words)[1]
    assert "duplicate: of another" in run(home, "show", "npm/one")[1]
    done = batch(home)
    assert "2 reports would be put back" in run(home, "undo", done, "--dry-run")[1]
    assert "2 reports put back" in run(home, "undo", done)[1]
    assert "withdrawn" not in run(home, "stats")[1]


@pytest.mark.parametrize("words", [
    ("withdraw", "npm/one", "--reason", "because"), ("withdraw", "npm/none", "--reason", "test"),
    ("withdraw", "npm/one", "--reason", "test", "--version", "7"), ("reinstate", "npm/one", "--reason", "x"),
    ("undo", "nothing"), ("approve", "npm/none"), ("dispute", "npm/one"), ("dispute", "--accept", "9"),
    ("dispute",), ("show", "npm/none"), ("log", "npm/none"), ("list", "-e", "nowhere"), ("search", " "),
    ("merge", "--compat"), ("import", "."), ("ingest", "x"), ("stats", "--by", "x"), ("show", "x", "--claims", "--compat"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_in_a_line_and_changes_nothing(
    words: tuple[str, ...], home: Path
) -> None:
    added(home, "one")
    before = run(home, "log", "-f", "json")[1]
    status, _, error = run(home, *words)
    assert status == 2
    assert len(error.strip().splitlines()) == 1
    assert error.startswith("biopsy: ")
    assert run(home, "log", "-f", "json")[1] == before


def test_a_place_where_no_file_can_be_is_said(home: Path) -> None:
    home.write_text("a file")
    status, _, error = run(home, "init")
    assert (status, len(error.strip().splitlines())) == (2, 1)


def test_rows_are_not_cut_where_no_terminal_is(home: Path) -> None:
    name = "a-name-of-a-package-that-is-much-longer-than-any-column-would-like-it-to-be"
    (own,) = added(home, name)
    line = run(home, "list")[1].splitlines()[1]
    assert own in line
    assert name in line


def test_reports_are_computed_anew_and_stay_the_same(home: Path) -> None:
    added(home, "one", "two")
    assert run(home, "merge", "-q")[1] == "2 reports computed anew, 0 changed\n"


def test_files_are_merged_and_nothing_is_kept(home: Path, tmp_path: Path) -> None:
    files = []
    for number in (1, 2):
        file = tmp_path / f"{number}.json"
        file.write_bytes(record("thing", id=f"LAB-{number}", versions=[f"{number}.0.0"]))
        files.append(str(file))
    merged: dict[str, Any] = json.loads(run(home, "merge", *files)[1])
    assert merged["affected"][0]["versions"] == ["1.0.0", "2.0.0"]
    assert not home.exists()


def test_what_is_no_report_is_in_quarantine_and_said(home: Path) -> None:
    status, text, error = run(
        home, "ingest", "lab", "-", given=b"{}\nnull\n" + record("x", versions=["1"]) + b"\n"
    )
    assert (status, text) == (1, "lab: 3 read, 1 new, 2 in quarantine, 1 wait\n")
    assert error.count("quarantine  stdin#") == 2
    assert "no-package" in run(home, "list", "--quarantine")[1]


def test_a_row_is_a_line_without_what_would_wrap(home: Path) -> None:
    added(home, "one", "a-much-longer-name-than-the-other")
    lines = run(home, "list")[1].splitlines()
    assert [line.split()[2] for line in lines] == [
        "package",
        "npm/a-much-longer-name-than-the-other",
        "npm/one",
    ]
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(("sql", "why"), [
    ("UPDATE reports SET document = CAST('{' AS BLOB)", "npm/thing"),
    ("UPDATE objects SET body = x'00'", "damaged"),
])  # fmt: skip
def test_what_is_damaged_in_the_database_is_named(sql: str, why: str, home: Path) -> None:
    added(home, "thing")
    with closing(sqlite3.connect(home / "reports.db")) as db:
        db.execute(sql)
        db.commit()
    status, text, _ = run(home, "validate", "-q")
    assert status == 1
    assert "error damaged" in text
    assert why in text


def test_what_was_withdrawn_is_approved_and_reinstated_at_once(home: Path) -> None:
    added(home, "one", "two")
    run(home, "withdraw", "npm/one", "--reason", "false-positive")
    more = ("--version", "3.0.0", "--details", "Again.")
    assert "waits" in run(home, "add", "npm/one", *more)[1]
    assert "review" in run(home, "log", "npm/one", "--limit", "1")[1]
    assert run(home, "approve", "npm/one", "npm/two")[0] == 2
    assert (
        "2 reports approved"
        in run(home, "approve", "npm/one", "npm/two", "--reinstate", "--reason", "again")[1]
    )
    assert "3.0.0" in run(home, "show", "npm/one")[1]
