"""What was made of a dossier is kept, each judgement as it was made, and the last one holds."""

from pathlib import Path

from msgspec.structs import replace

from biopsy.model.dossier import Call
from biopsy.warehouse import Unreadable, Warehouse, judgement, restore
from made_dossiers import analysis, dossier


def test_of_two_judgements_the_later_one_holds(tmp_path: Path) -> None:
    warehouse, one = Warehouse(tmp_path), dossier()
    warehouse.judged(analysis(one), "2026-11-21T00:00:00Z", rules="newer")
    warehouse.judged(analysis(one, Call.BENIGN), "2026-11-20T00:00:00Z")
    held = warehouse.latest([one.run_id])[one.run_id]
    assert (held.call, held.rules) == (Call.MALICIOUS, "newer")


def test_a_judgement_says_when_what_it_found_came_about() -> None:
    (found,) = judgement(analysis(dossier()), "2026-11-21T00:00:00Z").findings
    assert found.triggers == ("install",)


def test_many_judgements_are_kept_at_once(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    many = [judgement(analysis(dossier(n)), "2026-11-21T00:00:00Z") for n in range(3)]
    assert (warehouse.judge(many), len(list(tmp_path.rglob("*.gz")))) == (3, 1)


def test_nothing_is_written_for_no_judgements(tmp_path: Path) -> None:
    assert (Warehouse(tmp_path).judge([]), list(tmp_path.iterdir())) == (0, [])


def test_parts_hold_every_dossier_once_and_give_it_back_as_it_was(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    made = [dossier(n, name=f"thing-{n}") for n in range(7)]
    for one in made:
        warehouse.add(one)
    read = [
        restore(s)
        for part in warehouse.parts()
        for s in warehouse.stored(part)
        if not isinstance(s, Unreadable)
    ]
    same = {one.run_id: replace(one, artifact=read[0].artifact) for one in made}
    assert {one.run_id: replace(one, artifact=read[0].artifact) for one in read} == same


def test_a_part_says_which_dossier_cannot_be_read_and_goes_on(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.add(dossier(1, name="a")).write_bytes(b"rot")
    warehouse.add(dossier(2, name="b"))
    (part,) = warehouse.parts()
    assert [isinstance(one, Unreadable) for one in warehouse.stored(part)] == [True, False]
