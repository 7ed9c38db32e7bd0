import ast
import json

import pytest
from evals.build import build
from evals.scenario import Scenario, heldout, scenarios
from evals.syntax import JS_SUFFIXES, parse
from evals.vary import styled, vary

SEEDS = (1, 2)
ALL = [*scenarios(), *heldout()]


def identity(one: Scenario) -> str:
    return one.id


@pytest.mark.parametrize("one", ALL, ids=identity)
def test_a_variant_is_another_text_of_the_same_language(one: Scenario) -> None:
    for seed in SEEDS:
        variant = vary(one, seed)
        assert variant.name.rpartition("/")[2].startswith("sim-")
        assert variant.expect == one.expect
        files = styled(variant.contents(payload=True), variant.style)
        assert files != one.contents(payload=True)
        for path, data in files.items():
            assert b"\xc2\xab" not in data
            if path.endswith(".py"):
                ast.parse(data)
            elif path.endswith(".json"):
                json.loads(data)
            elif path.endswith(JS_SUFFIXES) and not data.startswith(b"#!"):
                assert not parse(data).has_error, path


def test_seed_nought_is_the_text_as_it_stands() -> None:
    assert all(vary(one, 0) is one for one in ALL)


def test_the_same_seed_makes_the_same_bytes_and_another_one_others(tmp_path) -> None:
    made = []
    for number, seed in enumerate((3, 3, 4)):
        folder = tmp_path / str(number)
        made.append([build(vary(one, seed), folder).read_bytes() for one in ALL[::5]])
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_a_twin_of_a_variant_still_lacks_the_payload() -> None:
    for one in ALL:
        if one.malicious:
            variant = vary(one, 1)
            full, clean = (styled(variant.contents(payload=p), variant.style) for p in (True, False))
            differs = full != clean or variant.payload_requires or variant.payload_entry_points
            assert differs or variant.archive != type(variant.archive)()
