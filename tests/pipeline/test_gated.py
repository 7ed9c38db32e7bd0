"""What code wants to be answered before it acts is read off it, and told by hosts that nobody knows."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy.pipeline import gated
from biopsy.sandbox.internet import parcel

HEAD = "const o = JSON.parse(b); fetch(x); "


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("if (o.run === 1) go()", (("run",), 1)),
        ("if (o?.flags?.enabled === true) go()", (("flags", "enabled"), True)),
        ("if (o['mode'] == 'full') go()", (("mode",), "full")),
        ("if (o.rollout.percent > 50) go()", (("rollout", "percent"), 51)),
        ("if (o.percent <= 5) go()", (("percent",), 5)),
        ("if (cfg.active) go()", (("active",), True)),
        ("if j.get('rollout', {}).get('enabled') is True: go()", (("rollout", "enabled"), True)),
        ("if j['op'] == 'collect' and x: go()", (("op",), "collect")),
        ("if reply.get('armed'): go()", (("armed",), True)),
    ],
)
def test_a_field_that_is_compared_is_wanted_as_it_is_compared(code: str, field: gated.Field) -> None:
    assert field in gated.wanted([("index.js", f"{HEAD}{code}")])


@pytest.mark.parametrize(
    "code",
    [
        "if (res.statusCode === 200) go()", "if (process.env.MODE === 'x') go()", "if (err.code === 'ENOENT') go()",
        "if (o.items.includes('x')) go()", "if (o.length > 3) go()", "o.run = 1", "// o.run",
    ],
)  # fmt: skip
def test_what_is_asked_of_the_machine_or_of_an_answer_as_a_whole_is_no_field(code: str) -> None:
    assert gated.wanted([("index.js", f"{HEAD}{code}")]) == ()


def test_code_that_asks_nobody_or_does_no_harm_wants_nothing() -> None:
    assert (
        gated.wanted([("a.js", "if (o.run === 1) fetch(x)"), ("b.js", "JSON.parse(x); if (o.run === 1) f()")])
        == ()
    )


def test_fields_are_told_each_in_its_object_beside_all_others() -> None:
    make = parcel.makers(
        (), ((("rollout", "enabled"), True), (("rollout", "percent"), 51), (("code",), 200))
    )["data"]
    said = json.loads(make("0123456789abcdef", "x.json"))
    assert said["rollout"] == {"enabled": True, "percent": 51}
    assert said["code"] == 200
    assert said["ok"] is True
    assert json.loads(parcel.MAKERS["data"]("0123456789abcdef", "x.json")).keys() >= {"ok", "code"}


@given(st.text(max_size=300), st.integers(0, 2**32))
def test_no_text_keeps_it_from_ending_or_makes_an_answer_that_is_no_json(text: str, seed: int) -> None:
    words = [
        "JSON.parse(",
        "fetch(",
        "if (",
        "o.",
        ".get('",
        "')",
        " === ",
        "'",
        "[",
        "]",
        "?.",
        "1",
        "true",
        text,
    ]
    code = "".join(Random(seed).choices(words, k=60))
    fields = gated.wanted([("a.js", f"{HEAD}{code}")])
    assert len(fields) <= gated.MAX_FIELDS
    json.loads(parcel.makers((), fields)["data"]("0123456789abcdef", "x.json"))
