import ast
import json
import re
from random import Random

import pytest
from evals.build import build
from evals.scenario import Scenario, heldout, scenarios
from evals.syntax import JS_SUFFIXES, parse
from evals.vary import styled, variants, vary

from evals import rename_locals
from thorough import often

SEEDS = (1, 2)
ALL = [*scenarios(), *heldout()]

UNVARIED = {"GA52", "GA53", "KAC01", "KAC03", "KAM02", "KAM04", "KJM02", "KNM01", "NU51"}
"""In YAML, shell, PowerShell and class files without any name, owner, host or local that may differ."""

ALIKE = {"FPM05", "ZP11"}
"""Whose text is data or the blanks of a docstring: with some seeds nothing but the name varies."""


def identity(one: Scenario) -> str:
    return one.id


@pytest.mark.parametrize("one", ALL[:: often(3, 1)], ids=identity)
def test_a_variant_is_another_text_of_the_same_language(one: Scenario) -> None:
    for seed in SEEDS:
        variant = vary(one, seed)
        assert variant.name.rpartition("/")[2].startswith("sim-")
        assert variant.expect == one.expect
        files = styled(variant.contents(payload=True), variant.style)
        assert one.id in ALIKE or (files != one.contents(payload=True)) is (one.id not in UNVARIED)
        for path, data in files.items():
            assert b"\xc2\xab" not in data
            if path.endswith(".py"):
                ast.parse(data)
            elif path.endswith(".json"):
                json.loads(data)
            elif path.endswith(JS_SUFFIXES) and not data.startswith(b"#!"):
                assert not parse(data).has_error, path
            elif path.endswith(rename_locals.SUFFIXES):
                assert not rename_locals.tree(path, data).has_error, path


def test_what_has_no_variant_is_left_out_of_a_seed() -> None:
    some = [one for one in ALL if one.ecosystem in ("github", "maven", "nuget")]
    for seed in SEEDS:
        assert {one.id for one in some} - {one.id for one in variants(some, seed)} == UNVARIED
    assert list(variants(ALL, 0)) == ALL


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


@pytest.mark.parametrize(
    ("path", "source", "stays"),
    [
        ("a.go", 'package a\nimport "net/url"\nvar top = 1\nfunc F(place string) { url, top := 1, 2; x := place }\n', ("url", "top")),
        ("A.java", "class A { int key; void f(String key, int to) { int own = to; this.key = own; } }\n", ("key",)),
        ("a.cs", "class A { void F(string to) { var own = to; G(own: own); var made = new A { B = own }; } }\n", ("own", "to", "B")),
        ("a.rb", "name = 1\nself.name\nputs :kept\nkept = 2\n[1].each { |one| puts one }\n", ("name", "kept")),
    ],
)  # fmt: skip
def test_only_a_local_that_is_nothing_else_gets_another_name(
    path: str, source: str, stays: tuple[str, ...]
) -> None:
    made = rename_locals.renamed(path, source.encode(), b"", Random(1)).decode()
    assert made != source
    for name in stays:
        assert len(re.findall(rf"\b{name}\b", made)) == len(re.findall(rf"\b{name}\b", source))
    assert rename_locals.renamed(path, source.encode(), source.encode(), Random(1)) == source.encode()
