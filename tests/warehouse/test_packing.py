"""Packing: everything that landed is in the warehouse exactly once, whenever a packer dies."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from biopsy.errors import UsageError
from biopsy.model.dossier import Call, Dossier
from biopsy.warehouse import Unreadable, Warehouse, judgement, ledger, pack, parquet, places, restore, rows
from biopsy.warehouse.ledger import Commit, File, Ledger
from made_dossiers import analysis, dossier

pytest.importorskip("duckdb")


def filled(home: Path, count: int = 6) -> tuple[Warehouse, list[Dossier]]:
    warehouse = Warehouse(home)
    made = [
        dossier(n, name=f"thing-{n % 3}", version=f"{n}.0", day=f"2026-11-{19 + n % 2}") for n in range(count)
    ]
    for one in made:
        warehouse.add(one)
        warehouse.judged(analysis(one), "2026-11-21T00:00:00Z", published="2026-11-19T00:00:00Z")
    return warehouse, made


def plain(one: Dossier) -> Dossier:
    """A dossier without where its artifact lies."""
    return replace(one, artifact=replace(one.artifact, path=Path(one.artifact.filename)))


def everything(warehouse: Warehouse) -> list[str]:
    found = [s for part in warehouse.parts() for s in warehouse.stored(part)]
    return sorted(s.run_id for s in found if not isinstance(s, Unreadable))


def test_what_was_packed_is_read_as_it_was(tmp_path: Path) -> None:
    warehouse, made = filled(tmp_path)
    packed = warehouse.pack()
    assert (packed.dossiers, packed.judgements, packed.left) == (6, 6, ())
    assert list((tmp_path / "dossiers").rglob("*.gz")) == []
    assert [plain(warehouse.get(one.run_id)) for one in made] == [plain(one) for one in made]


def test_what_was_packed_is_found_as_before(tmp_path: Path) -> None:
    warehouse, made = filled(tmp_path)
    before = [[d.run_id for d in warehouse.recent(9)], sorted(warehouse.versions(made[0].release))]
    before.append([d.run_id for d in warehouse.of(made[0].release)])
    warehouse.pack()
    after = [[d.run_id for d in warehouse.recent(9)], sorted(warehouse.versions(made[0].release))]
    after.append([d.run_id for d in warehouse.of(made[0].release)])
    assert (sorted(after[0]), after[1:]) == (sorted(before[0]), before[1:])


def test_what_landed_since_stands_beside_what_was_packed(tmp_path: Path) -> None:
    warehouse, made = filled(tmp_path)
    warehouse.pack()
    newer = replace(made[0], run_id="20261122-000000-0000ffff", created="2026-11-22T00:00:00Z")
    warehouse.add(newer)
    warehouse.judged(analysis(newer, Call.BENIGN), "2026-11-22T01:00:00Z")
    assert [d.run_id for d in warehouse.of(newer.release)] == [newer.run_id, made[0].run_id]
    assert warehouse.recent(1)[0].run_id == newer.run_id
    assert warehouse.calls()[newer.artifact.sha256] is Call.BENIGN


def test_what_no_rule_reads_is_only_unpacked_when_asked_for(tmp_path: Path) -> None:
    warehouse, (made, *_) = filled(tmp_path, 1)
    warehouse.pack()
    (part,) = warehouse.parts()
    (less,) = warehouse.stored(part)
    (whole,) = warehouse.stored(part, whole=True)
    assert not isinstance(less, Unreadable)
    assert not isinstance(whole, Unreadable)
    assert (less.processes, restore(whole).processes) == ((), made.processes)


def test_the_verdict_that_holds_is_found_among_packed_and_landed_ones(tmp_path: Path) -> None:
    warehouse, (made, *_) = filled(tmp_path, 1)
    warehouse.pack()
    assert warehouse.latest([made.run_id])[made.run_id].at == "2026-11-21T00:00:00Z"
    warehouse.judged(analysis(made, Call.BENIGN), "2026-11-22T00:00:00Z")
    assert warehouse.latest()[made.run_id].call is Call.BENIGN


@pytest.mark.parametrize("moment", ["noted", "committed", "half cleared", "staged"])
def test_a_packer_may_die_at_any_moment(tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse, made = filled(tmp_path)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        match moment:
            case "staged":
                patch.setattr(pack.Packer, "_put", dies)
            case "noted":
                patch.setattr(Ledger, "write", dies)
            case "committed":
                patch.setattr(pack.Packer, "_clear", dies)
            case "half cleared":
                patch.setattr(pack, "_prune", dies)
        with pytest.raises(KeyboardInterrupt):
            warehouse.pack()
    assert set(everything(warehouse)) == {one.run_id for one in made}  # nothing is lost meanwhile
    warehouse.pack()
    assert everything(warehouse) == sorted(one.run_id for one in made)
    assert sum(f.rows for f in Ledger(tmp_path / "warehouse").live() if f.table == "verdicts") == len(made)


def test_a_dossier_that_comes_a_second_time_is_not_packed_again(tmp_path: Path) -> None:
    warehouse, (made, *_) = filled(tmp_path, 1)
    warehouse.pack()
    warehouse.add(made)
    assert (warehouse.pack().known, everything(warehouse)) == (1, [made.run_id])


def test_what_cannot_be_read_stays_where_it_is_and_is_told(tmp_path: Path) -> None:
    warehouse, _ = filled(tmp_path, 1)
    bad = warehouse.add(dossier(9, name="bad"))
    bad.write_bytes(b"rot")
    packed = warehouse.pack()
    assert (packed.dossiers, len(packed.left), bad.read_bytes()) == (1, 1, b"rot")


def test_a_dossier_that_fits_no_column_keeps_nothing_else_back(tmp_path: Path) -> None:
    warehouse, made = filled(tmp_path, 9)
    odd = dossier(99, name="odd")
    warehouse.add(replace(odd, artifact=replace(odd.artifact, size=2**70)))
    packed = warehouse.pack()
    assert (packed.dossiers, packed.judgements, len(packed.left)) == (9, 9, 1)
    assert "odd" in packed.left[0]
    assert everything(warehouse) == sorted(one.run_id for one in (*made, odd))


def test_a_dossier_with_a_row_that_is_too_large_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "MAX_ROW", 2000)
    warehouse, _ = filled(tmp_path, 1)
    warehouse.add(dossier(9, name="n" * 200, facts=(f"net.dns {'x' * 3000}.example @ laptop/install#1",)))
    packed = warehouse.pack()
    assert (packed.dossiers, len(packed.left)) == (1, 1)


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse, made = filled(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(parquet, "digest_of", full)
        with pytest.raises(UsageError, match="No space left"):
            warehouse.pack()
    assert everything(warehouse) == sorted(one.run_id for one in made)
    assert warehouse.pack().dossiers == len(made)


def test_packers_at_the_same_time_pack_everything_once(tmp_path: Path) -> None:
    warehouse, made = filled(tmp_path, 12)
    threads = [threading.Thread(target=Warehouse(tmp_path).pack) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert everything(warehouse) == sorted(one.run_id for one in made)


def test_a_pack_hands_out_the_rows_that_came_with_it(tmp_path: Path) -> None:
    warehouse, made = filled(tmp_path, 4)
    warehouse.pack()
    (first,) = warehouse.packs()
    warehouse.add(dossier(77, name="later"))
    warehouse.pack()
    (second,) = warehouse.packs(after=first)
    assert [row["name"] for row in warehouse.rows(second, "dossiers")] == ["later"]
    assert len(list(warehouse.rows(first, "behaviours"))) == sum(len(one.behaviours) for one in made)


def test_a_file_made_of_more_packs_stands_for_those_made_of_fewer() -> None:
    def file(name: str, *leaves: str) -> File:
        return File(f"files/ecosystem=npm/day=2026-01-01/{name}.parquet", 1, 1, "", leaves)

    one, two, three = file("1", "a"), file("2", "b"), file("3", "c")
    both, rival = file("12", "a", "b"), file("23", "b", "c")
    assert ledger.live([one, two, three]) == (one, two, three)
    assert ledger.live([one, two, three, both]) == (both, three)
    assert ledger.live([rival, one, both, two, three]) == (both, three)


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "files/ecosystem=../day=2026-01-01/a.parquet", "/etc/x.parquet", "files/a.parquet"],
)
def test_a_log_that_names_a_file_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    book = Ledger(tmp_path)
    book.write(Commit("c1", 1, (File(path, 1, 1, "", ("a",)),)))
    with pytest.raises(UsageError, match="no file of a warehouse"):
        book.live()


def changed(**what: object) -> Callable[[Dossier], Dossier]:
    return lambda one: replace(one, **what)


@pytest.mark.parametrize(
    "change",
    [
        changed(created=""),
        changed(created="2026-02-30T00:00:00Z"),
        changed(created="nonsense'); DROP TABLE x; --"),
        changed(behaviours=()),
        changed(duration_s=1e300),
    ],
    ids=["no time", "no such day", "no time at all", "no behaviours", "long"],
)
def test_odd_dossiers_are_packed_too(tmp_path: Path, change: Callable[[Dossier], Dossier]) -> None:
    warehouse, one = Warehouse(tmp_path), change(dossier())
    warehouse.add(one)
    assert warehouse.pack().dossiers == 1
    assert plain(warehouse.get(one.run_id)) == plain(one)


def test_an_ecosystem_that_would_be_a_path_is_no_ecosystem(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.add(dossier(ecosystem="../../x"))
    packed = warehouse.pack()
    assert (packed.dossiers, len(packed.left)) == (0, 1)


@pytest.mark.parametrize(
    ("kind", "value", "host"),
    [
        ("net.dns", "a.example TXT", "a.example"),
        ("net.connect", "[2001:db8::1]:443", "2001:db8::1"),
        ("net.connect", "A.example:443", "a.example"),
        ("net.http", "POST https://u:p@A.example:8443/x?y", "a.example"),
        ("net.send", "tcp a.example:25", "a.example"),
        ("net.service", "tunnel x.example", "x.example"),
        ("canary.leak", "npm-token > a.example:443 as base64", "a.example"),
        ("code.remote", "https://a.example/x", "a.example"),
        ("net.url", "no url", None),
        ("file.read", "/etc/passwd", None),
    ],
)
def test_a_behaviour_says_which_host_it_is_about(kind: str, value: str, host: str | None) -> None:
    assert places.host(kind, value) == host


def test_landing_outlives_a_packer_that_clears_up(tmp_path: Path) -> None:
    warehouse, stop = Warehouse(tmp_path), threading.Event()

    def clear() -> None:
        while not stop.wait(0.001):
            for folder, _, _ in os.walk(tmp_path / "dossiers", topdown=False):
                try:
                    Path(folder).rmdir()
                except OSError:
                    continue

    thread = threading.Thread(target=clear)
    thread.start()
    try:
        paths = [warehouse.add(dossier(n, name=f"t{n}")) for n in range(60)]
    finally:
        stop.set()
        thread.join()
    assert all(path.exists() for path in paths)


def test_a_judgement_says_how_long_it_took(tmp_path: Path) -> None:
    made = rows.of_judgement(
        judgement(analysis(dossier()), "2026-11-21T00:10:00Z", "", "2026-11-21T00:00:00Z")
    )
    assert [row.seconds for row in made["verdicts"]] == [600.0]


@pytest.mark.parametrize("packed", [False, True])
def test_a_dossier_whose_release_is_known_is_found_where_it_has_to_be(tmp_path: Path, packed: bool) -> None:
    warehouse, made = filled(tmp_path)
    if packed:
        warehouse.pack()
    for one in made:
        assert plain(warehouse.near(one.run_id, one.release)) == plain(one)
        few = warehouse.near(one.run_id, one.release, whole=False)
        assert (few.behaviours, few.outcomes) == (one.behaviours, one.outcomes)
        for family in ("net", "file", "code"):
            mine = [b for b in one.behaviours if b.kind.family == family]
            assert list(map(str, warehouse.facts(one.run_id, one.release, family))) == list(map(str, mine))
    first, other = made[0], replace(made[1].release, version="9.9")
    for run_id, release in (
        (first.run_id, other),
        ("20200101-000000-ffffffff", first.release),
        ("../x", other),
    ):
        with pytest.raises(UsageError, match="no analysis"):
            warehouse.near(run_id, release)
