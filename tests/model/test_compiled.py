"""Regular expressions that are kept compiled are the same as those that `re` compiles."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from biopsy.model import compiled, kept

CASES = (
    (r"(?P<word>\w+)\s(?P=word)", 0, "say say it"),
    (r"(a|b)*?c(?!d)", re.IGNORECASE, "xABc"),
    (r"^[^\W\d_]{2,5}$", re.MULTILINE, "1\nöde\n"),
    (rb"#!\s*(\S+)", 0, b"#!/bin/sh -e"),
    (r"a.b", re.DOTALL, "a\nb"),
    ("[\u4e00-\u9fff]+", 0, "ein \u4e2d\u6587"),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to keep things in, and a process that compiled nothing yet."""
    folder = tmp_path / "cache"
    _forget(monkeypatch)
    kept.keep_in(folder)
    yield folder
    kept.keep_in(None)


def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_held", None)
    monkeypatch.setattr(compiled, "_new", set())


@pytest.mark.parametrize(("pattern", "flags", "text"), CASES)
def test_an_expression_that_was_kept_matches_as_one_that_is_new(
    pattern: str | bytes, flags: int, text: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = re.compile(pattern, flags)  # type: ignore[type-var]
    compiled.compiled(pattern, flags)  # type: ignore[type-var]
    compiled.keep()
    _forget(monkeypatch)
    monkeypatch.setattr(compiled, "_program", None)  # now it can only come from what was kept
    held = compiled.compiled(pattern, flags)  # type: ignore[type-var]
    assert held is not fresh
    assert held == fresh  # the same numbers
    assert (held.flags, held.groups, held.groupindex) == (fresh.flags, fresh.groups, fresh.groupindex)
    one, other = held.search(text), fresh.search(text)  # type: ignore[arg-type]
    assert one is not None
    assert other is not None
    assert (one.span(), one.groups(), one.groupdict(), one.lastgroup) == (
        other.span(), other.groups(), other.groupdict(), other.lastgroup,
    )  # fmt: skip


def test_what_others_kept_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.compiled("one")
    compiled.keep()
    _forget(monkeypatch)
    compiled.compiled("two")
    compiled.keep()
    _forget(monkeypatch)
    monkeypatch.setattr(compiled, "_program", None)
    assert compiled.compiled("one").fullmatch("one")
    assert ("two", 0) in (compiled._held or {})


@pytest.mark.parametrize("damage", [b"", b"not a pickle", b"\x80\x04}."])
def test_what_is_damaged_is_compiled_anew(damage: bytes, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.compiled("a+")
    compiled.keep()
    (path,) = home.iterdir()
    path.write_bytes(damage)
    _forget(monkeypatch)
    assert compiled.compiled("a+").fullmatch("aaa")


def test_numbers_that_are_no_program_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.compiled("a+")
    held = compiled._held
    assert held is not None
    held["a+", 0] = (32, b"\xff\xff\xff\xff" * 4, 0, {}, ())
    assert compiled.compiled("a+").fullmatch("aaa")


def test_a_mistake_is_the_mistake_that_re_tells() -> None:
    with pytest.raises(re.error):
        compiled.compiled("(")


def test_nothing_is_kept_where_nobody_named_a_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _forget(monkeypatch)
    kept.keep_in(None)
    assert compiled.compiled("a+").fullmatch("aaa")
    compiled.keep()
    assert not home.exists()
