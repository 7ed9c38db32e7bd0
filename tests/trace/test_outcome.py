"""What a driver says of a flood of output, and of accounts on a page."""

from pathlib import Path

import pytest
from made_traces import SUBJECT, install
from msgspec.structs import replace

from biopsy.sandbox.observe import observe
from biopsy.sandbox.observe_outcome import MAX_PLACES

LINE = b'{"flood": "require thing\\u001b[2J", "of": 900000}\n'


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (LINE * 3, ["evasion.tracer flood output"]),
        (b'{"flood": "", "of": 9}\n{"flood": 9}\n{"flood"', []),
        (b'{"step": "thing", "status": "completed"}\n', []),
    ],
)
def test_it_is_told_once_for_a_phase(tmp_path: Path, output: bytes, told: list[str]) -> None:
    raw = install().told(tmp_path)
    raw = replace(raw, ran=(replace(raw.ran[0], output=output + raw.ran[0].output),))
    run = observe(raw, SUBJECT, None)
    found = [one for one in run.behaviours if one.kind == "evasion.tracer"]
    assert [f"{one.kind} {one.value}" for one in found] == told
    assert all(one.detail.startswith("require thing: 900000 ") for one in found)
    assert not run.outcomes[0].output


SWAP = b'{"swap": "wallet\\u001b[2J", "was": "0x%s", "now": "0x%s"}\n' % (b"a1" * 20, b"5d" * 20)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (SWAP * 3, [f"canary.swap wallet > 0x{'5d' * 20}"]),
        (b'{"swap": ""}\n{"swap": 9}\n{"swap"', []),
    ],
)
def test_an_account_that_became_another_is_told_once_for_a_place(
    tmp_path: Path, output: bytes, told: list[str]
) -> None:
    raw = install().told(tmp_path)
    raw = replace(raw, ran=(replace(raw.ran[0], output=output + raw.ran[0].output),))
    run = observe(raw, SUBJECT, None)
    found = [one for one in run.behaviours if one.kind == "canary.swap"]
    assert [f"{one.kind} {one.value}" for one in found] == told
    assert all(one.detail == f"0x{'a1' * 20} stood there" for one in found)


def test_a_driver_that_tells_of_many_places_is_cut_short(tmp_path: Path) -> None:
    raw = install().told(tmp_path)
    many = b"".join(b'{"swap": "place %d", "was": "a", "now": "b"}\n' % number for number in range(500))
    raw = replace(raw, ran=(replace(raw.ran[0], output=many + raw.ran[0].output),))
    found = [one for one in observe(raw, SUBJECT, None).behaviours if one.kind == "canary.swap"]
    assert len(found) == MAX_PLACES
