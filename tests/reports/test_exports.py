"""A release: the same bytes for the same state, whole or not at all, and every form says what the reports say."""

import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
import zstandard
from released import AT, RECORDS, path, record

from biopsy.errors import UsageError
from biopsy.reports import ledger
from biopsy.reports.claim import Package
from biopsy.reports.content import shown
from biopsy.reports.database import Act, Database, DatabaseError
from biopsy.reports.exports import Manifest, release
from biopsy.reports.exports.archive import Archive, packed
from biopsy.reports.exports.parts.osv import SCANNERS
from biopsy.reports.exports.parts.scfw import _quoted
from biopsy.reports.exports.state import GIT

__all__ = ["path"]


@pytest.fixture
def out(tmp_path: Path, path: Path) -> Path:
    release(path, tmp_path / "out")
    return tmp_path / "out"


def files(directory: Path) -> dict[str, bytes]:
    return {f.relative_to(directory).as_posix(): f.read_bytes() for f in directory.rglob("*") if f.is_file()}


def lines(file: Path) -> list[Any]:
    data = zstandard.ZstdDecompressor().stream_reader(file.read_bytes()).read()
    return [json.loads(line) for line in data.splitlines()]


def change(path: Path, *records: tuple[str, bytes], at: str = AT.format(20, 0)) -> None:
    database = Database(path)
    for taken in database.take("base", records, at):
        assert not taken.code
    database.close()


def test_the_same_state_gives_the_same_bytes_and_times(path: Path, out: Path, tmp_path: Path) -> None:
    release(path, tmp_path / "again")
    assert files(out) == files(tmp_path / "again")
    times = {f.stat().st_mtime for f in out.rglob("*") if f.is_file()}
    assert len(times) == 1


def test_the_manifest_names_every_file_but_itself(out: Path) -> None:
    from hashlib import sha256

    held = Manifest.of(out)
    found = {path: data for path, data in files(out).items() if path != Manifest.NAME}
    assert held is not None
    assert {p: (one.size, one.sha256) for p, one in held.files.items()} == {
        p: (len(data), sha256(data).hexdigest()) for p, data in found.items()
    }


def test_a_second_run_writes_what_changed_and_nothing_else(path: Path, out: Path) -> None:
    before = {p: (out / p).stat() for p in files(out)}
    assert release(path, out).written == ()
    change(path, record("MAL-2026-9", "other", "PyPI", versions=["1"]), at=AT.format(3, 9))
    made = release(path, out)
    assert {"PyPI/all.zip", "all.zip", "lookup.bin"} <= set(made.written)
    assert not [p for p in made.written if p.startswith("npm/")]
    same = [p for p in before if p not in made.written and p != Manifest.NAME]
    assert "npm/all.zip" in same
    assert all((out / p).stat().st_ino == before[p].st_ino for p in same)


def test_what_is_no_more_goes(path: Path, out: Path) -> None:
    held = Manifest.of(out)
    assert held is not None
    (out / "npm" / "left.txt").write_text("x")
    change(path, record("MAL-2026-9", "other", versions=["1"]))
    release(path, out)
    assert not (out / "npm" / "left.txt").exists()


def test_a_file_that_was_damaged_is_written_anew(path: Path, out: Path) -> None:
    good = (out / "all.zip").read_bytes()
    (out / "all.zip").unlink()
    (out / "all.zip").write_bytes(b"x" * len(good))
    release(path, out, force=True)
    assert (out / "all.zip").read_bytes() == good


def test_a_run_that_is_stopped_leaves_the_old_one_whole(path: Path, out: Path) -> None:
    before = files(out)
    change(path, record("MAL-2026-9", "other", versions=["1"]))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        release(path, out, stop)
    with pytest.raises(KeyboardInterrupt):
        release(path, out, seal=stop)
    assert files(out) == before
    assert sorted(f.name for f in out.parent.iterdir() if "out" in f.name) == [".out.lock", "out"]


def test_what_a_killed_run_left_over_is_cleared_away(path: Path, out: Path) -> None:
    before = files(out)
    part = out.with_name(".out.part")
    part.mkdir()
    (part / "all.zip").write_bytes(b"half")
    out.rename(out.with_name(".out.old"))  # killed between the two steps of a swap
    assert release(path, out).written == ()
    assert files(out) == before
    assert not part.exists()


def test_a_folder_is_swapped_where_the_system_cannot_exchange_two(
    path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("biopsy.reports.exports.swap._exchange", lambda *_: False)
    change(path, record("MAL-2026-9", "other", versions=["1"]))
    release(path, out)
    assert "MAL-2026-9.json" in zipfile.ZipFile(out / "all.zip").namelist()
    assert not out.with_name(".out.old").exists()


def test_a_folder_of_something_else_is_left_alone(path: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="no release"):
        release(path, tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_two_releases_into_one_folder_do_not_meet(path: Path, out: Path) -> None:
    def second(*_: object) -> None:
        with pytest.raises(UsageError, match="another release"):
            release(path, out)

    release(path, out, seal=second)


def test_a_seal_is_put_on_before_the_folder_is_seen(path: Path, out: Path) -> None:
    def seal(staged: Path, old: Path | None, manifest: Manifest) -> None:
        assert old == out
        assert staged != out
        (staged / "tuf").mkdir()
        (staged / "tuf" / "root.json").write_text(str(len(manifest.files)))

    inode = (out / "all.zip").stat().st_ino
    assert release(path, out, seal=seal).written == ()
    assert int((out / "tuf" / "root.json").read_text()) > 20
    assert (out / "all.zip").stat().st_ino == inode


def test_what_is_written_meanwhile_is_not_seen(path: Path, out: Path) -> None:
    def told(message: str, done: float | None) -> None:
        if done == 0:
            change(path, record("MAL-2026-9", "other", versions=["1"]))

    made = release(path, out, told, force=True)
    assert made.reports == len(RECORDS)
    assert "MAL-2026-9.json" not in zipfile.ZipFile(out / "all.zip").namelist()


def test_a_damaged_report_is_named(path: Path, out: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(
            "UPDATE reports SET document = CAST(replace(document, 'thing', 'thong') AS BLOB) WHERE id='MAL-2026-1'"
        )
    with pytest.raises(DatabaseError, match="MAL-2026-1 on thing is damaged"):
        release(path, out, force=True)


def test_zips_hold_every_report_as_it_is_shown_withdrawn_ones_too(path: Path, out: Path) -> None:
    database = Database(path)
    with zipfile.ZipFile(out / "all.zip") as archive:
        assert archive.testzip() is None
        held = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    assert held == {f"MAL-2026-{n}.json": shown(database.report(f"MAL-2026-{n}") or {}) for n in range(1, 9)}
    assert held["MAL-2026-3.json"]["withdrawn"]
    assert zipfile.ZipFile(out / "Maven/all.zip").namelist() == ["MAL-2026-5.json", "MAL-2026-6.json"]
    assert zipfile.ZipFile(out / GIT / "all.zip").namelist() == ["MAL-2026-8.json"]
    for scanner in SCANNERS:
        assert (out / scanner / "npm/all.zip").read_bytes() == (out / "npm/all.zip").read_bytes()


def test_a_zip_of_many_members_is_read_by_others(tmp_path: Path) -> None:
    with (tmp_path / "many.zip").open("wb") as file:
        archive = Archive(file)
        for number in range(70_000):
            archive.add(packed(f"{number}.json", b"{}", "2026-11-01T10:20:30Z"))
        archive.close()
    with zipfile.ZipFile(tmp_path / "many.zip") as made:
        assert len(made.namelist()) == 70_000
        assert made.read("69999.json") == b"{}"
        assert made.getinfo("7.json").date_time == (2026, 11, 1, 10, 20, 30)


def test_lists_of_what_changed_name_the_latest_first_as_osv_dev_does(out: Path) -> None:
    whole = (out / "modified_id.csv").read_text().splitlines()
    assert whole[:3] == [
        "2026-10-03T00:00:00.12Z,npm/MAL-2026-1",
        "2026-10-03T00:00:00Z,npm/MAL-2026-2",
        "2026-10-01T00:00:00Z,GIT/MAL-2026-8",
    ]
    assert (out / "npm/modified_id.csv").read_text().splitlines()[0] == "2026-10-03T00:00:00.12Z,MAL-2026-1"
    assert (out / "ecosystems.txt").read_text().split() == ["GIT", "Maven", "PyPI", "npm"]


def following(out: Path, kind: str, since: int) -> Iterator[Any]:
    index = json.loads((out / "deltas/index.json").read_text())
    assert since >= index[kind]["from"]
    for one in index[kind]["files"]:
        if one["to"] > since:
            yield from lines(out / one["path"])


@pytest.mark.parametrize("kind", ["hourly", "daily"])
def test_who_follows_the_deltas_from_any_state_has_what_the_whole_says(
    path: Path, tmp_path: Path, kind: str
) -> None:
    out, states = tmp_path / "followed", []
    release(path, out)
    for day in range(2, 9):
        states.append(
            (json.loads((out / "deltas/index.json").read_text())["sequence"], lines(out / "all.jsonl.zst"))
        )
        new = record(f"MAL-2026-{20 + day}", f"new{day}", versions=["1"])
        again = record(
            "MAL-2026-1", "thing", versions=[f"{day}.0.0"], modified=f"2026-11-{day:02d}T00:00:00Z"
        )
        change(path, new, *([again] if day % 2 else []), at=AT.format(day, day))
        release(path, out)
    want = {r["id"]: r for r in lines(out / "all.jsonl.zst")}
    for sequence, then in states:
        mine = {r["id"]: r for r in then}
        mine |= {r["id"]: r for r in following(out, kind, sequence)}
        assert mine == want


def test_lists_that_know_only_versions_accuse_no_more_than_the_reports_do(out: Path) -> None:
    npm = json.loads((out / "safe-chain/malware_predictions.json").read_text())
    assert [(one["package_name"], one["version"]) for one in npm] == [
        ("@scope/Thing", "*"), ("thing", "1.0.0"), ("thing", "1.0.1"),
    ]  # fmt: skip
    manifest = json.loads((out / "datadog/samples/npm/manifest.json").read_text())
    assert manifest == {"@scope/Thing": None, "thing": ["1.0.0", "1.0.1"]}
    pypi = json.loads((out / "datadog/samples/pypi/manifest.json").read_text())
    assert pypi == {"Some_Thing": ["2.0"], "some-thing": ["2.0"]}
    found = yaml.safe_load((out / "scfw/npm.yml").read_text())["findings"]
    assert [one["packages"] for one in found] == [
        [{"ecosystem": "npm", "name": "thing", "versions": ["1.0.0", "1.0.1"]}],
        [{"ecosystem": "npm", "name": "@scope/Thing"}],
    ]
    assert {one["severity"] for one in found} == {"CRITICAL"}


@pytest.mark.parametrize("text", ["a: b # c", "\x7f\x00\x85", "\U0001f600 \ud7ff", '"\\', "- x", "é\u2028"])
def test_any_text_comes_through_yaml(text: str) -> None:
    assert yaml.safe_load(f"x: {{y: {_quoted(text)}}}") == {"x": {"y": text}}


def test_renovate_finds_a_package_by_the_three_fields_that_it_asks_for(out: Path) -> None:
    held = [json.loads(line) for line in (out / "renovate/npm.nedb").read_text().splitlines()]
    assert [(one["_id"], one["affected"][0]["package"]) for one in held][1] == (
        "MAL-2026-2",
        {"name": "@scope/Thing", "ecosystem": "npm", "purl": "pkg:npm/%40scope/Thing"},
    )
    assert "MAL-2026-3" not in {one["_id"] for one in held}
    (maven, _) = [json.loads(line) for line in (out / "renovate/maven.nedb").read_text().splitlines()]
    assert maven["affected"][0]["package"]["purl"].startswith("pkg:maven/%D0%B3")
    assert (out / "renovate/pub.nedb").read_bytes() == b""
    with zipfile.ZipFile(out / "renovate/osv-offline.zip") as archive:
        assert archive.testzip() is None
        assert archive.read("npm.nedb") == (out / "renovate/npm.nedb").read_bytes()


def test_an_empty_database_is_released_too(tmp_path: Path) -> None:
    Database(tmp_path / "reports.db", create=True).close()
    made = release(tmp_path / "reports.db", tmp_path / "out")
    assert made.reports == 0
    assert zipfile.ZipFile(tmp_path / "out/all.zip").namelist() == []
    assert lines(tmp_path / "out/all.jsonl.zst") == []
    assert yaml.safe_load((tmp_path / "out/scfw/npm.yml").read_text()) == {"findings": []}
    shutil.rmtree(tmp_path / "out")


def test_a_withdrawal_leaves_the_lists_and_stays_in_the_zips(path: Path, out: Path) -> None:
    database = Database(path)
    ledger.withdraw(
        database, ledger.find(database, ["MAL-2026-2"]), Act("me", AT.format(9, 9), "false-positive"), ()
    )
    database.close()
    release(path, out)
    assert "@scope/Thing" not in (out / "safe-chain/malware_predictions.json").read_text()
    held = json.loads(zipfile.ZipFile(out / "npm/all.zip").read("MAL-2026-2.json"))
    assert held["withdrawn"]
    assert [r["id"] for r in following(out, "hourly", len(RECORDS))] == ["MAL-2026-2"]


def test_the_command_says_what_it_did(path: Path, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from biopsy.cli.reports.release import command

    asked = [str(tmp_path / "out"), "--database", str(path), "-q"]
    first = CliRunner().invoke(command, asked)
    second = CliRunner().invoke(command, asked)
    assert first.exit_code == second.exit_code == 0
    assert "8 reports, sequence 8: " in first.stdout
    assert "is up to date" in second.stdout


def test_a_package_of_another_registry_is_kept_by_what_follows_the_colon(path: Path) -> None:
    database = Database(path)
    assert [r["id"] for r in database.on(Package("Maven", "группа:é"))] == ["MAL-2026-5"]
