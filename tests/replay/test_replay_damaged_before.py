"""A release before that cannot be read costs itself: what is judged beside it is judged all the same."""

import gzip
from pathlib import Path

import pytest
from tests.replay.test_replay import dossier, last, rules

from biopsy.pipeline import replay
from biopsy.pipeline.replay import Asked
from biopsy.warehouse import Warehouse

SENT = "net.connect 192.0.2.9:5555 @ laptop/install#1"


def damage(path: Path) -> None:
    """Make a behaviour of a dossier one that no version reads; all else stays as it was."""
    text = gzip.decompress(path.read_bytes()).replace(b"net.connect 192.0.2.9", b"net.nothing 192.0.2.9")
    path.write_bytes(gzip.compress(text))


@pytest.mark.parametrize("against", ["", "said"])
def test_a_release_before_that_cannot_be_read_is_passed_over(tmp_path: Path, against: str) -> None:
    warehouse = Warehouse(tmp_path / "home")
    first = dossier(1, SENT, name="two", version="1.0")
    damage(warehouse.add(first))
    warehouse.add(dossier(2, SENT, name="two", version="1.1", against=first.run_id if against else ""))
    told = last(replay.run(Asked(tmp_path / "home", rules(tmp_path, convicts=True), jobs=1)))
    assert told.read == 1
    assert [first.run_id in why for why in told.unreadable] == [True]
