"""What is kept is what would be made, and is made anew where it is damaged or of other files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from biopsy.model.kept import keep_in, kept


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    keep_in(tmp_path / "cache")
    path = tmp_path / "of.txt"
    path.write_text("one")
    yield path
    keep_in(None)


def made(of: Path, what: str) -> str:
    return kept("thing", [str(of)], lambda: what)


def test_what_was_made_is_not_made_again(file: Path) -> None:
    assert [made(file, "first"), made(file, "second")] == ["first", "first"]


def test_what_is_of_changed_files_is_made_anew_and_the_old_goes(file: Path) -> None:
    made(file, "first")
    file.write_text("two")
    assert made(file, "second") == "second"
    assert len(list((file.parent / "cache").iterdir())) == 1


@pytest.mark.parametrize("damaged", [b"", b"no pickle", b"\x80\x04"])
def test_what_cannot_be_read_is_made_anew(file: Path, damaged: bytes) -> None:
    made(file, "first")
    (path,) = (file.parent / "cache").iterdir()
    path.write_bytes(damaged)
    assert [made(file, "second"), made(file, "third")] == ["second", "second"]


def test_nothing_is_kept_where_nobody_said_where(file: Path) -> None:
    keep_in(None)
    assert [made(file, "first"), made(file, "second")] == ["first", "second"]


def test_a_folder_that_cannot_be_written_stops_nothing(file: Path) -> None:
    keep_in(file)
    assert made(file, "first") == "first"


def test_what_is_of_a_file_that_is_gone_is_made_and_not_kept(file: Path) -> None:
    file.unlink()
    assert [made(file, "first"), made(file, "second")] == ["first", "second"]
