"""What a driver says of a flood of output."""

from pathlib import Path

import pytest
from made_traces import SUBJECT, install
from msgspec.structs import replace

from biopsy.sandbox.observe import observe

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
