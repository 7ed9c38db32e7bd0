"""Compacting, verifying and sharing a warehouse: no row is lost, none is there twice, damage is told."""

import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from biopsy.cli import app
from biopsy.errors import UsageError
from biopsy.warehouse import Warehouse, compact, ledger, mirror
from biopsy.warehouse.compact import Compactor, due
from biopsy.warehouse.health import wrong
from biopsy.warehouse.ledger import File, Ledger
from biopsy.warehouse.mirror import Mirror
from biopsy.warehouse.query import Desk
from made_dossiers import analysis, dossier

pytest.importorskip("duckdb")


def packs(home: Path, count: int, start: int = 0) -> None:
    """So many packs of one dossier each."""
    warehouse = Warehouse(home)
    for number in range(start, start + count):
        one = dossier(number, name=f"thing-{number}")
        warehouse.add(one)
        warehouse.judged(analysis(one), "2026-11-21T00:00:00Z")
        warehouse.pack()


def names(home: Path) -> list[str]:
    with Desk(home / "warehouse") as desk:
        return [row[0] for row in desk.ask("SELECT name FROM dossiers ORDER BY ALL").rows]


def test_compacting_makes_few_files_of_many_and_changes_no_answer(tmp_path: Path) -> None:
    packs(tmp_path, 6)
    before = names(tmp_path)
    made = Compactor(tmp_path / "warehouse").compact()
    assert (made.files, made.of) == (7, 42)
    assert {file.table: file.rows for file in Ledger(tmp_path / "warehouse").live()}["dossiers"] == 6
    assert names(tmp_path) == before
    assert len(Warehouse(tmp_path).packs()) == 6


def test_a_killed_compactor_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs(tmp_path, 5)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            Compactor(tmp_path / "warehouse").compact()
    assert len(names(tmp_path)) == 5
    assert not [one for one in wrong(tmp_path / "warehouse") if one.lost]


def test_files_that_stopped_to_count_stay_for_who_reads_them_and_go_later(tmp_path: Path) -> None:
    packs(tmp_path, 5)
    with Desk(tmp_path / "warehouse") as desk:
        Compactor(tmp_path / "warehouse").compact()
        assert len(list(desk.ask("FROM dossiers").rows)) == 5
    removed = Compactor(tmp_path / "warehouse").compact(grace=-1).removed
    assert removed >= 35
    assert len(names(tmp_path)) == 5


def test_a_long_log_becomes_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "MAX_LOG", 3)
    packs(tmp_path, 6)
    Compactor(tmp_path / "warehouse").compact(few=100, grace=-1)
    assert len(Ledger(tmp_path / "warehouse").commits()) == 1
    assert len(names(tmp_path)) == 6


def test_a_large_file_is_not_written_anew_for_every_small_one() -> None:
    def file(name: str, size: int) -> File:
        return File(f"files/ecosystem=npm/day=2026-01-01/{name}.parquet", 1, size, "", (name,))

    large, small = file("large", 10_000), [file(f"small-{n}", 100) for n in range(6)]
    assert due([large, *small], 4) == small
    assert due([file("large", 1000), *small], 4) == [*small, file("large", 1000)]
    assert due(small[:3], 4) == []


def test_compacting_while_packing_loses_nothing(tmp_path: Path) -> None:
    other = threading.Thread(target=lambda: [Compactor(tmp_path / "warehouse").compact(1) for _ in range(4)])
    other.start()
    packs(tmp_path, 5)
    other.join()
    assert len(names(tmp_path)) == 5


@pytest.mark.parametrize("how", ["gone", "changed"])
def test_damage_is_told(tmp_path: Path, how: str) -> None:
    packs(tmp_path, 1)
    path = next((tmp_path / "warehouse" / "dossiers").rglob("*.parquet"))
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"X")
    assert [one.lost for one in wrong(tmp_path / "warehouse")] == [True]
    done = CliRunner().invoke(app.biopsy, ["warehouse", "verify", "--home", str(tmp_path)])
    assert (done.exit_code, "dossiers/ecosystem=pypi" in done.output) == (1, True)


def test_a_sound_warehouse_is_told_to_be_so(tmp_path: Path) -> None:
    packs(tmp_path, 2)
    done = CliRunner().invoke(app.biopsy, ["warehouse", "verify", "--home", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (0, "everything is as it was written\n")


def test_machines_share_one_warehouse_whoever_packs_and_compacts(tmp_path: Path) -> None:
    homes, url = [tmp_path / "a", tmp_path / "b", tmp_path / "c"], f"file://{tmp_path}/shared"
    packs(homes[0], 3)
    packs(homes[1], 3, start=10)
    for _ in range(2):
        for home in homes:
            (home / "warehouse").mkdir(parents=True, exist_ok=True)
            Mirror(home / "warehouse", url).sync()
    for home in homes[:2]:
        Compactor(home / "warehouse").compact(1)
    packs(homes[2], 1, start=20)
    for _ in range(2):
        for home in homes:
            Mirror(home / "warehouse", url).sync()
    expected = sorted(f"thing-{n}" for n in (0, 1, 2, 10, 11, 12, 20))
    assert [names(home) for home in homes] == [expected] * 3


def test_two_that_compact_at_once_count_nothing_twice_and_lose_nothing(tmp_path: Path) -> None:
    one, two, url = tmp_path / "a", tmp_path / "b", f"file://{tmp_path}/shared"
    packs(one, 2)
    Mirror(one / "warehouse", url).sync()
    (two / "warehouse").mkdir(parents=True)
    Mirror(two / "warehouse", url).sync()
    packs(one, 1, start=4)
    packs(two, 2, start=5)
    for home in (one, two):
        Compactor(home / "warehouse").compact(1, grace=-1)
    for home in (one, two, one):
        Mirror(home / "warehouse", url).sync()
    assert names(one) == names(two) == ["thing-0", "thing-1", "thing-4", "thing-5", "thing-6"]


def test_what_comes_in_changed_is_refused(tmp_path: Path) -> None:
    packs(tmp_path / "a", 1)
    Mirror(tmp_path / "a" / "warehouse", f"file://{tmp_path}/shared").sync()
    victim = next((tmp_path / "shared" / "dossiers").rglob("*.parquet"))
    victim.write_bytes(b"something else")
    (tmp_path / "b" / "warehouse").mkdir(parents=True)
    with pytest.raises(UsageError, match="sha256 differs"):
        Mirror(tmp_path / "b" / "warehouse", f"file://{tmp_path}/shared").sync()
    assert ledger.Ledger(tmp_path / "b" / "warehouse").live() == ()


def test_what_comes_in_meets_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs(tmp_path / "a", 1)
    Mirror(tmp_path / "a" / "warehouse", f"file://{tmp_path}/shared").sync()
    monkeypatch.setattr(mirror, "MAX_FILE", 10)
    with pytest.raises(UsageError, match="larger than"):
        Mirror(tmp_path / "b" / "warehouse", f"file://{tmp_path}/shared").sync()


@pytest.mark.parametrize("url", ["nonsense", "ftp://x.example/"])
def test_a_place_that_is_no_object_store_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="no object store"):
        Mirror(tmp_path, url)


def test_packing_by_command_says_what_it_did_and_what_not(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.add(dossier(1))
    warehouse.add(dossier(2, name="rotten")).write_bytes(b"rot")
    done = CliRunner().invoke(app.biopsy, ["warehouse", "pack", "--home", str(tmp_path), "-q"])
    assert done.exit_code == 1
    assert done.stdout.startswith("packed 1 dossiers and 0 judgements")
    assert "rotten" in done.stderr


def test_stats_count_what_is_kept(tmp_path: Path) -> None:
    packs(tmp_path, 2)
    done = CliRunner().invoke(app.biopsy, ["warehouse", "stats", "--home", str(tmp_path)])
    line = next(line for line in done.stdout.splitlines() if line.startswith("dossiers"))
    assert line.split()[1:3] == ["2", "2"]
