"""Packers and compactors die of SIGKILL at random moments while others land: everything is there exactly once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from biopsy.warehouse import Unreadable, Warehouse
from biopsy.warehouse.compact import Compactor
from biopsy.warehouse.health import wrong
from biopsy.warehouse.query import Desk
from made_dossiers import analysis, dossier

pytest.importorskip("duckdb")

KILLS = int(os.environ.get("BIOPSY_FAULTS", "5"))

PACKER = """
import sys
from pathlib import Path
from biopsy.warehouse import Warehouse, pack
from biopsy.warehouse.compact import Compactor
pack.BATCH = 7
print("up", flush=True)
while True:
    Warehouse(Path(sys.argv[1])).pack()
    Compactor(Path(sys.argv[1]) / "warehouse").compact(1, grace=-1)
"""


def test_whoever_is_killed_everything_is_there_exactly_once(tmp_path: Path) -> None:
    warehouse, chance, made = Warehouse(tmp_path), random.Random(6), 0
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", PACKER, str(tmp_path)], stdout=subprocess.PIPE
        ) as packer:
            assert packer.stdout
            packer.stdout.readline()
            until = time.monotonic() + chance.uniform(0.01, 0.6)
            while time.monotonic() < until:
                one = dossier(made, name=f"thing-{made % 5}", day=f"2026-11-{20 + made % 2}")
                warehouse.add(one)
                warehouse.judged(analysis(one), one.created)
                made += 1
                time.sleep(0.002)
            packer.send_signal(signal.SIGKILL)
    wanted = sorted(dossier(n, day=f"2026-11-{20 + n % 2}").run_id for n in range(made))
    found = [
        one.run_id
        for part in warehouse.parts()
        for one in warehouse.stored(part)
        if not isinstance(one, Unreadable)
    ]
    assert set(found) == set(wanted)  # before anybody clears up
    assert warehouse.pack().left == ()
    Compactor(tmp_path / "warehouse").compact(1)
    with Desk(tmp_path / "warehouse") as desk:
        assert [row[0] for row in desk.ask("SELECT run_id FROM dossiers ORDER BY ALL").rows] == wanted
        assert [row[0] for row in desk.ask("SELECT run_id FROM judgements ORDER BY ALL").rows] == wanted
        assert list(desk.ask("SELECT count(*) FROM behaviours").rows) == [(6 * made,)]
    assert [one for one in wrong(tmp_path / "warehouse") if one.lost] == []
