"""Files that went with their folder are told one by one, to a limit."""

from pathlib import Path

from biopsy.sandbox import layer_gone
from biopsy.sandbox.layer_gone import MAX_OF_FOLDER, MAX_OF_RUN, Gone


def made(folder: Path, *paths: str) -> Path:
    folder.mkdir(exist_ok=True)
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)
    return folder


def test_the_files_of_a_folder_that_is_gone_are_told_and_those_of_upper_folders_first(tmp_path: Path) -> None:
    lower = made(tmp_path / "lower", "home/ada/work/deep/er/c", "home/ada/work/a", "home/ada/kept")
    (lower / "home/ada/work/link").symlink_to("/")
    gone = Gone(made(tmp_path / "upper"), lower, ())
    told = [*gone.below(b"home/ada/work")]
    assert sorted(told[:2]) == [b"home/ada/work/a", b"home/ada/work/link"]
    assert told[2:] == [b"home/ada/work/deep/er/c"]


def test_what_is_there_again_or_told_otherwise_is_not_told(tmp_path: Path) -> None:
    lower, upper = made(tmp_path / "lower", "d/a", "d/b", "d/c"), made(tmp_path / "upper", "d/a")
    assert [*Gone(upper, lower, {b"d/b"}).below(b"d")] == [b"d/c"]


def test_a_folder_and_a_run_have_a_limit(tmp_path: Path, monkeypatch) -> None:
    lower = made(tmp_path / "lower", *(f"{top}/{n}" for top in "abc" for n in range(MAX_OF_FOLDER + 9)))
    assert MAX_OF_RUN > MAX_OF_FOLDER
    monkeypatch.setattr(layer_gone, "MAX_OF_RUN", MAX_OF_FOLDER + 5)
    gone = Gone(made(tmp_path / "upper"), lower, ())
    assert [len([*gone.below(top)]) for top in (b"a", b"b", b"c")] == [MAX_OF_FOLDER, 5, 0]


def test_a_folder_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    gone = Gone(made(tmp_path / "upper"), made(tmp_path / "lower", "file"), ())
    assert [*gone.below(b"file"), *gone.below(b"none"), *gone.below(b"x" * 5000)] == []
