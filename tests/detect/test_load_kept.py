"""Rules, classes and techniques that are kept judge like those that are shipped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from biopsy import detect
from biopsy.detect.attack import known
from biopsy.detect.classify import _ready
from biopsy.detect.load import _shipped
from biopsy.model import kept

MADE = (_shipped, _ready, known)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    _forget()
    kept.keep_in(tmp_path)
    yield tmp_path
    kept.keep_in(None)
    _forget()


def _forget() -> None:
    for each in MADE:
        each.cache_clear()


def test_rules_come_out_as_they_went_in_but_for_their_examples(folder: Path) -> None:
    fresh = tuple(replace(rule, examples=()) for rule in detect.load())
    for _ in range(2):
        assert detect.ready() == fresh
        _forget()
    assert len(list(folder.glob("rules-*"))) == 1
    assert detect.digest(fresh) == detect.digest(detect.load())


def test_classes_and_techniques_come_out_as_they_went_in(folder: Path) -> None:
    made = [each() for each in MADE]
    _forget()
    assert [each() for each in MADE] == made
    assert [path.name.partition("-")[0] for path in sorted(folder.iterdir())] == [
        "attack",
        "classes",
        "rules",
    ]
