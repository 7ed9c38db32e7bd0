"""Many at once, a full disk, damaged files: said by name, with what to do, and nothing is lost."""

import json
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import killing
import pytest
from bench.reports_made import made

from biopsy.errors import BiopsyError
from biopsy.reports import layout, ledger
from biopsy.reports.database import Act, Database
from biopsy.reports.policy import Policy

AT = "2026-11-01T00:00:00Z"


def filled(path: Path, count: int = 60) -> Database:
    database = Database(path, create=True)
    database.take("one", list(made(count)), AT)
    return database


# many at once


def published(held: killing.State) -> list[str]:
    """The ids of reports that are published; one that was withdrawn before it had an id never gets one."""
    found = [own for own, state, *_ in held.reports.values() if state == "published"]
    assert all(found)
    return found


def test_two_that_write_and_ten_that_read_do_not_disturb_each_other(tmp_path: Path) -> None:
    Database(tmp_path / "reports.db", create=True).close()
    for number, source in enumerate(("one", "two")):
        folder = tmp_path / source
        folder.mkdir()
        for index, (_, data) in enumerate(made(150, seed=number, raw=True)):
            (folder / f"{index}.json").write_bytes(data)
    stop = threading.Event()
    wrong: list[BaseException] = []

    def reads() -> None:
        try:
            seen = 0
            while not stop.is_set():
                database = Database(tmp_path / "reports.db")
                held = [(package, report) for package, _, report in database.documents()]
                assert len(held) >= seen, "a report went away"
                assert all(report["affected"] for _, report in held)
                assert all(any(True for _ in database.on(package)) for package, _ in held[:5])
                seen = len(held)
                database.close()
        except BaseException as error:
            wrong.append(error)

    readers = [threading.Thread(target=reads) for _ in range(10)]
    children = [
        killing.command(tmp_path, "ingest", source, str(tmp_path / source), "--trust", "publish", "--quiet")
        for source in ("one", "two")
    ]
    for reader in readers:
        reader.start()
    statuses = [killing.ended(child) for child in children]
    stop.set()
    for reader in readers:
        reader.join()
    assert (statuses, wrong) == ([0, 0], [])
    held = killing.state(tmp_path)
    assert len(held.claims) == len(held.objects) == 300
    assert len(held.ids) == len(published(held))


def test_two_that_give_ids_at_once_give_none_twice(tmp_path: Path) -> None:
    database = Database(tmp_path / "reports.db", create=True)
    database.take("one", list(made(200, raw=True)), AT, Policy("publish", ids=False))
    database.close()
    children = [killing.command(tmp_path, "assign") for _ in range(3)]
    assert [killing.ended(child) for child in children] == [0, 0, 0]
    held = killing.state(tmp_path)
    assert len(held.ids) == len(set(published(held))) == len(published(held))


def test_two_exports_into_one_folder_wait_for_each_other(tmp_path: Path) -> None:
    database = filled(tmp_path / "reports.db")

    def interrupted() -> object:
        for where, report in layout.of(database):
            yield where, report
            with pytest.raises(BiopsyError, match="another export is writing there"):
                layout.write(tmp_path / "out", layout.of(database), database.knows)

    assert layout.write(tmp_path / "out", interrupted(), database.knows).changed == 60  # type: ignore[arg-type]


# a full disk

LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from biopsy.cli import main
main()
"""


def limited(limit: int, home: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a command that can write no file larger than a limit, as on a disk that is full by then."""
    given = [str(word) for word in words]
    run = [sys.executable, "-c", LIMITED, str(limit), "reports", *given, "--home", str(home)]
    return subprocess.run(run, capture_output=True, text=True, check=False)


def test_a_disk_that_is_full_is_said_and_what_was_taken_stays(tmp_path: Path) -> None:
    filled(tmp_path / "reports.db").close()
    before = killing.state(tmp_path)
    (tmp_path / "more.jsonl").write_bytes(
        b"".join(json.dumps(json.loads(d)).encode() + b"\n" for _, d in made(600, seed=2, raw=True))
    )
    words = ("ingest", "lab", tmp_path / "more.jsonl", "--trust", "publish", "--quiet")
    size = (tmp_path / "reports.db").stat().st_size
    said = limited(size, tmp_path, *words)
    assert said.returncode not in {0, None}
    assert "disk" in said.stderr or "full" in said.stderr or "space" in said.stderr, said.stderr
    assert "Traceback" not in said.stderr
    assert killing.state(tmp_path) == before
    assert limited(resource.RLIM_INFINITY, tmp_path, *words).returncode == 0
    assert len(killing.state(tmp_path).claims) == 660


def test_an_export_onto_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    filled(tmp_path / "reports.db").close()
    said = limited(700, tmp_path, "export", tmp_path / "exported", "--quiet")
    assert said.returncode not in {0, None}
    assert "Traceback" not in said.stderr
    assert "cannot be written" in said.stderr, said.stderr
    killing.state(tmp_path)
    assert not list((tmp_path / "exported").rglob("*.part"))
    assert limited(resource.RLIM_INFINITY, tmp_path, "export", tmp_path / "exported").returncode == 0
    assert len(killing.state(tmp_path).files) == 60


# damaged files


def no_database(path: Path) -> None:
    path.write_bytes(b"this is no database, it only stands where one should" * 99)


def no_start(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[:100] = b"\0" * 100
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 777])


def scribbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(16384 * 2, len(data) - 16384, 16384):
        data[at : at + 4000] = b"\xa5" * 4000
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [no_database, no_start, cut, scribbled])
def test_a_damaged_database_is_named_and_what_to_do(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    filled(tmp_path / "reports.db", 300).close()
    damage(tmp_path / "reports.db")
    (tmp_path / "more.json").write_bytes(next(made(1, seed=3, raw=True))[1])
    found = 0
    for words in (
        ("stats",),
        ("export", str(tmp_path / "out")),
        ("ingest", "lab", str(tmp_path / "more.json")),
    ):
        status = killing.ended(killing.command(tmp_path, *words))
        said = (tmp_path / "out-of-command").read_text()
        assert "Traceback" not in said
        if status:
            found += 1
            assert str(tmp_path / "reports.db") in said
            assert "is damaged" in said, said
    assert found >= (
        1 if damage is scribbled else 3
    )  # pages that a command does not read do not matter to it


def test_damage_is_found_and_named_by_a_check_of_the_whole(tmp_path: Path) -> None:
    database = filled(tmp_path / "reports.db")
    database.close()
    raw = sqlite3.connect(tmp_path / "reports.db")
    raw.execute("UPDATE objects SET body = x'00' WHERE rowid = 3")
    raw.execute("UPDATE reports SET document = x'7b7d' WHERE package = 5")
    raw.execute("UPDATE claims SET record = x'5b' WHERE package = 7")
    raw.commit()
    (name,) = raw.execute("SELECT name FROM packages WHERE id = 5").fetchone()
    raw.close()
    database = Database(tmp_path / "reports.db")
    found = list(database.damage())
    assert len(found) == 3
    assert any("object" in one for one in found)
    assert any(name in one and "report" in one for one in found)
    assert any("claim" in one for one in found)


def test_a_damaged_object_is_an_error_that_names_it(tmp_path: Path) -> None:
    database = filled(tmp_path / "reports.db")
    raw = sqlite3.connect(tmp_path / "reports.db")
    (sha256,) = raw.execute("SELECT sha256 FROM objects LIMIT 1").fetchone()
    raw.execute("UPDATE objects SET body = x'789c00' WHERE sha256 = ?", (sha256,))
    raw.commit()
    with pytest.raises(BiopsyError, match=sha256):
        database.original(sha256)


def test_a_damaged_file_of_an_export_is_written_anew(tmp_path: Path) -> None:
    database = filled(tmp_path / "reports.db")
    layout.write(tmp_path / "out", layout.of(database), database.knows)
    files = sorted((tmp_path / "out").rglob("*.json"))
    whole = [file.read_bytes() for file in files]
    files[0].write_bytes(b"")
    files[1].write_bytes(whole[1][:40])
    files[2].write_bytes(b"\xff" * 99)
    assert layout.write(tmp_path / "out", layout.of(database), database.knows).changed == 3
    assert [file.read_bytes() for file in files] == whole


def test_what_was_decided_survives_that_everything_is_taken_in_again(tmp_path: Path) -> None:
    database = filled(tmp_path / "reports.db")
    package = next(p for p, state, _ in database.documents() if state == "published")
    which = (database.number(package), package)
    ledger.withdraw(database, [which], Act("tester", AT, "false-positive: a test"))
    database.take("one", list(made(60)), "2026-12-01T00:00:00Z")
    assert {p: state for p, state, _ in database.documents()}[package] == "withdrawn"
    assert not list(database.on(package))
