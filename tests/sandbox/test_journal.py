"""Journals of evaluated code, as a package may have left them: read under limits, never believed, never raised over."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biopsy.sandbox.inside import journal
from biopsy.sandbox.inside.prepare import JOURNAL

NAME = "0" * 24


def netstring(data: bytes) -> bytes:
    return b"%d:%s," % (len(data), data)


def record(*fields: str | bytes) -> bytes:
    parts = (one if isinstance(one, bytes) else one.encode() for one in fields)
    return netstring(b"".join(netstring(one) for one in parts)) + b"\n"


def text(code: str | bytes, evaluator: str = "exec", size: int = 0, language: str = "python") -> bytes:
    length = str(size or len(code))
    return record(
        "text", "1", "7", "7.1", "", evaluator, "<string>", "/a.py", "3", "", length, code, language
    )


def test_what_was_written_is_what_is_read() -> None:
    page = journal.read(text("print(1)") + record("odd", "1", "7", "hook __code__"))
    entry, odd = page.records
    assert isinstance(entry, journal.Entry)
    assert (entry.text, entry.caller, entry.line, entry.whole) == (b"print(1)", "/a.py", 3, True)
    assert odd == journal.Oddity("hook __code__")


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    journal.read(data)
    journal.read(text("a") + data)


@settings(max_examples=60)
@given(st.integers(0, 120), st.binary(max_size=4))
def test_a_record_that_is_damaged_takes_nothing_else_with_it(at: int, junk: bytes) -> None:
    whole = text("print(1)") * 2
    journal.read(whole[:at] + junk + whole[at:])
    assert journal.read(text("print(2)") + whole[:at]).records[0] == journal.read(text("print(2)")).records[0]


def test_a_wait_that_was_slept_through_is_read() -> None:
    page = journal.read(
        record("slept", "1", "7", "5", "600", "590", "601")
        + record("slept", "1", "7", "x", "-1", "", "9" * 40)
    )
    assert page.records == (journal.Slept(5, 600, 590, 601), journal.Slept(0, 0, 0, 0))


def test_a_journal_that_is_cut_off_is_not_whole() -> None:
    assert not journal.read(text("print(1)")[:-3]).whole


@pytest.mark.parametrize("length", [b"99999999999999999999:", b"-1:", b"1e9:", b":", b"\xd9\xa3:abc,"])
def test_a_length_that_is_none_ends_the_reading(length: bytes) -> None:
    assert journal.read(length + b"x" * 100) == journal.Page((), whole=False)


def test_there_is_a_limit_to_records_and_to_each_text() -> None:
    page = journal.read(text("x" * (journal.MAX_TEXT + 10)) + text("a") * 50, limit=3)
    entry = page.records[0]
    assert isinstance(entry, journal.Entry)
    assert (len(page.records), len(entry.text), entry.whole) == (3, journal.MAX_TEXT, False)


def test_text_that_is_no_unicode_is_kept_as_it_is() -> None:
    (entry,) = journal.read(text(b"\xff\xfe\x00")).records
    assert isinstance(entry, journal.Entry)
    assert entry.text == b"\xff\xfe\x00"


def test_what_v8_puts_around_a_body_is_taken_off() -> None:
    made = text("(function anonymous(a,b\n) {\nreturn a + b\n})", "Function", language="javascript")
    (entry,) = journal.read(made).records
    assert isinstance(entry, journal.Entry)
    assert (entry.text, entry.language) == (b"return a + b", "javascript")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / JOURNAL[1:]
    made.mkdir(parents=True)
    return made


def collected(tmp_path: Path) -> journal.Heard:
    journal.collect(tmp_path, tmp_path / "heard")
    return journal.load(tmp_path / "heard")


def test_only_journals_are_brought_out(tmp_path: Path, folder: Path) -> None:
    (folder / NAME).write_bytes(text("a"))
    (folder / "core.1234").write_text("not one")
    (folder / ("1" * 24)).symlink_to("/etc/passwd")
    (folder / ("2" * 24)).mkdir()
    os.mkfifo(folder / ("3" * 24))
    heard = collected(tmp_path)
    assert [one.path for one in heard.journals] == [f"{JOURNAL}/{NAME}"]
    assert len(heard.strange) == 4


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    assert collected(tmp_path).strange == (JOURNAL,)


def test_a_huge_journal_is_cut_without_being_read(tmp_path: Path, folder: Path) -> None:
    with (folder / NAME).open("wb") as file:
        file.write(text("a"))
        file.truncate(1024**3)
    heard = collected(tmp_path)
    assert (len(heard.journals[0].data), heard.journals[0].size, heard.dropped) == (
        journal.MAX_FILE,
        1024**3,
        1,
    )


def test_too_many_journals_are_counted(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_FILES", 3)
    for number in range(5):
        (folder / f"{number:024x}").write_bytes(text("a"))
    heard = collected(tmp_path)
    assert (len(heard.journals), heard.dropped) == (3, 2)
