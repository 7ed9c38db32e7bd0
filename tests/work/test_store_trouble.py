"""A store of exact bytes that fails is ours to mend: no job ends, or counts as faulty, because of it."""

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from biopsy import ecosystems
from biopsy.model.job import Job
from biopsy.model.release import Release
from biopsy.pipeline.work import analysing
from biopsy.pipeline.work.coming import End, Setting, Unable
from biopsy.warehouse.artifacts import Artifacts

DATA = b"exact bytes"
SHA256 = hashlib.sha256(DATA).hexdigest()
JOB = Job(Release("npm", "thing", "1.0.0"), f"sha256:{SHA256}", "thing-1.0.0.tgz")


def kept(tmp_path: Path) -> Any:
    work: Any = SimpleNamespace(store=tmp_path / "fetched")
    return analysing._kept(JOB, ecosystems.by_type("npm"), work, Setting(str(tmp_path)))


def stored(tmp_path: Path) -> Path:
    path = tmp_path / "thing-1.0.0.tgz"
    path.write_bytes(DATA)
    Artifacts(tmp_path / "store").put(path, SHA256)
    (found,) = (tmp_path / "store").rglob("*.wrapped")
    return found


def test_what_is_gone_and_was_never_stored_is_gone(tmp_path: Path) -> None:
    assert kept(tmp_path) is None


def test_what_is_gone_is_taken_from_the_store(tmp_path: Path) -> None:
    stored(tmp_path)
    assert kept(tmp_path).artifact.path.read_bytes() == DATA


def test_what_is_damaged_in_the_store_waits_for_a_person_instead_of_being_gone(tmp_path: Path) -> None:
    stored(tmp_path).write_bytes(b"other bytes")
    with pytest.raises(Unable) as said:
        kept(tmp_path)
    assert (said.value.came.end, said.value.came.reason) == (End.PARK, "store-damaged")


def test_a_store_that_cannot_be_had_is_asked_again(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("no folder")
    with pytest.raises(Unable) as said:
        kept(tmp_path)
    assert (said.value.came.end, said.value.came.reason) == (End.AGAIN, "store-failed")


def test_a_store_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("no folder")
    with pytest.raises(Unable) as said:
        analysing._store(tmp_path / "fetched", Setting(str(tmp_path)))
    assert (said.value.came.end, said.value.came.reason) == (End.AGAIN, "store-failed")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x cannot be written (database or disk is full): the disk is full, or fails.", "disk-full"),
        ("x cannot be written (disk I/O error): the disk is full, or fails.", "reports-failed"),
        ("cannot store x: Disk quota exceeded", "disk-full"),
        ("cannot store x: No space left on device", "disk-full"),
    ],
)
def test_a_full_disk_is_told_from_one_that_fails(text: str, code: str) -> None:
    assert analysing._told("reports-failed", text) == (code, text)
